"""Resamples of patients, their intervals, and Holm's adjustment."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.drift.evaluate.resample import holm, patient_weights, percentile_limits, simultaneous_band


def test_every_resample_keeps_the_patients_of_each_kind() -> None:
    groups = np.repeat(np.arange(20), 3)
    outcome = np.repeat(np.arange(20) % 2, 3)
    outcome[:2] = [1, 0]  # one patient of both classes
    weights = patient_weights(outcome, groups, resamples=200, seed=1)
    assert (weights.reshape(200, 20, 3).std(axis=2) == 0).all()  # lesions stay together
    by_patient = weights[:, ::3]
    assert (by_patient[:, 0] == 1).all()  # the only one of its kind
    assert (by_patient[:, 1::2].sum(axis=1) == 10).all()
    assert (by_patient[:, 2::2].sum(axis=1) == 9).all()


def test_the_same_seed_gives_the_same_resamples_and_another_seed_others() -> None:
    y, g = np.arange(30) % 2, np.arange(30)
    first, again, other = (patient_weights(y, g, resamples=50, seed=s) for s in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


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
