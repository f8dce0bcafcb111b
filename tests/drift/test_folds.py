"""Folds never split a patient, and give each fold its share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustrad.audit.safeguards.baselines import baseline_scores, batch_design
from robustrad.audit.safeguards.comparison import Common, fold_auc
from robustrad.core.errors import DataError
from robustrad.drift.folds import deal, outer_folds
from tests.drift.simulated import simulate


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 5), st.integers(0, 10_000), st.integers(20, 60))
def test_patients_are_never_split_and_classes_are_even(n_splits, seed, n):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, n // 2, n)
    y = (groups % 2).astype(np.intp)
    fold = deal(y, groups, n_splits=n_splits, seed=("test", seed))
    for patient in np.unique(groups):
        assert np.unique(fold[groups == patient]).size == 1
    _, first = np.unique(groups, return_index=True)
    for label in (0, 1):
        counts = np.bincount(fold[first][y[first] == label], minlength=n_splits)
        assert counts.max() - counts.min() <= 1


def test_sites_are_spread_over_the_folds_where_that_is_asked_for():
    batch = np.repeat(["A", "B", "C"], 20)
    fold = deal(np.tile([0, 1], 30), np.arange(60), n_splits=5, seed=("test",), site=batch)
    for name in "ABC":
        counts = np.bincount(fold[batch == name], minlength=5)
        assert counts.max() - counts.min() <= 2


def test_the_same_seed_gives_the_same_folds_and_repeats_differ():
    data = simulate(40)
    folds = outer_folds(data, repeats=3, seed=1)
    np.testing.assert_array_equal(folds, outer_folds(data, repeats=3, seed=1))
    assert (folds[0] != folds[1]).any()
    assert (folds != outer_folds(data, repeats=3, seed=2)).any()


def test_more_folds_than_patients_of_a_class_is_an_error_that_says_how_many():
    with pytest.raises(DataError, match=r"5 folds for 4 patients of the rarer class.*--folds 4"):
        outer_folds(simulate(8), n_splits=5)


def test_features_that_know_the_site_score_nothing_where_it_has_no_part_in_the_outcome():
    rng = np.random.default_rng(11)
    areas = []
    for seed in range(60):
        site = rng.permutation(np.arange(100) % 10)
        y = (rng.permutation(100) < 40).astype(np.intp)
        data = replace(simulate(100, k=1, seed=seed), outcome=y, batch=site.astype(str), batch_name="site")
        folds = outer_folds(data, repeats=1, seed=seed)
        scores = baseline_scores(batch_design(data.batch), y, folds)
        common = Common(y, np.arange(100), folds)
        areas.append(fold_auc(scores, common).value)
    error = np.std(areas) / np.sqrt(len(areas))
    assert abs(np.mean(areas) - 0.5) < 3.5 * error
