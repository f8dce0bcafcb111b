"""Intervals that come of resamples: of one number, of an area, and of many differences together.

References
----------
Davison AC, Hinkley DV. Bootstrap Methods and their Application. 1997. doi:10.1017/CBO9780511802843
Bamber D. J Math Psychol 1975;12:387-415. doi:10.1016/0022-2496(75)90001-2 (the variance without bias)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from robustrad.drift.evaluate.inputs import Floats

_MIN_DEFINED = 0.9  # of the resamples, else an interval is not given


class Limits(NamedTuple):
    """Lower and upper limits, shape (m,)."""

    low: Floats
    high: Floats


class Estimate(NamedTuple):
    """A number with its limits."""

    value: float
    low: float
    high: float


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


def logit_limits(estimate: Floats, samples: Floats, alpha: float) -> Limits:
    """Return the limits of areas (AUC, C): normal on the logit scale, with the SD of the resamples.

    An area of few patients is skewed towards one half, and its percentiles fall short of the nominal
    coverage; on the logit scale it is nearly normal. Limits lie inside (0, 1). An area of exactly 0 or 1 has
    an interval without width, which says how little a resample knows there. NaN where more than a tenth of
    the resamples has no value.

    Parameters
    ----------
    estimate : ndarray of shape (m,)
    samples : ndarray of shape (m, B)
    alpha : float
    """
    error = _spread(samples)
    inner = (estimate > 0.0) & (estimate < 1.0)
    area = np.where(inner, estimate, 0.5)
    half = float(norm.isf(alpha / 2.0)) * error / (area * (1.0 - area))
    low, high = expit(logit(area) - half), expit(logit(area) + half)
    edge = np.where(np.isnan(error), np.nan, estimate)
    return Limits(np.where(inner, low, edge), np.where(inner, high, edge))


def area_estimate(samples: Floats, alpha: float) -> Estimate:
    """Return an AUC or C, the first of ``samples`` (1 + B,), with the limits that the others give it."""
    limits = logit_limits(samples[:1], samples[None, 1:], alpha)
    return Estimate(float(samples[0]), float(limits.low[0]), float(limits.high[0]))


def difference_estimate(samples: Floats, alpha: float) -> Estimate:
    """Return a difference or a share, the first of ``samples`` (1 + B,), with percentiles of the others."""
    limits = percentile_limits(samples[None, 1:], alpha)
    return Estimate(float(samples[0]), float(limits.low[0]), float(limits.high[0]))


def simultaneous_band(
    estimate: Floats, samples: Floats, alpha: float, *, unbiased: Floats | None = None
) -> Band:
    """Return limits that hold for all rows together, by the bootstrap of the largest |t|.

    Parameters
    ----------
    estimate : ndarray of shape (m,)
    samples : ndarray of shape (m, B)
        The same resamples in every row. A row without variation has a band without width and does not count.
    alpha : float
        One minus the joint coverage.
    unbiased : ndarray of shape (m,), optional
        Standard errors to use for the width where they are known; elsewhere NaN, and the SD of the resamples
        is used. A resample counts the interaction of positives and negatives three times, which with few
        patients makes its SD too large; a third of its variance is what the interaction alone can be, and no
        standard error below that is believed.
    """
    spread = _spread(samples)
    varies = spread > 0
    if not varies.any():
        half = np.where(np.isnan(spread), np.nan, 0.0)
        return Band(estimate - half, estimate + half, half, float("nan"))
    t = np.abs(samples[varies] - estimate[varies, None]) / spread[varies, None]
    largest = np.nanmax(t, axis=0, initial=0.0)
    critical = float(np.quantile(largest, 1 - alpha))
    error = spread
    if unbiased is not None:
        error = np.where(np.isnan(unbiased), spread, np.maximum(unbiased, spread / np.sqrt(3.0)))
    half = critical * error
    return Band(estimate - half, estimate + half, half, critical)


def _spread(samples: Floats) -> Floats:
    """Return the SD of each row, NaN where too few resamples have a value."""
    spread = np.full(len(samples), np.nan)
    usable = np.isfinite(samples).mean(axis=1) >= _MIN_DEFINED if samples.size else np.zeros(0, dtype=bool)
    spread[usable] = np.nanstd(samples[usable], axis=1, ddof=1)
    return spread


def holm(p: Floats) -> Floats:
    """Return p-values adjusted by Holm's step-down method; NaN stays NaN and does not count."""
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    m = order.size
    stepped = np.maximum.accumulate(p[order] * (m - np.arange(m)))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
