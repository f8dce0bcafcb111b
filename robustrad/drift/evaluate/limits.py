"""Limits of an area (AUC, C), those that resamples give, and p-values of several tests.

References
----------
Davison AC, Hinkley DV. Bootstrap Methods and their Application. 1997. doi:10.1017/CBO9780511802843
Wilson EB. J Am Stat Assoc 1927;22:209-212. doi:10.1080/01621459.1927.10502953
Korn EL, Graubard BI. Surv Methodol 1998;24:193-201 (as many independent observations as tell as much)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
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
    r"""Return the limits of areas (AUC, C): those that their error at the limit does not exclude.

    The variance of an area falls towards 0 and 1, so that an estimate that came out high has too small an
    error. Wilson's limits take it where the limit lies: :math:`\theta(1-\theta)/n`, with the number n of
    independent pairs that would be known as well as the estimate is. They lie inside [0, 1]. An area of
    exactly 0 or 1 has an interval without width: no pair of patients says how far from the end it lies. NaN
    where the error or its degrees of freedom are not known.

    Parameters
    ----------
    estimate : ndarray of shape (m,)
    known : Precision
        Of the areas.
    alpha : float
    """
    inner = (estimate > 0.0) & (estimate < 1.0)
    spread_of = np.where(inner, estimate * (1.0 - estimate), 1.0)
    with np.errstate(divide="ignore"):
        freedom = 1.0 / (1.0 / known.freedom + known.surplus / 2.0)
    quantile = student.isf(alpha / 2.0, freedom)
    ratio = quantile**2 * known.error**2 / spread_of  # squared quantile by number of independent pairs
    middle = (estimate + ratio / 2.0) / (1.0 + ratio)
    half = np.sqrt(ratio * spread_of + ratio**2 / 4.0) / (1.0 + ratio)
    edge = np.where(np.isnan(half), np.nan, estimate)
    return Limits(np.where(inner, middle - half, edge), np.where(inner, middle + half, edge))


def area_of(value: float, known: Precision, alpha: float) -> Estimate:
    """Return one AUC or C with its limits."""
    limits = area_limits(np.array([value]), known, alpha)
    return Estimate(value, float(limits.low[0]), float(limits.high[0]))


def area_estimate(samples: Floats, alpha: float) -> Estimate:
    """Return an AUC or C, the first of ``samples`` (1 + B,), with limits by the SD of the others."""
    return area_of(float(samples[0]), spread(samples[None, 1:]), alpha)


def difference_estimate(samples: Floats, alpha: float) -> Estimate:
    """Return a difference or a share, the first of ``samples`` (1 + B,), with percentiles of the others."""
    limits = percentile_limits(samples[None, 1:], alpha)
    return Estimate(float(samples[0]), float(limits.low[0]), float(limits.high[0]))


def spread(samples: Floats) -> Precision:
    """Return the SD of each row of ``samples`` (m, B) as its error, with the normal for Student's t.

    NaN where more than a tenth of the resamples has no value.
    """
    error = np.full(len(samples), np.nan)
    usable = np.isfinite(samples).mean(axis=1) >= _MIN_DEFINED if samples.size else np.zeros(0, dtype=bool)
    error[usable] = np.nanstd(samples[usable], axis=1, ddof=1)
    return Precision(error, np.full(len(samples), np.inf), np.zeros(len(samples)))


def holm(p: Floats) -> Floats:
    """Return p-values adjusted by Holm's step-down method; NaN stays NaN and does not count."""
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    m = order.size
    stepped = np.maximum.accumulate(p[order] * (m - np.arange(m)))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
