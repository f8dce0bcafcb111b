"""Limits of an area, percentiles of resamples; Holm's adjustment."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, norm
from scipy.stats import t as student

from robustrad.drift.evaluate.limits import (
    area_estimate,
    area_limits,
    difference_estimate,
    holm,
    percentile_limits,
    spread,
)
from robustrad.drift.evaluate.precision import Precision


def precision(error: float, freedom: float = np.inf, surplus: float = 0.0) -> Precision:
    return Precision(*(np.array([part]) for part in (error, freedom, surplus)))


def test_percentiles_skip_the_undefined_and_give_up_when_many_are() -> None:
    samples = np.tile(np.arange(101.0), (3, 1))
    samples[1, :5] = np.nan
    samples[2, :20] = np.nan
    low, high = percentile_limits(samples, 0.1)
    assert (low[0], high[0]) == (5.0, 95.0)
    assert low[1] == pytest.approx(np.quantile(samples[1, 5:], 0.05))
    assert np.isnan(low[2])
    assert np.isnan(high[2])


def test_holm_by_hand() -> None:
    # sorted .01, .02, .03, .04 times 4, 3, 2, 1, and never falling
    found = holm(np.array([0.03, np.nan, 0.01, 0.04, 0.02]))
    np.testing.assert_allclose(found, [0.06, np.nan, 0.04, 0.06, 0.06])
    assert holm(np.array([0.6, 0.9])).tolist() == [1.0, 1.0]


def test_the_limits_of_independent_pairs_are_wilsons() -> None:
    for won, n in ((37, 50), (99, 100), (2, 30)):
        share = won / n
        low, high = area_limits(np.array([share]), precision(np.sqrt(share * (1 - share) / n)), 0.05)
        expected = binomtest(won, n).proportion_ci(0.95, method="wilson")
        assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_limits_are_where_the_error_there_no_longer_excludes_the_estimate() -> None:
    # 8 degrees of freedom; a surplus of .1 leaves 1 / (1 / 8 + .05) of them
    for estimate in (0.55, 0.8, 0.97):
        limits = area_limits(np.array([estimate]), precision(0.06, 8.0, 0.1), 0.1)
        for at in (limits.low[0], limits.high[0]):
            error = 0.06 * np.sqrt(at * (1 - at) / (estimate * (1 - estimate)))
            expected = student.isf(0.05, 1.0 / (1 / 8 + 0.05))
            assert abs(at - estimate) / error == pytest.approx(expected, rel=1e-9)


def test_few_light_tails_leave_more_degrees() -> None:
    plain, light, heavy = (
        np.ptp(area_limits(np.array([0.7]), precision(0.05, 6.0, s), 0.05)) for s in (0.0, -0.1, 0.2)
    )
    assert light < plain < heavy


def test_the_ends_have_no_width_and_the_unknown_no_limits() -> None:
    samples = np.array([[0.75, np.nan], [1.0, 1.0], [0.5, 0.5]])
    low, high = area_limits(np.array([0.8, 1.0, 0.5]), spread(samples), 0.05)
    assert np.isnan([low[0], high[0]]).all()
    assert (low[1], high[1]) == (1.0, 1.0)
    assert (low[2], high[2]) == (0.5, 0.5)
    assert np.isnan(area_limits(np.array([0.6]), precision(0.1, np.nan), 0.05)).all()


def test_an_area_and_a_difference_are_the_first_sample_with_limits_of_the_others() -> None:
    samples = np.r_[0.7, np.random.default_rng(3).normal(0.7, 0.05, 4000)]
    area, gap = area_estimate(samples, 0.05), difference_estimate(samples, 0.05)
    assert (area.value, gap.value) == (0.7, 0.7)
    half = norm.isf(0.025) * 0.05
    assert (gap.low, gap.high) == pytest.approx((0.7 - half, 0.7 + half), abs=0.006)
    assert (area.low, area.high) == pytest.approx((0.7 - half, 0.7 + half), abs=0.012)
    assert 0.7 - area.low > area.high - 0.7  # towards one half
