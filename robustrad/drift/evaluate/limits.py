"""Intervals that come of resamples: of one number, of an area, and of many differences together.

References
----------
Davison AC, Hinkley DV. Bootstrap Methods and their Application. 1997. doi:10.1017/CBO9780511802843
Hesterberg TC. Am Stat 2015;69:371-386. doi:10.1080/00031305.2015.1089789 (wider percentiles for few)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm
from scipy.stats import t as student

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


def percentile_limits(samples: Floats, alpha: float, *, freedom: Floats | None = None) -> Limits:
    """Return the alpha/2 and 1 - alpha/2 quantiles of each row of ``samples`` (m, B).

    With ``freedom`` (m,) the quantiles lie as far out as Student's t exceeds the normal. NaN where more than
    a tenth of the resamples has no value, or the degrees of freedom are not known.
    """
    defined = np.isfinite(samples)
    usable = defined.mean(axis=1) >= _MIN_DEFINED
    out = alpha / 2.0 if freedom is None else norm.sf(_quantile(alpha, freedom))
    tail = np.broadcast_to(out, len(samples))
    low, high = np.full(len(samples), np.nan), np.full(len(samples), np.nan)
    for row in np.flatnonzero(usable & np.isfinite(tail)):
        low[row], high[row] = np.quantile(samples[row][defined[row]], [tail[row], 1.0 - tail[row]])
    return Limits(low, high)


def logit_limits(estimate: Floats, samples: Floats, alpha: float, *, freedom: Floats | None = None) -> Limits:
    """Return the limits of areas (AUC, C) on the logit scale, with the SD of the resamples.

    An area of few patients is skewed towards one half, and its percentiles fall short of the nominal
    coverage; on the logit scale it is nearly normal. Limits lie inside (0, 1). An area of exactly 0 or 1 has
    an interval without width, which says how little a resample knows there. NaN where more than a tenth of
    the resamples has no value, or the degrees of freedom are not known.

    Parameters
    ----------
    estimate : ndarray of shape (m,)
    samples : ndarray of shape (m, B)
    alpha : float
    freedom : ndarray of shape (m,), optional
        Of Student's t; without it the normal.
    """
    error = _spread(samples) * _quantile(alpha, freedom)
    inner = (estimate > 0.0) & (estimate < 1.0)
    area = np.where(inner, estimate, 0.5)
    half = error / (area * (1.0 - area))
    low, high = expit(logit(area) - half), expit(logit(area) + half)
    edge = np.where(np.isnan(error), np.nan, estimate)
    return Limits(np.where(inner, low, edge), np.where(inner, high, edge))


def area_estimate(samples: Floats, alpha: float, *, freedom: float | None = None) -> Estimate:
    """Return an AUC or C, the first of ``samples`` (1 + B,), with the limits that the others give it."""
    df = None if freedom is None else np.array([freedom])
    limits = logit_limits(samples[:1], samples[None, 1:], alpha, freedom=df)
    return Estimate(float(samples[0]), float(limits.low[0]), float(limits.high[0]))


def difference_estimate(samples: Floats, alpha: float, *, freedom: float | None = None) -> Estimate:
    """Return a difference or a share, the first of ``samples`` (1 + B,), with percentiles of the others."""
    df = None if freedom is None else np.array([freedom])
    limits = percentile_limits(samples[None, 1:], alpha, freedom=df)
    return Estimate(float(samples[0]), float(limits.low[0]), float(limits.high[0]))


def simultaneous_band(
    estimate: Floats, samples: Floats, alpha: float, *, freedom: Floats | None = None
) -> Band:
    """Return limits that hold for all rows together, by the bootstrap of the largest |t|.

    Parameters
    ----------
    estimate : ndarray of shape (m,)
    samples : ndarray of shape (m, B)
        The same resamples in every row. A row without variation has a band without width and does not count.
    alpha : float
        One minus the joint coverage.
    freedom : ndarray of shape (m,), optional
        The critical value of a row lies as far out as Student's t exceeds the normal; NaN: no limits.
    """
    spread = _spread(samples)
    varies = spread > 0
    if not varies.any():
        half = np.where(np.isnan(spread), np.nan, 0.0)
        return Band(estimate - half, estimate + half, half, float("nan"))
    t = np.abs(samples[varies] - estimate[varies, None]) / spread[varies, None]
    largest = np.nanmax(t, axis=0, initial=0.0)
    critical = float(np.quantile(largest, 1 - alpha))
    half = spread * _quantile(2.0 * float(norm.sf(critical)), freedom)
    return Band(estimate - half, estimate + half, half, critical)


def _quantile(alpha: float, freedom: Floats | None) -> Floats:
    """Return the two-sided quantile of Student's t, of the normal without ``freedom``."""
    return np.asarray(norm.isf(alpha / 2.0) if freedom is None else student.isf(alpha / 2.0, freedom))


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
