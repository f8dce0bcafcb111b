"""Inner folds with batches: even in classes and batches, and no leak of a batch's prevalence."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.drift.folds import deal
from robustrad.drift.models.inner import inner_folds
from robustrad.drift.models.ranks import area_under


def site_auc(y: np.ndarray, fold: np.ndarray, site: np.ndarray) -> float:
    """AUC within folds of a model that knows the prevalence of each site in the training folds."""
    areas = []
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        share = np.array([y[train & (site == s)].mean() for s in np.unique(site)])
        areas.append(area_under(y[test], share[site[test]]))
    return float(np.mean(areas))


@pytest.mark.parametrize("seed", range(5))
def test_batches_and_classes_are_spread_and_patients_stay_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = np.sort(rng.integers(0, 60, 100))
    groups = np.unique(groups, return_inverse=True)[1]
    patients = int(groups.max()) + 1
    site, y = rng.integers(0, 3, patients), rng.integers(0, 2, patients)
    fold = inner_folds(y[groups], groups, n_splits=3, seed=seed, batch=site[groups])
    of_patient = np.array([fold[groups == i][0] for i in range(patients)])
    assert all(np.unique(fold[groups == i]).size == 1 for i in range(patients))
    for s in range(3):
        assert np.ptp(np.bincount(of_patient[site == s], minlength=3)) <= 1
    assert np.ptp(np.bincount(of_patient[y == 1], minlength=3)) <= 2
    again = inner_folds(y[groups], groups, n_splits=3, seed=seed, batch=site[groups])
    assert np.array_equal(fold, again)


def test_without_a_batch_they_are_the_folds_of_before() -> None:
    y, groups = np.arange(30) % 2, np.arange(30)
    expected = deal(y, groups, n_splits=3, seed=("inner", 7))
    assert np.array_equal(inner_folds(y, groups, n_splits=3, seed=7), expected)


def test_a_model_that_knows_the_site_alone_gains_nothing_from_the_folds() -> None:
    # Outcome independent of the site. Folds that are even in every class of every site give it .58.
    found = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        y, site, groups = rng.integers(0, 2, 80), rng.permutation(np.arange(80) % 4), np.arange(80)
        found.append(site_auc(y, inner_folds(y, groups, n_splits=3, seed=seed, batch=site), site))
    se = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - 0.5) < 3 * se + 0.01
