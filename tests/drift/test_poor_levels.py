"""One poor level costs its own numbers and nothing else, and is never passed over in silence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.audit.drift import drift
from robustrad.audit.survival import survival_drift
from robustrad.core.errors import DataError
from robustrad.drift.evaluate.breakdown import breakdown
from robustrad.report.drift import DriftReport

FAST = {"repeats": 1, "folds": 3, "bootstraps": 200, "permutations": 0, "jobs": 1}
NAMES = [f"original_firstorder_F{j}" for j in range(6)]


def cases(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    values = rng.normal(size=(n, len(NAMES)))
    values[:, 0] += 2.5 * y
    table = pd.DataFrame(values, columns=NAMES)
    return table.assign(case_id=[f"c{i:02d}" for i in range(n)], y=y, months=1.0 + np.arange(n) % 17)


def levels(**poor) -> pd.DataFrame:
    """The reference, a level of severity 1 like it, and one of severity 2 for each name, spoilt as told."""
    rng = np.random.default_rng(1)
    rows = [cases().assign(factor="reference", level="reference", severity=0.0, role=None)]
    for severity, (level, spoil) in enumerate({"a": nothing, **poor}.items(), start=1):
        frame = cases()
        frame[NAMES] += rng.normal(scale=0.02, size=(len(frame), len(NAMES)))
        spoil(frame)
        rows.append(frame.assign(factor="noise", level=level, severity=float(severity), role="acquisition"))
    return pd.concat(rows, ignore_index=True)


def nothing(frame):
    """Leave the level as it is."""


def nobody(frame):
    frame[NAMES] = np.nan


def flat(frame):
    frame[NAMES] = 1.0


def one_class(frame):
    frame.loc[~frame.index.isin(frame.index[frame["y"] == 0][:8]), NAMES] = np.nan


def a_quarter_missing(frame):
    frame.loc[frame.index[:15], NAMES] = np.nan


def at(table, level, arm="reference"):
    (row,) = table[(table["level"] == level) & (table["arm"] == arm)].to_dict("records")
    return row


def test_a_level_that_nobody_has_keeps_its_row_and_no_lower_one_is_called_the_largest():
    result = drift(levels(b=nobody), outcome="y", margin=0.2, **FAST)
    for arm in ("reference", "same_condition"):
        row = at(result.tables.drift, "b", arm)
        assert (row["status"], row["n"], row["n_dropped"]) == ("insufficient", 0, 60)
        assert row["reason"] == "no subject has features at noise=b"
        assert np.isnan(row["auc"])
    (told,) = result.tables.breakdown.query("arm == 'reference'")["sentence"]
    assert "up to severity 1, the largest with a number" in told
    assert "Severity 2 has no number." in told
    assert "largest severity tried" not in told
    assert any("1 conditions have no subject with features" in text for text in result.data.warnings)
    assert "noise=b" in result.data.dropped.loc[result.data.dropped["subject"] == "", "what"].tolist()


def test_a_level_that_nobody_has_keeps_its_row_in_a_survival_run_too():
    table = levels(b=nobody).assign(risk=lambda frame: frame[NAMES[0]])
    found = survival_drift(table, time="months", event="y", score="risk", **FAST).tables.survival
    row = at(found, "b", "frozen")
    assert (row["status"], row["reason"]) == ("insufficient", "no subject has features at noise=b")
    assert np.isnan(row["c"])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (one_class, "one class among the training patients"),
        (flat, "no feature varies among the training patients"),
    ],
)
def test_a_condition_that_cannot_train_a_model_costs_its_own_arm_alone(tmp_path, spoil, said):
    poor = drift(levels(b=spoil), outcome="y", matrix=True, output=tmp_path / "drift", **FAST)
    whole = drift(levels(), outcome="y", **FAST)
    row = at(poor.tables.drift, "b", "same_condition")
    assert row["status"] == "insufficient"
    assert row["reason"].startswith("training at noise=b, repeat 1, fold 1: ")
    assert said in row["reason"]
    assert (
        at(poor.tables.drift, "a", "same_condition")["auc"]
        == at(whole.tables.drift, "a", "same_condition")["auc"]
    )
    assert "noise=b" not in set(poor.tables.matrix["train"])
    assert poor.tables.selection_stability["phi"].notna().all()
    text = DriftReport(poor).text
    assert "same_condition (logistic): no numbers at 1 of 3 levels: training at noise=b" in text
    again = drift(levels(b=spoil), outcome="y", matrix=True, output=tmp_path / "drift", **FAST)
    pd.testing.assert_frame_equal(again.tables.drift, poor.tables.drift)


def test_a_survival_model_that_cannot_be_trained_at_a_condition_costs_its_own_arm_alone():
    pytest.importorskip("sksurv", reason="needs the extra 'survival'")
    found = survival_drift(levels(b=flat), time="months", event="y", **FAST).tables.survival
    assert at(found, "b", "same_condition")["reason"].startswith("training at noise=b, repeat 1, fold 1: ")
    assert np.isfinite(at(found, "a", "same_condition")["c"])


def test_a_reference_that_cannot_train_a_model_stops_the_run_and_is_named():
    table = levels()
    table.loc[table["level"] == "reference", NAMES] = 1.0
    with pytest.raises(DataError, match=r"training at reference, repeat 1, fold 1.*no feature varies"):
        drift(table, outcome="y", **FAST)


def test_a_poor_level_leaves_the_deployment_mix_to_the_others_and_is_named():
    result = drift(levels(b=a_quarter_missing), outcome="y", **FAST)
    row = result.tables.deployment.iloc[0]
    assert (row["status"], row["n"], row["n_levels"], row["left_out"]) == ("ok", 60, 1, "noise=b")
    assert row["auc"] == drift(levels(), outcome="y", **FAST).tables.deployment.iloc[0]["auc"]
    (told,) = [one.text for one in result.sentences if one.id == "deployment:reference (logistic)"]
    assert told.endswith("Not in the mix, without numbers of their own: noise=b.")
    assert at(result.tables.drift, "b")["reason"] == "15 of 60 subjects are missing at noise=b"


def test_a_mix_without_any_level_says_so():
    result = drift(levels(b=a_quarter_missing).query("level != 'a'"), outcome="y", **FAST)
    row = result.tables.deployment.iloc[0]
    assert (row["status"], row["left_out"]) == ("insufficient", "noise=b")
    assert any("no deployment mix" in one.text for one in result.sentences)


def test_undeclared_conditions_enter_the_mix():
    plain = levels().drop(columns=["factor", "severity", "role"]).rename(columns={"level": "condition"})
    result = drift(plain, outcome="y", **FAST)
    assert result.tables.deployment["status"].tolist() == ["ok", "ok"]


@pytest.mark.parametrize(
    ("status", "first", "said"),
    [
        (["ok", "ok", "insufficient"], np.nan, "robust up to severity 2, the largest with a number"),
        (["ok", "insufficient", "ok"], np.nan, "robust up to the largest severity tried (3)"),
        (["insufficient"] * 3, np.nan, "no level has numbers"),
    ],
)
def test_breakdown_bears_on_the_levels_with_numbers(status, first, said):
    held = [word == "ok" for word in status]
    table = pd.DataFrame({
        "arm": "reference", "model": "logistic", "train": "reference", "factor": "noise",
        "level": list("abc"), "role": "acquisition", "severity": [1.0, 2.0, 3.0], "sign": np.nan,
        "mean_abs_dp": 0.1, "delta": np.where(held, 0.0, np.nan),
        "delta_low_band": np.where(held, -0.02, np.nan),
        "delta_high_band": np.where(held, 0.02, np.nan), "status": status,
        "verdict": np.where(held, "robust", "inconclusive"),
    })  # fmt: skip
    row = breakdown(table, margin=0.05).iloc[0]
    assert said in row["sentence"]
    np.testing.assert_equal(row["first_not_robust"], first)
    missing = [f"{i + 1}" for i, there in enumerate(held) if not there]
    assert all(one in row["sentence"] for one in missing) or len(missing) == 3


@pytest.mark.parametrize("model", ["logistic", "random_forest"])
def test_a_threshold_with_fitted_models_is_refused(model):
    with pytest.raises(DataError, match=rf"threshold: 0\.3 with models that are fitted \({model}\)"):
        drift(levels(), outcome="y", model=model, threshold=0.3, **FAST)
    with pytest.raises(DataError, match=r"threshold: 0\.3 with models that are fitted"):
        survival_drift(levels(), time="months", event="y", cutoff=0.3, **FAST)
