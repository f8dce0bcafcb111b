"""The drift table against closed forms, gold numbers and its own invariances."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, roc_auc_score

from robustrad.drift.evaluate.drift_table import COLUMNS, drift_table
from robustrad.drift.evaluate.inputs import Settings
from robustrad.drift.evaluate.notes import NO_WIDTH, NOMINAL
from robustrad.drift.evaluate.resample import patient_weights
from robustrad.stability.icc import icc

from .cohort import arm, cohort, conditions, dealt, levels, sigmoid

SETTINGS = Settings(resamples=400, seed=1)


def table_of(scored, data, settings: Settings = SETTINGS) -> pd.DataFrame:
    weights = patient_weights(data.outcome, data.groups, resamples=settings.resamples, seed=settings.seed)
    return drift_table(scored, data, weights, settings)


def noisy(n: int, table: pd.DataFrame, *, repeats: int = 0, seed: int = 0, spread: float = 0.5):
    """Outcome, and scores whose noise grows with severity."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 2).astype(int)
    size = (max(repeats, 1), n, len(table))
    latent = (y + rng.normal(size=n))[None, :, None] + 0.2 * rng.normal(size=(size[0], n, 1))
    noise = spread * table["severity"].fillna(1.0).to_numpy() * rng.normal(size=size)
    scores = sigmoid(latent + noise)
    return y, scores if repeats else scores[0]


PAIRED = ["delta", "delta_low", "delta_high", "delta_low_band", "delta_high_band", "brier_delta", "flips",
          "flip_rate", "flips_up", "flips_down", "mean_abs_dp", "score_bias", "delong_delta"]  # fmt: skip


@pytest.mark.parametrize("draws", [1, 5])
@pytest.mark.parametrize("repeats", [0, 3])
def test_zero_perturbation_changes_exactly_nothing(draws: int, repeats: int) -> None:
    table = conditions(*(("noise", "none", "acquisition", 1.0, np.nan, d) for d in range(1, draws + 1)))
    y, scores = noisy(60, table, repeats=repeats)
    scores[...] = scores[..., :1]
    folds = dealt(60, repeats=repeats, splits=5) if repeats else None
    row = table_of(arm(scores, folds), cohort(y, table)).iloc[1]
    assert (row[PAIRED].astype(float) == 0.0).all()
    assert row["score_icc_a_1"] == row["score_icc_a_1_low"] == row["score_icc_a_1_high"] == 1.0
    assert row["delong_p"] == row["mcnemar_p"] == 1.0
    assert row["verdict"] == "unchanged"


def test_columns_are_those_of_the_contract_in_its_order() -> None:
    contract = [
        "arm",
        "model",
        "train",
        "condition",
        "factor",
        "level",
        "role",
        "severity",
        "sign",
        "draws",
        "n",
        "n_positive",
        "n_dropped",
        "auc",
        "auc_low",
        "auc_high",
        "delta",
        "delta_low",
        "delta_high",
        "delta_low_band",
        "delta_high_band",
        "delong_delta",
        "delong_se",
        "delong_p",
        "delong_p_holm",
        "interval_note",
        "brier",
        "brier_delta",
        "scaled_brier",
        "citl",
        "slope",
        "slope_status",
        "balanced_accuracy",
        "sensitivity",
        "specificity",
        "flips",
        "flip_rate",
        "flip_low",
        "flip_high",
        "flips_up",
        "flips_down",
        "mcnemar_p",
        "mean_abs_dp",
        "score_icc_a_1",
        "score_icc_a_1_low",
        "score_icc_a_1_high",
        "score_icc_1_1",
        "score_bias",
        "verdict",
        "status",
    ]
    assert [name for name in COLUMNS if name in contract] == contract


def test_a_frozen_model_at_one_level_is_what_scikit_learn_says() -> None:
    table = levels(2)
    y, scores = noisy(80, table)
    found = table_of(arm(scores, threshold=0.6), cohort(y, table))
    for row, column in zip(found.to_dict("records"), range(3), strict=True):
        p, called = scores[:, column], scores[:, column] >= 0.6
        assert row["auc"] == pytest.approx(roc_auc_score(y, p), abs=1e-14)
        assert row["delta"] == pytest.approx(row["auc"] - roc_auc_score(y, scores[:, 0]), abs=1e-14)
        assert row["brier"] == pytest.approx(brier_score_loss(y, p), abs=1e-14)
        assert row["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(y, called))
        before = scores[:, 0] >= 0.6
        up, down = int((called & ~before).sum()), int((before & ~called).sum())
        assert (row["flips_up"], row["flips_down"], row["flips"]) == (up, down, up + down)
        assert row["mcnemar_p"] == (binomtest(up, up + down).pvalue if up + down else 1.0)
        assert row["interval_note"].startswith("nominal")
    second = found.iloc[2]
    pair = icc(scores[:, [0, 2]], fixed=True).iloc[0]
    assert second["score_icc_a_1"] == pytest.approx(pair["icc_a_1"])
    assert second["score_icc_a_1_low"] == pytest.approx(pair["icc_a_1_low_fixed"])
    assert second["score_icc_a_1_low"] < second["score_icc_a_1"] < second["score_icc_a_1_high"]
    assert second["score_bias"] == pytest.approx((scores[:, 2] - scores[:, 0]).mean())


def test_delong_and_calibration_are_the_gold_numbers(data_dir: Path) -> None:
    gold = json.loads((data_dir / "reference" / "statistics_oracle.json").read_text())["delong"]
    y = np.array(gold["data"]["y"])
    scores = np.column_stack([gold["data"]["p1"], gold["data"]["p2"]])
    found = table_of(arm(scores), cohort(y, levels(1)))
    reference, level = found.iloc[0], found.iloc[1]
    np.testing.assert_allclose(found["auc"], gold["auc"], atol=1e-10)
    assert level["delong_delta"] / level["delong_se"] == pytest.approx(-gold["z"], abs=1e-10)
    assert level["delong_p"] == pytest.approx(gold["p"], abs=1e-10)
    assert reference["slope"] == pytest.approx(gold["calibration_p1"]["slope"], abs=1e-8)
    assert reference["citl"] == pytest.approx(gold["calibration_p1"]["citl"], abs=1e-8)
    assert reference["brier"] == pytest.approx(gold["calibration_p1"]["brier"], abs=1e-10)


def test_draws_of_a_level_are_averaged() -> None:
    table = conditions(*(("noise", "mild", "acquisition", 1.0, np.nan, d) for d in (1, 2, 3)))
    y, scores = noisy(60, table)
    row = table_of(arm(scores), cohort(y, table)).iloc[1]
    assert (row["condition"], row["draws"]) == ("noise=mild", 3)
    assert row["auc"] == pytest.approx(np.mean([roc_auc_score(y, scores[:, j]) for j in (1, 2, 3)]))
    assert row["score_icc_1_1"] == pytest.approx(icc(scores[:, 1:], one_way=True)["icc_1_1"].iloc[0])
    each = [icc(scores[:, [0, j]])["icc_a_1"].iloc[0] for j in (1, 2, 3)]
    assert row["score_icc_a_1"] == pytest.approx(np.mean(each))


def test_a_missing_subject_leaves_both_sides_of_its_own_contrast_only() -> None:
    table = levels(2)
    y, scores = noisy(60, table)
    full = table_of(arm(scores), cohort(y, table))
    holed = scores.copy()
    holed[:6, 2] = np.nan
    found = table_of(arm(holed), cohort(y, table))
    left = slice(6, None)
    assert found.loc[2, ["n", "n_dropped"]].tolist() == [54, 6]
    expected = roc_auc_score(y[left], scores[left, 2]) - roc_auc_score(y[left], scores[left, 0])
    assert found.loc[2, "delta"] == pytest.approx(expected, abs=1e-14)
    pd.testing.assert_frame_equal(
        found.loc[:1].drop(columns=["delta_low_band", "delta_high_band", "delong_p_holm", "verdict"]),
        full.loc[:1].drop(columns=["delta_low_band", "delta_high_band", "delong_p_holm", "verdict"]),
    )


def test_too_many_missing_is_no_number_but_a_status() -> None:
    table = levels(1)
    y, scores = noisy(60, table)
    scores[:20, 1] = np.nan
    row = table_of(arm(scores), cohort(y, table)).iloc[1]
    assert row["status"] == "insufficient"
    assert row["verdict"] == "inconclusive"
    assert row[["auc", "delta", "brier", "score_icc_a_1", "flips"]].isna().all()


def test_levels_that_an_arm_was_not_tested_at_are_left_out() -> None:
    table = levels(3)
    y, scores = noisy(40, table)
    scores[:, 2] = np.nan
    assert table_of(arm(scores), cohort(y, table))["level"].tolist() == ["reference", "l1", "l3"]


def test_controls_make_no_claim_and_do_not_widen_the_band() -> None:
    rows = [
        ("noise", "mild", "acquisition", 1.0, np.nan, 0),
        ("shuffled", "roi", "control", np.nan, np.nan, 0),
    ]
    y, scores = noisy(60, conditions(*rows))
    with_control = table_of(arm(scores), cohort(y, conditions(*rows)))
    without = table_of(arm(scores[:, :2]), cohort(y, conditions(rows[0])))
    assert with_control.loc[2, "verdict"] == ""
    assert np.isnan(with_control.loc[2, "delta_low_band"])
    assert np.isfinite(with_control.loc[2, "delta_low"])
    assert with_control.loc[1, "delta_low_band"] == without.loc[1, "delta_low_band"]


def test_a_verdict_follows_its_band_and_its_margin() -> None:
    table = levels(4)
    y, scores = noisy(400, table, spread=1.0)
    found = table_of(arm(scores), cohort(y, table)).iloc[1:]
    for row in found.to_dict("records"):
        low, high = row["delta_low_band"], row["delta_high_band"]
        assert low <= row["delta_low"] + 0.02
        words = {
            "drifts": high < -0.05,
            "robust": low > -0.05 and high >= 0,
            "small loss": low > -0.05 and high < 0,
        }
        assert row["verdict"] == next((word for word, holds in words.items() if holds), "inconclusive")
    assert found["verdict"].iloc[-1] == "drifts"


def test_lesions_of_a_patient_are_resampled_together_and_delong_is_not_given() -> None:
    table = levels(1)
    y, scores = noisy(30, table)
    doubled = np.repeat(np.arange(30), 2)
    once = table_of(arm(scores), cohort(y, table)).iloc[1]
    # Every lesion twice, as two lesions of a patient: the same information, hence the same intervals.
    twice = table_of(arm(scores[doubled]), cohort(y[doubled], table, groups=doubled)).iloc[1]
    for column in ("auc", "auc_low", "auc_high", "delta_low", "delta_high", "delta_low_band"):
        assert twice[column] == pytest.approx(once[column], abs=1e-12)
    assert np.isnan(twice["delong_p"])
    assert "no DeLong" in twice["interval_note"]


def test_cross_validated_intervals_are_conditional_on_the_fits() -> None:
    table = levels(1)
    y, scores = noisy(40, table, repeats=2)
    found = table_of(arm(scores, dealt(40, repeats=2, splits=4)), cohort(y, table))
    assert set(found["interval_note"]) == {"conditional on these fits"}


def test_scores_that_are_no_probabilities_have_no_calibration() -> None:
    table = levels(1)
    y, scores = noisy(40, table)
    found = table_of(arm(10.0 * scores, threshold=5.0), cohort(y, table))
    assert set(found["slope_status"]) == {"not_probability"}
    assert found[["brier", "slope", "citl"]].isna().all(axis=None)
    assert found["auc"].notna().all()


def test_small_cohorts_are_marked_and_one_class_is_named() -> None:
    table = levels(1)
    y, scores = noisy(12, table)
    assert set(table_of(arm(scores), cohort(y, table))["status"]) == {"few"}
    y = np.r_[np.ones(10, dtype=int), np.zeros(190, dtype=int)]
    wide = np.column_stack([np.linspace(0.1, 0.9, 200), np.linspace(0.9, 0.1, 200)])
    wide[y == 1, 1] = np.nan
    row = table_of(arm(wide), cohort(y, table)).iloc[1]
    assert row["status"] == "one_class"
    assert np.isnan(row["auc"])
    assert np.isnan(row["balanced_accuracy"])


def test_the_threshold_is_that_of_the_fold() -> None:
    table = levels(1)
    y = np.array([1, 0] * 10)
    folds = np.array([[0] * 10 + [1] * 10])
    scores = np.tile(np.where(y == 1, 0.6, 0.4), (2, 1)).T[None]
    scored = arm(scores, folds)
    scored.thresholds[0] = [0.5, 0.7]  # the second calls nobody positive
    found = table_of(scored, cohort(y, table)).iloc[0]
    assert found["sensitivity"] == 0.5
    assert found["specificity"] == 1.0


def test_perfect_separation_is_marked_for_its_interval_has_no_width() -> None:
    y = np.arange(40) % 2
    scores = np.column_stack([0.2 + 0.6 * y, np.linspace(0.3, 0.7, 40)])
    found = table_of(arm(scores), cohort(y, levels(1)))
    assert found["status"].tolist() == ["separated", "ok"]
    assert found.loc[0, ["auc", "auc_low", "auc_high"]].tolist() == [1.0, 1.0, 1.0]
    assert found["interval_note"].tolist() == [NO_WIDTH, NOMINAL]


def test_a_constant_score_is_marked_and_claims_nothing() -> None:
    y = np.arange(40) % 2
    found = table_of(arm(np.full((40, 2), 0.3)), cohort(y, levels(1)))
    assert found["status"].tolist() == ["tied", "tied"]
    assert found.loc[0, ["auc", "auc_low", "auc_high"]].tolist() == [0.5, 0.5, 0.5]
    assert found["interval_note"].tolist() == [NO_WIDTH, NO_WIDTH]
    assert found.loc[1, "verdict"] == "unchanged"
