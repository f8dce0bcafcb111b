"""Frozen models on independent patients: the intervals cover what they claim."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from robustrad.drift.evaluate.bands import simultaneous_band, single_bands
from robustrad.drift.evaluate.discrimination import auc_curves, delong_contrasts
from robustrad.drift.evaluate.levels import levels_of
from robustrad.drift.evaluate.limits import area_limits
from robustrad.drift.evaluate.resample import patient_weights

from .cohort import arm, cohort, levels

RUNS, RESAMPLES, ALPHA = 3000, 1000, 0.05
MANY_RUNS = 1000  # of many levels


def tolerance(runs: int) -> float:
    """Three Monte Carlo standard errors of a coverage of 95 %."""
    return float(3.0 * np.sqrt(ALPHA * (1.0 - ALPHA) / runs))


SEPARATION = np.array([1.2, 1.2, 0.9, 0.6])  # of the classes, at the reference and three levels
CORRELATION = np.array([1.0, 0.9, 0.8, 0.6])  # of the noise with the reference's
TRUTH = norm.cdf(SEPARATION / np.sqrt(2.0))


def simulated(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    shared = rng.normal(size=(y.size, 1))
    own = rng.normal(size=(y.size, SEPARATION.size))
    return SEPARATION * y[:, None] + CORRELATION * shared + np.sqrt(1.0 - CORRELATION**2) * own


def covered(positive: int, negative: int, runs: int, seed: list[int]) -> dict[str, np.ndarray]:
    """Share of studies in which the truth lies inside, for each level, and for all of a band."""
    rng = np.random.default_rng(seed)
    y = np.repeat([1, 0], [positive, negative])
    table = levels(SEPARATION.size - 1)
    area, change, joint = [], [], []
    for run in range(runs):
        scores = simulated(y, rng)
        data, scored = cohort(y, table), arm(scores)
        weights = patient_weights(y, data.groups, resamples=RESAMPLES, seed=run)
        curves = auc_curves(scored, data, levels_of(data, scores))
        auc = area_limits(curves.auc, curves.known, ALPHA)
        moved = curves.change.take(np.arange(TRUTH.size) > 0)
        delta, band = single_bands(moved, ALPHA), simultaneous_band(moved, weights, ALPHA)
        shift = TRUTH[1:] - TRUTH[0]
        area.append((auc.low <= TRUTH) & (auc.high >= TRUTH))
        change.append((delta.low <= shift) & (shift <= delta.high))
        joint.append(((band.low <= shift) & (shift <= band.high)).all())
    found = {"auc": np.mean(area, axis=0), "delta": np.mean(change, axis=0), "band": np.mean(joint)}
    print(f"{positive} + {negative}:", {name: np.round(share, 4) for name, share in found.items()})
    return found


DESIGNS = [(16, 24), (20, 80), (20, 180), (40, 60), (80, 120)]


@pytest.mark.slow
@pytest.mark.parametrize(("positive", "negative"), DESIGNS)
def test_intervals_differences_and_the_band_keep_nominal_coverage(positive: int, negative: int) -> None:
    for name, coverage in covered(positive, negative, RUNS, [positive, negative]).items():
        assert np.all(np.abs(coverage - (1.0 - ALPHA)) <= tolerance(RUNS)), (name, coverage)


@pytest.mark.slow
def test_so_they_do_with_few_patients_by_the_errors_of_a_thousand_studies() -> None:
    for name, coverage in covered(16, 24, 1000, [16, 24, 1000]).items():
        assert np.all(np.abs(coverage - (1.0 - ALPHA)) <= tolerance(1000)), (name, coverage)


@pytest.mark.slow
@pytest.mark.parametrize(("positive", "negative"), DESIGNS)
def test_delongs_contrast_keeps_its_level(positive: int, negative: int) -> None:
    rng = np.random.default_rng([positive, negative])
    y = np.repeat([1, 0], [positive, negative])
    held = []
    for _ in range(RUNS):
        scores = simulated(y, rng)
        data = cohort(y, levels(SEPARATION.size - 1))
        held.append(delong_contrasts(scores, data, levels_of(data, scores)).p[1] > ALPHA)
    print(f"{positive} + {negative}: DeLong {np.mean(held):.4f}")
    assert abs(np.mean(held) - (1.0 - ALPHA)) <= tolerance(RUNS)


def joint_coverage(n: tuple[int, int], separation: np.ndarray, correlation: np.ndarray) -> float:
    """Share of studies in which the band holds at all levels that vary; the first is the reference."""
    many = separation.size - 1
    truth = norm.cdf(separation / np.sqrt(2.0))
    rng = np.random.default_rng([*n, many])
    y, table = np.repeat([1, 0], n), levels(many)
    held = []
    for run in range(MANY_RUNS):
        own = rng.normal(size=(y.size, many + 1))
        noise = correlation * rng.normal(size=(y.size, 1)) + np.sqrt(1.0 - correlation**2) * own
        scores = separation * y[:, None] + noise
        data, scored = cohort(y, table), arm(scores)
        weights = patient_weights(y, data.groups, resamples=RESAMPLES, seed=run)
        moved = auc_curves(scored, data, levels_of(data, scores)).change.take(np.arange(many + 1) > 0)
        band = simultaneous_band(moved, weights, ALPHA)
        shift = truth[1:] - truth[0]
        unchanged = moved.known.error == 0.0  # has a verdict of its own, and claims nothing
        held.append((unchanged | ((band.low <= shift) & (shift <= band.high))).all())
    return float(np.mean(held))


@pytest.mark.slow
def test_the_band_of_forty_levels_keeps_nominal_coverage() -> None:
    separation = np.r_[1.2, np.tile([1.2, 1.15, 1.05, 0.9], 10)]
    found = joint_coverage((40, 60), separation, np.r_[1.0, np.tile([0.99, 0.97, 0.93, 0.85], 10)])
    print(f"40 levels: band {found:.4f}")
    assert abs(found - (1.0 - ALPHA)) <= tolerance(MANY_RUNS)


@pytest.mark.slow
@pytest.mark.parametrize("auc", [0.8, 0.9])
def test_the_band_of_many_mild_levels_never_falls_short(auc: float) -> None:
    # Few patients change places under a mild perturbation: the standard errors are the least certain there.
    separation = norm.ppf(auc) * np.sqrt(2.0) * np.r_[1.0, np.linspace(1.0, 0.9, 17)]
    found = joint_coverage((20, 80), separation, np.r_[1.0, np.linspace(0.9995, 0.97, 17)])
    print(f"17 levels, AUC {auc}: band {found:.4f}")
    assert found >= 1.0 - ALPHA - tolerance(MANY_RUNS)
