"""CCC, Bland-Altman and Spearman against published numbers and second implementations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from robustrad.stability.agreement import bland_altman, ccc, spearman

# Peak expiratory flow, first readings (Bland and Altman 1986); CCC and limits from DescTools::CCC.
PEFR = (
    [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427],
    [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451],
)
X, Y = (np.array(side, dtype=float)[:, None] for side in PEFR)


def pair(seed: int, n: int = 25, p: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    return x, 0.3 + 0.8 * x + 0.4 * rng.normal(size=(n, p))


def test_ccc_of_the_peak_flow_meters():
    found = ccc(X, Y)
    assert [part[0] for part in found] == pytest.approx([0.9427424314, 0.8504918732, 0.9787262792], abs=1e-10)


def test_ccc_is_bounded_by_pearson():
    x, y = pair(0)
    r = np.array([np.corrcoef(x[:, i], y[:, i])[0, 1] for i in range(x.shape[1])])
    found = ccc(x, y).value
    assert (np.abs(found) <= np.abs(r)).all()
    variances = x.var(axis=0) + y.var(axis=0)
    covariance = ((x - x.mean(axis=0)) * (y - y.mean(axis=0))).mean(axis=0)
    np.testing.assert_allclose(found, 2 * covariance / (variances + (x.mean(axis=0) - y.mean(axis=0)) ** 2))


def test_ccc_of_equal_conditions_is_one_with_limits_one():
    assert [part[0] for part in ccc(X, X)] == [1.0, 1.0, 1.0]


def test_ccc_is_undefined_without_variation():
    assert np.isnan(ccc(np.ones((9, 1)), np.ones((9, 1))).value[0])


def test_ccc_interval_has_no_pole_at_zero_correlation():
    x = np.array([-2.0, -1, 0, 1, 2])[:, None]
    found = ccc(x, x**2)
    assert found.value[0] == pytest.approx(0.0, abs=1e-12)
    assert np.isfinite([found.low[0], found.high[0]]).all()


def test_bland_altman_by_hand():
    found = bland_altman(X, Y)
    difference = (Y - X)[:, 0]
    assert found.bias[0] == pytest.approx(difference.mean())
    assert found.low[0] == pytest.approx(difference.mean() - 1.96 * difference.std(ddof=1))
    assert found.high[0] == pytest.approx(difference.mean() + 1.96 * difference.std(ddof=1))
    assert found.reference_sd[0] == pytest.approx(np.std(PEFR[0], ddof=1))
    n = difference.size
    assert found.limit_se[0] == pytest.approx(
        difference.std(ddof=1) * np.sqrt(1 / n + 1.96**2 / (2 * (n - 1)))
    )


def test_proportional_bias_is_a_regression_on_the_mean():
    x, y = pair(1)
    found = bland_altman(x, y)
    for i in range(x.shape[1]):
        expected = stats.linregress((x[:, i] + y[:, i]) / 2, y[:, i] - x[:, i])
        assert found.slope[i] == pytest.approx(expected.slope)
        assert found.slope_p[i] == pytest.approx(expected.pvalue)


def test_spearman_of_the_peak_flow_meters():
    assert spearman(X, Y)[0] == pytest.approx(0.899509803922, abs=1e-12)


def test_spearman_gives_ties_their_mean_rank():
    rng = np.random.default_rng(2)
    x, y = (rng.integers(0, 5, size=(30, 4)).astype(float) for _ in range(2))
    expected = [stats.spearmanr(x[:, i], y[:, i]).statistic for i in range(4)]
    np.testing.assert_allclose(spearman(x, y), expected, rtol=1e-12)


def test_spearman_of_a_constant_is_undefined():
    assert np.isnan(spearman(np.ones((9, 1)), X[:9])[0])
