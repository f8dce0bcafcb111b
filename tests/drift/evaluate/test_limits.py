"""Intervals of one number, of an area and of many differences; Holm's adjustment."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

from robustrad.drift.evaluate.limits import (
    area_estimate,
    area_limits,
    change_of,
    difference_estimate,
    holm,
    percentile_limits,
    simultaneous_band,
    single_bands,
    spread,
)
from robustrad.drift.evaluate.precision import Precision


def normal(error: float | list[float], m: int = 1) -> Precision:
    """A known standard error, with the normal for Student's t."""
    return Precision(np.broadcast_to(np.asarray(error), m).astype(float), np.full(m, np.inf))


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
    band = simultaneous_band(np.zeros(10), samples, spread(samples), 0.05)
    # P(max of 10 independent |t| > c) = .05 at c = norm.isf((1 - .95 ** .1) / 2) = 2.800
    assert band.critical == pytest.approx(np.full(10, 2.800), abs=0.03)
    inside = (np.abs(samples) <= band.half[:, None]).all(axis=0).mean()
    assert inside == pytest.approx(0.95, abs=1e-3)
    alone = single_bands(np.zeros(10), samples, spread(samples), 0.05)
    assert alone.critical == pytest.approx(np.full(10, norm.isf(0.025)), abs=0.05)


def test_what_does_not_vary_has_a_band_without_width_and_does_not_widen_the_others() -> None:
    samples = np.vstack([np.zeros(500), np.random.default_rng(1).normal(size=500)])
    band = simultaneous_band(np.zeros(2), samples, spread(samples), 0.05)
    alone = simultaneous_band(np.zeros(1), samples[1:], spread(samples[1:]), 0.05)
    assert (band.low[0], band.high[0]) == (0.0, 0.0)
    assert band.critical[1] == alone.critical[0]
    for bands in (simultaneous_band, single_bands):
        still = bands(np.zeros(1), np.zeros((1, 500)), normal(0.0), 0.05)
        assert (still.low[0], still.high[0]) == (0.0, 0.0)
        assert still.critical == pytest.approx(norm.isf(0.025))


def test_resamples_give_the_shape_of_a_band_and_the_standard_error_its_width() -> None:
    samples = np.random.default_rng(5).normal(size=(3, 4000))
    wide, narrow = (simultaneous_band(np.zeros(3), s * samples, normal(0.1, 3), 0.05) for s in (1.0, 0.2))
    np.testing.assert_allclose(wide.half, narrow.half, rtol=1e-12)
    np.testing.assert_allclose(wide.half, 0.1 * wide.critical, rtol=1e-12)


def test_what_varies_in_no_resample_but_has_an_error_takes_the_critical_value_of_the_others() -> None:
    deviation = np.vstack([np.zeros(4000), np.random.default_rng(5).normal(size=4000)])
    joint, single = (
        bands(np.zeros(2), deviation, normal(0.1, 2), 0.05) for bands in (simultaneous_band, single_bands)
    )
    assert joint.critical[0] == joint.critical[1]
    assert single.critical[0] == pytest.approx(norm.isf(0.025))


def test_an_unknown_row_has_no_limits_and_takes_none_away() -> None:
    deviation = np.random.default_rng(5).normal(size=(2, 400))
    deviation[1] = np.nan
    for bands in (simultaneous_band, single_bands):
        found = bands(np.zeros(2), deviation, normal([0.1, np.nan], 2), 0.05)
        assert np.isfinite(found.half[0])
        assert np.isnan(found.half[1])


def test_a_few_undefined_resamples_do_not_take_the_limits_away() -> None:
    deviation = np.random.default_rng(6).normal(size=(2, 4000))
    some = deviation.copy()
    some[:, ::50] = np.nan
    for bands in (simultaneous_band, single_bands):
        whole, holed = (bands(np.zeros(2), each, normal(0.1, 2), 0.05) for each in (deviation, some))
        np.testing.assert_allclose(holed.half, whole.half, rtol=0.03)


def test_holm_by_hand() -> None:
    # sorted .01, .02, .03, .04 times 4, 3, 2, 1, and never falling
    found = holm(np.array([0.03, np.nan, 0.01, 0.04, 0.02]))
    np.testing.assert_allclose(found, [0.06, np.nan, 0.04, 0.06, 0.06])
    assert holm(np.array([0.6, 0.9])).tolist() == [1.0, 1.0]


def test_the_limits_of_an_area_by_hand() -> None:
    samples = np.array([[0.75, 0.85], [0.75, np.nan], [1.0, 1.0]])
    low, high = area_limits(np.array([0.8, 0.8, 1.0]), spread(samples), 0.05)
    # SD .0707107 / phi(.841621) = .0707107 / .279962 = .252573 as a probit; .841621 -+ 1.959964 * .252573 =
    # .346588 and 1.336654, whose normal probabilities are .63555 and .90933
    assert (low[0], high[0]) == pytest.approx((0.63555, 0.90933), abs=2e-5)
    assert np.isnan([low[1], high[1]]).all()
    assert (low[2], high[2]) == (1.0, 1.0)


def test_an_area_and_a_difference_are_the_first_sample_with_limits_of_the_others() -> None:
    samples = np.r_[0.7, np.random.default_rng(3).normal(0.7, 0.05, 4000)]
    area, gap = area_estimate(samples, 0.05), difference_estimate(samples, 0.05)
    known = change_of(0.7, samples[1:] - 0.7, normal(0.05), 0.05)
    expected = 0.7 + norm.isf(0.025) * 0.05 * np.array([-1, 1])
    assert (area.value, gap.value, known.value) == (0.7, 0.7, 0.7)
    assert (gap.low, gap.high) == pytest.approx(expected, abs=0.006)
    assert (known.low, known.high) == pytest.approx(expected, abs=0.003)
    assert 0.7 - area.low > area.high - 0.7  # towards one half


def test_degrees_of_freedom_widen_every_interval_as_student_widens_the_normal() -> None:
    samples = np.random.default_rng(2).normal(0.6, 0.05, size=(2, 20_000))
    estimate, few = np.full(2, 0.6), np.array([5.0, np.inf])
    ratio = student.isf(0.025, 5) / norm.isf(0.025)
    known = spread(samples)
    fewer = known._replace(freedom=few)
    plain, wide = (area_limits(estimate, each, 0.05) for each in (known, fewer))
    width = [norm.ppf(limits.high) - norm.ppf(limits.low) for limits in (plain, wide)]
    assert width[1] == pytest.approx(width[0] * np.array([ratio, 1.0]), rel=1e-12)
    for bands in (simultaneous_band, single_bands):
        narrow, band = (bands(estimate, samples - 0.6, each, 0.05) for each in (known, fewer))
        np.testing.assert_array_equal(band.critical, narrow.critical)
        beyond = student.isf(norm.sf(band.critical[0]), 5)
        assert band.half == pytest.approx(narrow.half * np.array([beyond / band.critical[0], 1.0]), rel=1e-9)


def test_without_degrees_of_freedom_nothing_is_claimed() -> None:
    samples = np.random.default_rng(2).normal(0.6, 0.05, size=(1, 200))
    unknown = spread(samples)._replace(freedom=np.array([np.nan]))
    assert np.isnan(area_limits(np.array([0.6]), unknown, 0.05)).all()
    for bands in (simultaneous_band, single_bands):
        assert np.isnan(bands(np.array([0.6]), samples - 0.6, unknown, 0.05).half).all()
