"""AUC within folds: against scikit-learn and against counting pairs one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from robustrad.drift.evaluate.pairs import comparable_pairs, mean_of, wins

from .cohort import dealt


def auc(y: np.ndarray, scores: np.ndarray, folds: np.ndarray, strata=None, present=None) -> float:
    pairs = comparable_pairs(y, folds, strata)
    everyone = np.ones(y.size, dtype=bool)
    return mean_of(wins(scores, folds, pairs), pairs, everyone if present is None else present)


def brute(y: np.ndarray, scores: np.ndarray, folds: np.ndarray, w: np.ndarray) -> float:
    won = total = 0.0
    for r, i, j in itertools.product(range(len(folds)), range(len(y)), range(len(y))):
        if y[i] == 1 and y[j] == 0 and folds[r, i] == folds[r, j]:
            total += w[i] * w[j]
            won += w[i] * w[j] * ((scores[r, i] > scores[r, j]) + 0.5 * (scores[r, i] == scores[r, j]))
    return won / total


def test_one_fold_is_the_area_under_the_curve() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    scores = rng.integers(0, 12, (1, 60)) / 10.0 + 0.2 * y  # with ties
    found = auc(y, scores, np.zeros((1, 60), dtype=int))
    assert found == pytest.approx(roc_auc_score(y, scores[0]), abs=1e-14)


def test_folds_of_equal_composition_give_the_mean_over_folds_and_repeats() -> None:
    rng = np.random.default_rng(1)
    y = np.arange(60) % 2
    folds = np.stack([np.concatenate([rng.permutation(30) % 5, rng.permutation(30) % 5]) for _ in range(3)])
    folds = folds[:, np.argsort(np.argsort(y, kind="stable"))]  # first 30 places are class 0
    scores = rng.normal(size=(3, 60)) + y
    each = [roc_auc_score(y[folds[r] == f], scores[r, folds[r] == f]) for r in range(3) for f in range(5)]
    assert auc(y, scores, folds) == pytest.approx(np.mean(each), abs=1e-14)


def test_scores_of_two_folds_are_never_compared() -> None:
    y, folds = np.arange(40) % 2, dealt(40, repeats=2, splits=4)
    scores = np.random.default_rng(2).normal(size=(2, 40))
    shifted = scores + 100.0 * folds  # every model with an offset of its own
    assert auc(y, shifted, folds) == auc(y, scores, folds)


def tables(low: int, high: int, n: int, repeats: int) -> st.SearchStrategy[list[list[int]]]:
    row = st.lists(st.integers(low, high), min_size=n, max_size=n)
    return st.lists(row, min_size=repeats, max_size=repeats)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_only_those_present_count(data: st.DataObject) -> None:
    n, repeats = data.draw(st.integers(6, 14)), data.draw(st.integers(1, 3))
    y = np.arange(n) % 2
    folds = np.array(data.draw(tables(0, 1, n, repeats)))
    scores = np.array(data.draw(tables(0, 4, n, repeats)))
    w = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    total = sum(
        w[i] * w[j]
        for r in range(len(folds))
        for i in range(n)
        for j in range(n)
        if y[i] and not y[j] and folds[r, i] == folds[r, j]
    )
    found = auc(y, scores.astype(float), folds, present=w)
    if total == 0:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(brute(y, scores, folds, w), abs=1e-13)


def test_strata_restrict_the_pairs() -> None:
    rng = np.random.default_rng(3)
    y, site = np.arange(60) % 2, np.arange(60) // 20
    scores, folds = rng.normal(size=(1, 60)) + y, np.zeros((1, 60), dtype=int)
    each = [roc_auc_score(y[site == s], scores[0, site == s]) for s in range(3)]
    assert auc(y, scores, folds, site) == pytest.approx(np.mean(each))
    assert auc(y, scores + 9.0 * site, folds, site) == auc(y, scores, folds, site)


def test_a_subject_that_was_not_tested_is_not_compared() -> None:
    y = np.array([1, 0, 1, 0])
    folds = np.array([[0, 0, -1, -1]])
    assert comparable_pairs(y, folds).together.sum() == 1
