"""The whole run: from a table or a study to tables, sentences and files."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import robustrad as rr
from robustrad.audit.drift import drift
from robustrad.core.errors import DataError
from tests.drift.tables import FEATURES, features, subjects, write_study

FAST = {"repeats": 1, "folds": 3, "bootstraps": 200, "jobs": 1}
FILES = {
    "breakdown.csv", "deployment.csv", "drift.csv", "drift.json", "dropped.csv", "patients.csv",
    "safeguards.csv", "scores.parquet", "selected.csv", "selection_stability.csv",
}  # fmt: skip


@pytest.fixture(scope="module")
def cases():
    return subjects()


@pytest.fixture(scope="module")
def table(cases):
    return features(cases).merge(cases, on="case_id")


@pytest.fixture(scope="module")
def result(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "drift"
    return drift(
        table, outcome="relapse", batch="site", clinical=["age", "sex"], roles={"blur": "acquisition"},
        permutations=19, output=folder, **FAST,
    ), folder  # fmt: skip


def test_the_public_name_is_the_run():
    assert rr.drift is drift


def test_files_are_those_of_the_contract(result):
    _, folder = result
    assert {path.name for path in folder.iterdir() if path.is_file()} == FILES
    told = json.loads((folder / "drift.json").read_text())
    assert (told["n"], told["k"], told["p"], told["n_positive"]) == (40, 3, 4, 20)
    assert told["settings"]["permutations"] == 19
    assert told["prevalence_by_batch"] == {"north": 0.5, "south": 0.5}
    assert {sentence["id"].split(":")[0] for sentence in told["sentences"]} >= {"performance", "verdicts"}
    levels = pd.read_csv(folder / "drift.csv")
    assert levels["arm"].value_counts().to_dict() == {"reference": 3, "same_condition": 3}


def test_the_same_run_writes_the_same_bytes_resumed_or_fresh(result, table, tmp_path):
    _, folder = result
    before = {name: (folder / name).read_bytes() for name in FILES}
    for place in (folder, tmp_path / "fresh"):
        drift(
            table, outcome="relapse", batch="site", clinical=["age", "sex"], roles={"blur": "acquisition"},
            permutations=19, output=place, **FAST,
        )  # fmt: skip
        assert {name: (place / name).read_bytes() for name in FILES} == before


def test_the_safeguards_stand_beside(result):
    found, _ = result
    checks = set(found.tables.safeguards["check"])
    assert {"permutation", "volume_only", "beats_volume", "batch_only", "clinical_only"} <= checks
    assert found.tables.selected["feature"].isin(FEATURES).all()


def test_a_perturbation_of_zero_is_no_drift_at_all(table):
    reference = table[table["level"] == "reference"]
    zero = [
        reference.assign(condition=f"zero={i}", factor="zero", level=str(i), severity=1.0) for i in (1, 2)
    ]
    found = drift(pd.concat([reference, *zero]), outcome="relapse", permutations=0, **FAST)
    rows = found.tables.drift[found.tables.drift["factor"] == "zero"]
    exact = ["delta", "delta_low", "delta_high", "delta_low_band", "delta_high_band", "flips", "mean_abs_dp"]
    assert (rows[exact].to_numpy() == 0.0).all()
    np.testing.assert_allclose(rows["score_icc_a_1"], 1.0, atol=1e-12)
    assert (rows["verdict"] == "unchanged").all()


def test_a_table_with_a_batch_and_one_row_per_case_has_a_reference_alone(cases):
    rng = np.random.default_rng(0)
    table = cases.assign(a=rng.normal(size=40) + cases["relapse"], b=rng.normal(size=40))
    found = drift(table, outcome="relapse", batch="site", clinical="age", permutations=9, **FAST)
    assert found.data.clinical.columns.tolist() == ["age"]
    assert found.tables.drift["factor"].tolist() == ["reference"]
    assert {"batch_only", "auc_within_batch"} <= set(found.tables.safeguards["check"])


def test_finished_scores_are_evaluated_and_nothing_is_fitted(table, cases):
    p = np.clip(0.5 + 0.15 * (table["original_glcm_Contrast"] - 0.9), 0.01, 0.99)
    scored = table[["case_id", "condition", "factor", "level", "severity", "relapse"]].assign(p=p)
    found = drift(scored, outcome="relapse", score="p", **FAST)
    (arm,) = found.arms
    assert arm.frozen
    assert found.tables.drift["arm"].unique().tolist() == ["frozen"]
    assert found.tables.drift["interval_note"].iloc[0] != "conditional on these fits"
    with pytest.raises(DataError, match="probabilities of the positive class"):
        drift(scored.assign(p=10 * p), outcome="relapse", score="p", **FAST)


def test_a_fitted_model_is_never_fitted_again(table, cases, tmp_path, monkeypatch):
    columns = list(FEATURES[1:3])
    reference = table[table["level"] == "reference"]
    fitted = LogisticRegression().fit(reference[columns], reference["relapse"])
    module = type(sys)("frozen_models_of_a_test")
    module.fitted = fitted
    monkeypatch.setitem(sys.modules, module.__name__, module)
    before = fitted.coef_.copy()
    found = drift(table, outcome="relapse", model=f"{module.__name__}:fitted", **FAST)
    (arm,) = found.arms
    assert arm.frozen
    np.testing.assert_array_equal(fitted.coef_, before)
    expected = fitted.predict_proba(reference.sort_values("case_id")[columns])[:, 1]
    np.testing.assert_allclose(arm.scores[0, :, 0], expected, atol=1e-12)
    assert arm.selected[0, 0].sum() == 2


def test_ten_patients_and_a_thousand_features_run_and_say_what_they_are():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(10, 1000)), columns=[f"f{j}" for j in range(1000)])
    table = table.assign(case_id=[f"c{i}" for i in range(10)], y=np.arange(10) % 2)
    found = drift(table, outcome="y", permutations=9, repeats=1, folds=5, bootstraps=200, jobs=1)
    size = found.tables.safeguards.set_index("check").loc["sample_size"]
    assert size["status"] == "WARN"
    assert "200 features per event" in size["text"]
    assert np.isfinite(found.tables.drift["auc"]).all()


def test_a_site_that_is_the_outcome_warns_and_no_arm_claims_a_signal():
    rng = np.random.default_rng(3)
    n = 80
    site = np.repeat(["north", "south"], n // 2)
    y = (rng.random(n) < np.where(site == "south", 0.85, 0.15)).astype(int)
    values = rng.normal(size=(n, 8)) + 3.0 * (site == "south")[:, None]
    table = pd.DataFrame(values, columns=[f"f{j}" for j in range(8)])
    table = table.assign(case_id=[f"c{i}" for i in range(n)], y=y, site=site)
    found = drift(table, outcome="y", batch="site", permutations=19, **FAST)
    rows = found.tables.safeguards.set_index("check")
    assert rows.loc["outcome_prevalence", "status"] == "WARN"
    assert rows.loc["permutation", "status"] == "FAIL"
    assert rows.loc["beats_batch", "status"] != "PASS"
    assert found.tables.drift["auc"].iloc[0] > 0.7


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"combat": True}, "no batch"),
        ({"margin": 0.0}, "between 0 and 0.5"),
        ({"model": ["logistic", "logistic"]}, "different models"),
        ({"model": "forest"}, "unknown 'forest'"),
        ({"folds": 30}, "30 folds for 20 patients"),
    ],
)
def test_wrong_use_is_a_named_error(table, given, said):
    with pytest.raises(DataError, match=said):
        drift(table, outcome="relapse", **{**FAST, "permutations": 0, **given})


def test_the_command_reads_a_study_and_tells_what_it_found(tmp_path, cases, capsys, monkeypatch):
    from typer.testing import CliRunner

    from robustrad.cli import app

    study = write_study(tmp_path / "study", cases, features(cases))
    words = [
        "drift",
        str(study),
        "--outcome",
        "relapse",
        "--clinical",
        "age,sex",
        "--repeats",
        "1",
        "--folds",
        "3",
    ]
    words += ["--bootstraps", "200", "--permutations", "5", "-j", "1", "--matrix"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "relapse = 1: 20 of 40 subjects (40 patients), 3 conditions, 4 features." in done.stdout
    assert (study / "drift" / "matrix.csv").is_file()
    told = CliRunner().invoke(app, [*words, "--json"])
    machine = json.loads(told.stdout)
    assert machine["n"] == 40
    assert {row["level"] for row in machine["drift"]} == {"reference", "2mm", "4mm"}
