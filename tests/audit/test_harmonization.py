"""What every run with ComBat shows: preconditions, what it left out, and its effect out of fold."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from robustrad.audit.drift import drift
from robustrad.core.errors import DataError
from robustrad.drift.data import drift_data
from robustrad.drift.folds import outer_folds
from robustrad.drift.models.spec import model_spec, of_any_size

FAST = {"outcome": "y", "batch": "site", "repeats": 1, "folds": 3, "bootstraps": 100, "permutations": 0}
CONSTANT = "original_firstorder_F5"


def two_sites(n: int = 120, small: int = 60) -> pd.DataFrame:
    """Sites that differ by a shift; F5 varies in A alone."""
    rng = np.random.default_rng(3)
    y, site = np.arange(n) % 2, np.where(np.arange(n) < n - small, "A", "B")
    X = rng.normal(size=(n, 6))
    X[:, 0] += y
    X[site == "B"] += 2.0
    X[site == "B", 5] = 3.0
    table = pd.DataFrame(X, columns=[f"original_firstorder_F{j}" for j in range(6)])
    return table.assign(case_id=[f"c{i:03d}" for i in range(n)], y=y, site=site)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("combat")
    table = two_sites()
    return {
        jobs: drift(table, combat=True, jobs=jobs, output=folder / f"j{jobs}", **FAST) for jobs in (1, 2)
    }, folder


def test_warnings_name_the_feature_once_whatever_the_workers(runs):
    # Warnings are errors in these tests: a run with one worker that warns on stderr would not come here.
    results, folder = runs
    told = [json.loads((folder / f"j{jobs}" / "drift.json").read_text()) for jobs in (1, 2)]
    assert told[0]["warnings"] == told[1]["warnings"] == results[1].facts["warnings"]
    named = [warning for warning in told[0]["warnings"] if CONSTANT in warning]
    why = "constant within a batch in 3 of 3 fits, not in the model"
    assert named == [f"ComBat could not harmonize 1 feature: {CONSTANT} ({why})."]
    for name in ("harmonization.csv", "scores.parquet", "drift.csv"):
        assert (folder / "j1" / name).read_bytes() == (folder / "j2" / name).read_bytes()


def test_a_feature_that_is_the_site_stays_out_of_the_model_unless_asked(runs):
    results, _ = runs
    assert CONSTANT not in set(results[1].tables.selected["feature"])
    assert not results[1].arms[0].selected[..., 5].any()
    kept = drift(two_sites(), combat=True, keep_isolated=True, n_features=6, jobs=1, **FAST)
    assert kept.arms[0].selected[..., 5].all()
    assert "in the model as it is" in kept.facts["warnings"][-1]


def test_preconditions_and_effect_out_of_fold_are_shown(runs):
    results, folder = runs
    table = results[1].harmonization
    pd.testing.assert_frame_equal(
        table, pd.read_csv(folder / "j1" / "harmonization.csv", keep_default_na=False,
                           na_values={"value": "", "expected": ""}), check_dtype=False,
    )  # fmt: skip
    rows = table.set_index(["check", "arm"])
    assert {"n_per_batch", "design", "shape", "ties", "physical_range"} <= set(table["check"])
    assert rows.loc[("isolated_features", ""), "status"] == "WARN"
    assert rows.loc[("batch_classifier:linear", "raw"), "value"] > 0.9
    assert rows.loc[("batch_classifier:linear", "harmonized"), "value"] < 0.7
    assert rows.loc[("batch_effect:kruskal_wallis", "raw"), "value"] == 1.0
    assert rows.loc[("batch_effect:kruskal_wallis", "harmonized"), "status"] == "PASS"
    assert {"outcome:auc_within_batch", "rank:against_raw"} <= set(table["check"])


def test_what_fails_and_warns_is_told_in_words_with_its_row():
    table = two_sites()
    table["original_firstorder_F1"] = np.round(table["original_firstorder_F1"])  # ties
    result = drift(table, combat=True, jobs=1, **FAST)
    told = {one.id: one for one in result.sentences}
    ties = told["harmonization:ties"]
    assert ties.text.startswith("ComBat: 1 of 5 features have a value shared")
    row = int(ties.evidence.removeprefix("harmonization.csv#")) - 1
    assert result.harmonization.iloc[row]["check"] == "ties"


def test_a_run_without_combat_has_no_such_file(tmp_path):
    (tmp_path / "harmonization.csv").write_text("old\n")
    assert drift(two_sites(), jobs=1, output=tmp_path, **FAST).harmonization is None
    assert not (tmp_path / "harmonization.csv").exists()


def test_a_small_batch_is_spread_over_the_folds_and_accepted():
    # 20 of 120: outer folds leave 16, inner folds 10; folds dealt without looking at the site left 8 or 9.
    result = drift(two_sites(small=20), combat=True, jobs=1, **{**FAST, "folds": 5})
    assert np.isfinite(result.arms[0].scores).all()


def test_batches_that_are_too_small_are_named_with_their_patients_before_anything_is_fitted(tmp_path):
    table = two_sites(small=14)
    table.loc[0, "site"] = "Z"
    with pytest.raises(DataError) as caught:
        drift(table, combat=True, jobs=1, output=tmp_path, **FAST)
    told = str(caught.value)
    left = fewest_trained_on(table, "B")
    assert f"'B' (14 patients, {left} left in a training fold)" in told
    assert "'Z' (1 patient, 0 left in a training fold)" in told
    assert "--min-batch" not in told  # nothing accepts a batch that a fold lacks
    assert not (tmp_path / "arms").exists()
    with pytest.raises(DataError, match=r"'B' \(18 patients, \d+ left in a training fold") as caught:
        drift(two_sites(small=18), combat=True, jobs=1, **FAST)
    least = int(re.findall(r"--min-batch (\d+) would accept", str(caught.value))[0])
    accepted = drift(two_sites(small=18), combat=True, min_batch=least, jobs=1, **FAST)
    assert f"--min-batch {least}" in " ".join(accepted.facts["options"])
    with pytest.raises(DataError, match="too few subjects"):
        drift(two_sites(small=18), combat=True, min_batch=least + 1, jobs=1, **FAST)


def fewest_trained_on(table: pd.DataFrame, site: str) -> int:
    """Rows of a site in the training fold that has fewest of it."""
    data = drift_data(np.zeros((len(table), 1)), table["y"], batch=table["site"])
    folds = outer_folds(data, n_splits=FAST["folds"], repeats=1, seed=0)[0]
    own = (table["site"] == site).to_numpy()
    return min(int((own & (folds != number)).sum()) for number in range(FAST["folds"]))


def test_the_permutation_test_accepts_the_batches_that_the_run_accepts():
    # Its folds are others: of the same batch they leave a row or two less.
    few = {**FAST, "folds": 5, "permutations": 10}
    result = drift(two_sites(small=20), combat=True, jobs=1, **few)
    assert "permutation" in set(result.tables.safeguards["check"])
    spec = model_spec("logistic", None, "univariate", combat=True, min_batch=20)
    assert of_any_size(spec).combat_settings == (("min_batch_size", 2),)
    assert of_any_size(model_spec("svm", 3, "l1", combat=False)) == model_spec("svm", 3, "l1", combat=False)
