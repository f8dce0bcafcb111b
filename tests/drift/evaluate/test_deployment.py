"""The deployment mix sees what no level alone can see."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from robustrad.drift.evaluate.deployment import deployment_row
from robustrad.drift.evaluate.drift_table import drift_table
from robustrad.drift.evaluate.inputs import Settings, mean_scores
from robustrad.drift.evaluate.resample import patient_weights

from .cohort import arm, cohort, conditions, dealt, levels, sigmoid

SETTINGS = Settings(resamples=200, mixes=200, seed=3)


def row_of(scored, data, settings: Settings = SETTINGS) -> dict[str, object]:
    return deployment_row(scored, data, mean_scores(scored), settings)


def shifted(n: int = 200, shift: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Every patient's logit moves by the same amount at the one level."""
    rng = np.random.default_rng(5)
    y = np.arange(n) % 2
    latent = 1.2 * (y - 0.5) + rng.normal(size=n)
    return y, sigmoid(np.column_stack([latent, latent + shift]))


def test_a_shift_that_all_patients_share_is_invisible_per_level_and_visible_in_the_mix() -> None:
    y, scores = shifted()
    data, scored = cohort(y, levels(1)), arm(scores)
    weights = patient_weights(data.outcome, data.groups, resamples=200, seed=3)
    level = drift_table(scored, data, weights, SETTINGS).iloc[1]
    assert level["delta"] == level["delta_low"] == level["delta_high"] == 0.0
    row = row_of(scored, data)
    assert row["delta_high"] < -0.03
    assert row["brier"] > row["brier_reference"] + 0.02
    assert row["balanced_accuracy"] < row["balanced_accuracy_reference"] - 0.05
    assert row["citl"] < -0.5
    assert row["auc_reference"] == pytest.approx(roc_auc_score(y, scores[:, 0]))


def test_the_mean_over_many_mixes_is_the_expectation_over_independent_conditions() -> None:
    y, scores = shifted(40, 1.0)
    row = row_of(arm(scores), cohort(y, levels(1)), Settings(resamples=10, mixes=5_000, seed=1))
    high, low = scores[y == 1][:, None, :, None], scores[y == 0][None, :, None, :]
    wins = (high > low) + 0.5 * (high == low)
    assert row["auc"] == pytest.approx(wins.mean(), abs=0.004)
    assert row["brier"] == pytest.approx(((scores - y[:, None]) ** 2).mean(), abs=0.004)


def test_without_perturbation_the_mix_is_the_reference() -> None:
    y, scores = shifted(60, 0.0)
    stacked, folds = np.stack([scores] * 3), dealt(60, repeats=3, splits=4)
    row = row_of(arm(stacked, folds), cohort(y, levels(1)))
    assert row["delta"] == row["delta_low"] == row["delta_high"] == 0.0
    assert row["brier"] == pytest.approx(row["brier_reference"], abs=1e-15)


def test_only_acquisition_and_delineation_enter() -> None:
    rows = [
        ("noise", "mild", "acquisition", 1.0, np.nan, 0),
        ("bins", "16", "definition", np.nan, np.nan, 0),
        ("shuffled", "roi", "control", np.nan, np.nan, 0),
    ]
    y, scores = shifted(60)
    four = np.column_stack([scores, 1.0 - scores[:, 0], np.full(60, 0.5)])
    both = row_of(arm(four), cohort(y, conditions(*rows)))
    alone = row_of(arm(scores), cohort(y, conditions(rows[0])))
    assert both == alone
    assert both["roles"] == "acquisition+delineation"
    none = row_of(arm(four[:, [0, 2]]), cohort(y, conditions(rows[1])))
    assert none["status"] == "no_condition"


def test_lesions_of_a_patient_share_their_condition() -> None:
    y, scores = shifted(40, 3.0)
    doubled = np.repeat(np.arange(40), 2)
    # Two equal lesions of a patient at one condition have one score: no pair of them is ever apart.
    once = row_of(arm(scores), cohort(y, levels(1)))
    twice = row_of(arm(scores[doubled]), cohort(y[doubled], levels(1), groups=doubled))
    for column in ("auc", "auc_low", "auc_high", "brier", "slope", "balanced_accuracy"):
        assert twice[column] == pytest.approx(once[column], abs=1e-10)


def test_incomplete_subjects_are_left_out_and_counted() -> None:
    y, scores = shifted(60)
    scores[:5, 1] = np.nan
    row = row_of(arm(scores), cohort(y, levels(1)))
    assert (row["n"], row["n_dropped"], row["status"]) == (55, 5, "ok")
    scores[:30, 1] = np.nan
    assert row_of(arm(scores), cohort(y, levels(1)))["status"] == "insufficient"
