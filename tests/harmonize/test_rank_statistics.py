"""Vectorized k-sample tests against scipy, one feature at a time."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import anderson_ksamp, kruskal, ks_2samp, levene

from robustrad.harmonize.rank_statistics import (
    anderson_darling,
    anderson_darling_statistic,
    brown_forsythe,
    kolmogorov_smirnov,
    kruskal_wallis,
)


@pytest.fixture(params=[(2, False), (3, True), (5, True)], ids=["2", "3 with ties", "5 with ties"])
def sample(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    k, ties = request.param
    rng = np.random.default_rng(k)
    codes = np.sort(rng.integers(0, k, 80))
    X = rng.normal(size=(80, 40)) + codes[:, None] * rng.normal(0, 0.8, 40)
    return (np.round(2 * X) if ties else X), codes


def groups(sample: tuple[np.ndarray, np.ndarray], j: int) -> list[np.ndarray]:
    X, codes = sample
    return [X[codes == batch, j] for batch in np.unique(codes)]


def test_anderson_darling_is_scipys(sample: tuple[np.ndarray, np.ndarray]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy says when it clips, and that its argument will change
        expected = [anderson_ksamp(groups(sample, j)) for j in range(40)]
    statistic, p = anderson_darling_statistic(*sample), anderson_darling(*sample)
    theirs = np.array([result.pvalue for result in expected])
    np.testing.assert_allclose(statistic, [result.statistic for result in expected], rtol=0, atol=1e-10)
    inside = theirs > 0.001
    np.testing.assert_allclose(p[inside], theirs[inside], rtol=0, atol=1e-12)
    assert (~inside).any()
    assert (p[~inside] <= 0.001).all()
    assert (np.diff(p[np.argsort(statistic)]) <= 0).all()


def test_the_others_are_scipys(sample: tuple[np.ndarray, np.ndarray]) -> None:
    X, codes = sample
    for ours, theirs in ((kruskal_wallis, kruskal), (brown_forsythe, levene)):
        expected = [theirs(*groups(sample, j)).pvalue for j in range(40)]
        np.testing.assert_allclose(ours(X, codes), expected, rtol=1e-10)
    first = codes == 0
    expected = [ks_2samp(X[first, j], X[~first, j], method="asymp").pvalue for j in range(40)]
    np.testing.assert_allclose(kolmogorov_smirnov(X, first), expected, rtol=0, atol=1e-12)


def test_beyond_scipys_bound_the_p_value_is_near_that_of_permutations() -> None:
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], 25)
    x = np.column_stack([rng.permutation(50).astype(float) for _ in range(20_000)])
    statistic = anderson_darling_statistic(x, codes)
    cut = np.quantile(statistic, 1 - 5e-4)
    found = anderson_darling(x, codes)[statistic >= cut].max()
    assert 2e-4 < found < 1.2e-3
