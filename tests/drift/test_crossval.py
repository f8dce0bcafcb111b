"""Nothing of a test patient reaches a fitted model; the same input gives exactly the same output."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robustrad.drift.arms import Arm
from robustrad.drift.crossval import cross_validate
from robustrad.drift.folds import outer_folds
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.models.stability import patient_stability
from tests.drift.simulated import simulate

ARM = Arm("reference", "logistic", "reference", 0)
BATCH = np.tile(["A", "A", "B", "B"], 15)


LOGISTIC = ModelSpec()


def run(data, spec=LOGISTIC, folds=None, **more):
    folds = outer_folds(data, repeats=2, n_splits=3, seed=4) if folds is None else folds
    return cross_validate(data, spec, folds, arm=ARM, **more)


@pytest.mark.parametrize(
    "spec",
    [ModelSpec(), ModelSpec("svm"), ModelSpec(selector="l1"), ModelSpec(combat=True)],
    ids=lambda spec: f"{spec.name}-{spec.selector}" + ("-combat" if spec.combat else ""),
)
def test_changing_test_patients_changes_no_fitted_parameter(spec):
    data = simulate(60, batch=BATCH)
    folds = outer_folds(data, repeats=1, n_splits=3, seed=4)
    before = run(data, spec, folds)
    rng = np.random.default_rng(9)
    for fold in range(3):
        held = folds[0] == fold
        values, outcome = data.values.copy(), data.outcome.copy()
        values[held] = 100.0 * rng.normal(size=values[held].shape)
        outcome[held] = 1 - outcome[held]
        after = run(replace(data, values=values, outcome=outcome), spec, folds)
        assert after.fingerprints[fold] == before.fingerprints[fold]
        assert after.thresholds[0, fold] == before.thresholds[0, fold]
        np.testing.assert_array_equal(after.selected[0, fold], before.selected[0, fold])
        others = [f for f in range(3) if f != fold]
        assert all(after.fingerprints[f] != before.fingerprints[f] for f in others)


def test_changing_one_test_patient_changes_the_scores_of_no_other():
    data = simulate(60)
    folds = outer_folds(data, repeats=1, n_splits=3, seed=4)
    before = run(data, folds=folds)
    values = data.values.copy()
    values[7] += 5.0
    after = run(replace(data, values=values), folds=folds)
    same_fold = (folds[0] == folds[0, 7]) & (np.arange(60) != 7)
    np.testing.assert_array_equal(after.scores[0, same_fold], before.scores[0, same_fold])
    assert (after.scores[0, 7] != before.scores[0, 7]).all()


def test_a_perturbation_of_zero_changes_no_score():
    data = simulate(60, noise=0.0, shift=0.0)
    folds = outer_folds(data, repeats=1, n_splits=2, seed=4)
    for spec in (ModelSpec(), ModelSpec("gradient_boosting"), ModelSpec("svm")):
        scores = run(data, spec, folds).scores
        for condition in (1, 2):
            np.testing.assert_array_equal(scores[:, :, condition], scores[:, :, 0])


def test_a_subject_missing_at_a_condition_has_no_score_there_and_only_there():
    data = simulate(60)
    values = data.values.copy()
    values[3, 1] = np.nan
    scores = run(replace(data, values=values)).scores
    missing = np.isnan(scores)
    assert missing[:, 3, 1].all()
    assert missing.sum() == 2


def test_the_subjects_of_a_patient_are_tested_in_one_fold():
    groups = np.repeat(np.arange(30), 2)
    data = simulate(60, groups=groups)
    data = replace(data, outcome=np.repeat(np.arange(30) % 2, 2))
    folds = run(data).folds
    assert (folds[:, 0::2] == folds[:, 1::2]).all()


def test_training_at_another_condition_with_given_hyperparameters_tunes_nothing():
    data = simulate(60, shift=1.0)
    reference = run(data)
    other = run(data, train=1, test=[1], tuned=reference.tuned)
    assert other.tuned == reference.tuned
    assert np.isnan(other.scores[:, :, [0, 2]]).all()
    assert np.isfinite(other.scores[:, :, 1]).all()


def test_stability_is_the_one_way_icc_of_the_given_patients():
    data = simulate(40, k=4, noise=0.5)
    worth = patient_stability(data)
    rows = np.arange(25)
    values = data.values[rows]
    k = 4
    msr = k * values.mean(axis=1).var(axis=0, ddof=1)
    msw = ((values - values.mean(axis=1, keepdims=True)) ** 2).sum(axis=(0, 1)) / (25 * (k - 1))
    np.testing.assert_allclose(worth.subset(rows).values(), (msr - msw) / (msr + (k - 1) * msw), atol=1e-12)
