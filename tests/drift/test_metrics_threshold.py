"""Decisions at a fixed threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score

from robustrad.drift.metrics.threshold import choose_threshold, flips, threshold_metrics, wilson


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), levels=st.integers(2, 40))
def test_no_cut_is_better_than_the_chosen_one(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.r_[0, 1, rng.integers(0, 2, 40)]
    scores = rng.integers(0, levels, y.size) + 0.3 * y
    cut = choose_threshold(y, scores)
    chosen = threshold_metrics(y, scores, threshold=cut).balanced_accuracy[0]
    assert chosen == pytest.approx(balanced_accuracy_score(y, scores >= cut))
    every = [balanced_accuracy_score(y, scores >= t) for t in np.unique(scores)]
    assert chosen >= max(every) - 1e-12


def test_the_threshold_lies_between_scores() -> None:
    assert choose_threshold([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9]) == pytest.approx(0.4)
    with pytest.raises(ValueError, match="both classes"):
        choose_threshold([1, 1], [0.1, 0.2])


def test_a_class_that_is_absent_has_no_rate() -> None:
    found = threshold_metrics([1, 1], [0.1, 0.9], threshold=0.5)
    assert found.sensitivity[0] == 0.5
    assert np.isnan(found.specificity[0])
    assert np.isnan(found.balanced_accuracy[0])


def test_flips_are_counted_with_their_direction() -> None:
    before = np.array([0.1, 0.2, 0.6, 0.7, 0.8, 0.4, 0.5])
    after = np.array([0.6, 0.7, 0.4, 0.9, 0.5, 0.45, 0.9])
    found = flips(before, after, threshold=0.5)
    assert (found.n, found.up, found.down) == (7, 2, 1)
    assert found.net == pytest.approx(1 / 7)
    assert found.p == pytest.approx(binomtest(2, 3).pvalue)
    assert found.low < found.rate < found.high


def test_nothing_changes_without_a_change() -> None:
    scores = np.linspace(0, 1, 20)
    found = flips(scores, scores, threshold=0.5)
    assert (found.up, found.down, found.rate, found.low, found.p) == (0, 0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (17, 200)])
def test_wilson_limits_equal_scipy(k: int, n: int) -> None:
    expected = binomtest(k, n).proportion_ci(method="wilson")
    np.testing.assert_allclose(wilson(k, n), (expected.low, expected.high), rtol=0, atol=1e-12)
    assert np.isnan(wilson(0, 0)).all()


def test_scores_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        flips([0.1, np.nan], [0.1, 0.2], threshold=0.5)
    with pytest.raises(ValueError, match="equal vectors"):
        flips([0.1], [0.1, 0.2], threshold=0.5)
