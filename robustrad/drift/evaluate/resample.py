"""Bootstrap of the patients and the intervals that come of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.inputs import Floats, Ints

_MIN_DEFINED = 0.9  # of the resamples, else an interval is not given


class Limits(NamedTuple):
    """Lower and upper limits, shape (m,)."""

    low: Floats
    high: Floats


class Band(NamedTuple):
    """Simultaneous limits.

    Attributes
    ----------
    low, high, half : ndarray of shape (m,)
        Limits and half width.
    critical : float
        Quantile of the largest |t|; NaN if nothing varies.
    """

    low: Floats
    high: Floats
    half: Floats
    critical: float


def patient_weights(outcome: Ints, groups: Ints, *, resamples: int, seed: int) -> Floats:
    """Return how often each subject is in each resample, shape (resamples, n).

    Whole patients are drawn with replacement, separately among those whose subjects are all negative, all
    positive, or both, so that every resample has the cohort's patients of each kind.

    Parameters
    ----------
    outcome : ndarray of int, shape (n,)
    groups : ndarray of int, shape (n,)
        Patient of each subject.
    resamples, seed : int
    """
    _, patient = np.unique(groups, return_inverse=True)
    size = np.bincount(patient)
    positive = np.bincount(patient, weights=outcome)
    kind = np.where(positive == 0, 0, np.where(positive == size, 1, 2))
    drawn = np.empty((resamples, size.size))
    for number in np.unique(kind):
        members = np.flatnonzero(kind == number)
        rng = np.random.default_rng([seed, int(number), members.size])
        drawn[:, members] = rng.multinomial(members.size, np.full(members.size, 1 / members.size), resamples)
    return drawn[:, patient]


def percentile_limits(samples: Floats, alpha: float) -> Limits:
    """Return the alpha/2 and 1 - alpha/2 quantiles of each row of ``samples`` (m, B).

    NaN where more than a tenth of the resamples has no value.
    """
    defined = np.isfinite(samples)
    usable = defined.mean(axis=1) >= _MIN_DEFINED
    low, high = np.full(len(samples), np.nan), np.full(len(samples), np.nan)
    complete = defined.all(axis=1)
    if complete.any():
        low[complete], high[complete] = np.quantile(samples[complete], [alpha / 2, 1 - alpha / 2], axis=1)
    for row in np.flatnonzero(usable & ~complete):
        low[row], high[row] = np.quantile(samples[row][defined[row]], [alpha / 2, 1 - alpha / 2])
    return Limits(low, high)


def simultaneous_band(estimate: Floats, samples: Floats, alpha: float) -> Band:
    """Return limits that hold for all rows together, by the bootstrap of the largest |t|.

    Parameters
    ----------
    estimate : ndarray of shape (m,)
    samples : ndarray of shape (m, B)
        The same resamples in every row. A row without variation has a band without width and does not count.
    alpha : float
        One minus the joint coverage.
    """
    error = np.full(len(samples), np.nan)
    usable = np.isfinite(samples).mean(axis=1) >= _MIN_DEFINED if samples.size else np.zeros(0, dtype=bool)
    error[usable] = np.nanstd(samples[usable], axis=1, ddof=1)
    varies = usable & (error > 0)
    if not varies.any():
        half = np.where(usable, 0.0, np.nan)
        return Band(estimate - half, estimate + half, half, float("nan"))
    t = np.abs(samples[varies] - estimate[varies, None]) / error[varies, None]
    largest = np.nanmax(t, axis=0, initial=0.0)
    critical = float(np.quantile(largest, 1 - alpha))
    half = critical * error
    return Band(estimate - half, estimate + half, half, critical)


def holm(p: Floats) -> Floats:
    """Return p-values adjusted by Holm's step-down method; NaN stays NaN and does not count."""
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    m = order.size
    stepped = np.maximum.accumulate(p[order] * (m - np.arange(m)))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
