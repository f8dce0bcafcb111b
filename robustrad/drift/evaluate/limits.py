"""Intervals of one number, of an area, and of many differences together.

References
----------
Davison AC, Hinkley DV. Bootstrap Methods and their Application. 1997. doi:10.1017/CBO9780511802843
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import norm
from scipy.stats import t as student

from robustrad.drift.evaluate.inputs import Floats
from robustrad.drift.evaluate.precision import Precision

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
    """Limits of many differences.

    Attributes
    ----------
    low, high, half : ndarray of shape (m,)
        Limits and half width.
    critical : ndarray of shape (m,)
        Quantile of |t| over the resamples; the normal's where none varies.
    """

    low: Floats
    high: Floats
    half: Floats
    critical: Floats


def percentile_limits(samples: Floats, alpha: float) -> Limits:
    """Return the alpha/2 and 1 - alpha/2 quantiles of each row of ``samples`` (m, B).

    NaN where more than a tenth of the resamples has no value.
    """
    defined = np.isfinite(samples)
    low, high = np.full(len(samples), np.nan), np.full(len(samples), np.nan)
    for row in np.flatnonzero(defined.mean(axis=1) >= _MIN_DEFINED):
        low[row], high[row] = np.quantile(samples[row][defined[row]], [alpha / 2.0, 1.0 - alpha / 2.0])
    return Limits(low, high)


def area_limits(estimate: Floats, known: Precision, alpha: float) -> Limits:
    """Return the limits of areas (AUC, C) on the scale of the probit.

    An area of few patients is skewed towards one half, and its plain limits fall short of the nominal
    coverage; its probit, which is the separation of two normal classes, is nearly normal. Limits lie inside
    (0, 1). An area of exactly 0 or 1 has an interval without width: no pair of patients says how far from the
    end it lies. NaN where the error or its degrees of freedom are not known.

    Parameters
    ----------
    estimate : ndarray of shape (m,)
    known : Precision
        Of the areas.
    alpha : float
    """
    inner = (estimate > 0.0) & (estimate < 1.0)
    separation = ndtri(np.where(inner, estimate, 0.5))
    half = known.error * student.isf(alpha / 2.0, known.freedom) / norm.pdf(separation)
    edge = np.where(np.isnan(half), np.nan, estimate)
    low, high = ndtr(separation - half), ndtr(separation + half)
    return Limits(np.where(inner, low, edge), np.where(inner, high, edge))


def area_of(value: float, known: Precision, alpha: float) -> Estimate:
    """Return one AUC or C with its limits."""
    limits = area_limits(np.array([value]), known, alpha)
    return Estimate(value, float(limits.low[0]), float(limits.high[0]))


def change_of(value: float, deviation: Floats, known: Precision, alpha: float) -> Estimate:
    """Return one difference of areas with its limits; ``deviation`` (B,) from it in the resamples."""
    limits = single_bands(np.array([value]), deviation[None], known, alpha)
    return Estimate(value, float(limits.low[0]), float(limits.high[0]))


def area_estimate(samples: Floats, alpha: float) -> Estimate:
    """Return an AUC or C, the first of ``samples`` (1 + B,), with limits by the SD of the others."""
    return area_of(float(samples[0]), spread(samples[None, 1:]), alpha)


def difference_estimate(samples: Floats, alpha: float) -> Estimate:
    """Return a difference or a share, the first of ``samples`` (1 + B,), with percentiles of the others."""
    limits = percentile_limits(samples[None, 1:], alpha)
    return Estimate(float(samples[0]), float(limits.low[0]), float(limits.high[0]))


def single_bands(estimate: Floats, deviation: Floats, known: Precision, alpha: float) -> Band:
    """Return the limits that each difference has alone; see :func:`simultaneous_band`."""
    t = _studentized(deviation)
    varies = np.isfinite(t).any(axis=1)
    critical = np.full(len(estimate), norm.isf(alpha / 2.0))
    if varies.any():
        critical[varies] = np.nanquantile(t[varies], 1 - alpha, axis=1)
    return _band(estimate, known, critical)


def simultaneous_band(estimate: Floats, deviation: Floats, known: Precision, alpha: float) -> Band:
    """Return limits that hold for all differences together, by the bootstrap of the largest |t|.

    Parameters
    ----------
    estimate : ndarray of shape (m,)
    deviation : ndarray of shape (m, B)
        From the estimate in each resample, the same resamples in every row. A row without variation has a
        band without width and does not count.
    known : Precision
        Of the differences. The resamples tell how far out the largest |t| lies, the standard error how
        wide that is; the critical value of a row lies as far out as Student's t exceeds the normal.
    alpha : float
        One minus the joint coverage.
    """
    t = _studentized(deviation)
    varies = np.isfinite(t).any(axis=1)
    critical = norm.isf(alpha / 2.0)
    if varies.any():
        critical = np.quantile(np.nanmax(t[varies], axis=0, initial=0.0), 1 - alpha)
    return _band(estimate, known, np.full(len(estimate), critical))


def spread(samples: Floats) -> Precision:
    """Return the SD of each row of ``samples`` (m, B) as its error, with the normal for Student's t.

    NaN where more than a tenth of the resamples has no value.
    """
    error = np.full(len(samples), np.nan)
    usable = np.isfinite(samples).mean(axis=1) >= _MIN_DEFINED if samples.size else np.zeros(0, dtype=bool)
    error[usable] = np.nanstd(samples[usable], axis=1, ddof=1)
    return Precision(error, np.full(len(samples), np.inf))


def _studentized(deviation: Floats) -> Floats:
    """Return |t| of every resample, shape (m, B); NaN in rows that do not vary or are not known."""
    error = spread(deviation).error
    varies = error > 0.0
    t = np.full(deviation.shape, np.nan)
    t[varies] = np.abs(deviation[varies]) / error[varies, None]
    return t


def _band(estimate: Floats, known: Precision, critical: Floats) -> Band:
    """Return the band whose critical values are as far out on Student's t as ``critical`` on the normal."""
    quantile = student.isf(norm.sf(critical), known.freedom)
    half = np.where(known.error > 0.0, known.error * quantile, known.error)
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
