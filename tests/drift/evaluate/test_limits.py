"""Intervals of one number, of an area and of many differences; Holm's adjustment."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logit
from scipy.stats import norm
from scipy.stats import t as student

from robustrad.drift.evaluate.limits import (
    area_estimate,
    difference_estimate,
    holm,
    logit_limits,
    percentile_limits,
    simultaneous_band,
)


def test_percentiles_skip_the_undefined_and_give_up_when_many_are() -> None:
    samples = np.tile(np.arange(101.0), (3, 1))
    samples[1, :5] = np.nan
    samples[2, :20] = np.nan
    low, high = percentile_limits(samples, 0.1)
    assert (low[0], high[0]) == (5.0, 95.0)
    assert low[1] == pytest.approx(np.quantile(samples[1, 5:], 0.05))
    assert np.isnan(low[2])
    assert np.isnan(high[2])


def test_the_band_is_wider_than_single_intervals_and_holds_jointly() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(10, 20_000))
    band = simultaneous_band(np.zeros(10), samples, 0.05)
    # P(max of 10 independent |t| > c) = .05 at c = norm.isf((1 - .95 ** .1) / 2) = 2.800
    assert band.critical == pytest.approx(2.800, abs=0.03)
    inside = (np.abs(samples) <= band.half[:, None]).all(axis=0).mean()
    assert inside == pytest.approx(0.95, abs=1e-3)


def test_what_does_not_vary_has_a_band_without_width_and_does_not_widen_the_others() -> None:
    samples = np.vstack([np.zeros(500), np.random.default_rng(1).normal(size=500)])
    band = simultaneous_band(np.zeros(2), samples, 0.05)
    alone = simultaneous_band(np.zeros(1), samples[1:], 0.05)
    assert (band.low[0], band.high[0]) == (0.0, 0.0)
    assert band.critical == alone.critical
    still = simultaneous_band(np.zeros(1), np.zeros((1, 500)), 0.05)
    assert (still.low[0], still.high[0]) == (0.0, 0.0)
    assert np.isnan(still.critical)


def test_holm_by_hand() -> None:
    # sorted .01, .02, .03, .04 times 4, 3, 2, 1, and never falling
    found = holm(np.array([0.03, np.nan, 0.01, 0.04, 0.02]))
    np.testing.assert_allclose(found, [0.06, np.nan, 0.04, 0.06, 0.06])
    assert holm(np.array([0.6, 0.9])).tolist() == [1.0, 1.0]


def test_the_limits_of_an_area_by_hand() -> None:
    samples = np.array([[0.75, 0.85], [0.75, np.nan], [1.0, 1.0]])
    low, high = logit_limits(np.array([0.8, 0.8, 1.0]), samples, 0.05)
    # SD .0707 / (.8 * .2) = .442 on the logit scale, around log 4 = 1.386: 1.386 -+ 1.960 * .442
    assert (low[0], high[0]) == pytest.approx((0.62716, 0.90487), abs=1e-4)
    assert np.isnan([low[1], high[1]]).all()
    assert (low[2], high[2]) == (1.0, 1.0)


def test_an_area_and_a_difference_are_the_first_sample_with_limits_of_the_others() -> None:
    samples = np.r_[0.7, np.random.default_rng(3).normal(0.7, 0.05, 4000)]
    area, gap = area_estimate(samples, 0.05), difference_estimate(samples, 0.05)
    assert (area.value, gap.value) == (0.7, 0.7)
    assert (gap.low, gap.high) == pytest.approx(0.7 + norm.isf(0.025) * 0.05 * np.array([-1, 1]), abs=0.006)
    assert 0.7 - area.low > area.high - 0.7  # towards one half


def test_degrees_of_freedom_widen_every_interval_as_student_widens_the_normal() -> None:
    samples = np.random.default_rng(2).normal(0.6, 0.05, size=(2, 20_000))
    estimate, few = np.full(2, 0.6), np.array([5.0, np.inf])
    ratio = student.isf(0.025, 5) / norm.isf(0.025)
    plain, wide = (logit_limits(estimate, samples, 0.05, freedom=df) for df in (None, few))
    width = [logit(limits.high) - logit(limits.low) for limits in (plain, wide)]
    assert width[1] == pytest.approx(width[0] * np.array([ratio, 1.0]), rel=1e-12)
    low, high = percentile_limits(samples, 0.05, freedom=few)
    assert high - low == pytest.approx(2 * 0.05 * norm.isf(0.025) * np.array([ratio, 1.0]), rel=0.05)
    narrow = simultaneous_band(estimate, samples, 0.05)
    band = simultaneous_band(estimate, samples, 0.05, freedom=few)
    assert band.critical == narrow.critical
    beyond = student.isf(norm.sf(band.critical), 5)
    assert band.half == pytest.approx(narrow.half * np.array([beyond / band.critical, 1.0]), rel=1e-9)


def test_without_degrees_of_freedom_nothing_is_claimed() -> None:
    samples = np.random.default_rng(2).normal(0.6, 0.05, size=(1, 200))
    unknown = np.array([np.nan])
    assert np.isnan(logit_limits(np.array([0.6]), samples, 0.05, freedom=unknown)).all()
    assert np.isnan(percentile_limits(samples, 0.05, freedom=unknown)).all()
    assert np.isnan(simultaneous_band(np.array([0.6]), samples, 0.05, freedom=unknown).half).all()
