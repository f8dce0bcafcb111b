"""Agreement of one condition with the reference: CCC, Bland-Altman, Spearman; many features at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special
from scipy.stats import rankdata

from robustrad.stability.anova import Floats
from robustrad.stability.forms import Estimate


class BlandAltman(NamedTuple):
    """Differences level - reference, in feature units unless said otherwise; arrays of shape (p_features,).

    Attributes
    ----------
    bias : ndarray
        Mean difference.
    low, high : ndarray
        95 % limits of agreement, bias -+ 1.96 SD of the differences.
    limit_se : ndarray
        Standard error of either limit, s sqrt(1/n + 1.96^2 / (2 (n-1))).
    reference_sd : ndarray
        SD between subjects at the reference (ddof 1): divide by it for bias in reference SDs.
    slope, slope_p : ndarray
        Proportional bias: slope of the difference on the mean of both, and the p of slope = 0.
    """

    bias: Floats
    low: Floats
    high: Floats
    limit_se: Floats
    reference_sd: Floats
    slope: Floats
    slope_p: Floats


def ccc(reference: Floats, level: Floats, *, alpha: float = 0.05) -> Estimate:
    """Return Lin's concordance correlation with its interval on the atanh scale.

    Parameters
    ----------
    reference, level : ndarray of shape (n_subjects, p_features)
        Finite, same subjects in the same order.
    alpha : float, default 0.05
        One minus the coverage.

    Notes
    -----
    p = 2 s_xy / (s_x^2 + s_y^2 + (m_x - m_y)^2) with 1/n variances, written p = r C_b so that the variance of
    Lin 1989, doi:10.2307/2532051 (corrected in Lin 2000, doi:10.1111/j.0006-341X.2000.00324.x) has no pole at
    r = 0. NaN where neither varies.
    """
    n = reference.shape[0]
    x, y = reference - reference.mean(axis=0), level - level.mean(axis=0)
    shift = level.mean(axis=0) - reference.mean(axis=0)
    xx, yy, xy = (np.einsum("ip,ip->p", a, b) / n for a, b in ((x, x), (y, y), (x, y)))
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(xx * yy)
        r = xy / root
        accuracy = 2 * root / (xx + yy + shift**2)
        p = r * accuracy
        u2 = shift**2 / root
        variance = (1 - r**2) * accuracy**2 * (1 - p**2)
        variance += 2 * r**2 * accuracy**3 * (1 - p) * u2 - 0.5 * r**2 * accuracy**4 * u2**2
        half = special.ndtri(1 - alpha / 2) * np.sqrt(np.maximum(variance, 0) / (n - 2)) / (1 - p**2)
        z = np.arctanh(p)
    exact = np.abs(p) >= 1
    low, high = (np.where(exact, p, np.tanh(z + sign * half)) for sign in (-1, 1))
    return Estimate(p, low, high)


def bland_altman(reference: Floats, level: Floats) -> BlandAltman:
    """Return bias, limits of agreement and proportional bias of ``level`` against ``reference``.

    Parameters
    ----------
    reference, level : ndarray of shape (n_subjects, p_features)
        Finite, same subjects in the same order; n >= 3.

    Notes
    -----
    Bland and Altman 1986, doi:10.1016/S0140-6736(86)90837-8, and 1999, doi:10.1177/096228029900800204.
    """
    n = reference.shape[0]
    difference = level - reference
    bias = difference.mean(axis=0)
    sd = difference.std(axis=0, ddof=1)
    mean = (level + reference) / 2
    mean = mean - mean.mean(axis=0)
    centered = difference - bias
    with np.errstate(divide="ignore", invalid="ignore"):
        xx = np.einsum("ip,ip->p", mean, mean)
        slope = np.einsum("ip,ip->p", mean, centered) / xx
        residual = centered - slope * mean
        t = slope / np.sqrt(np.einsum("ip,ip->p", residual, residual) / (n - 2) / xx)
    return BlandAltman(
        bias=bias,
        low=bias - 1.96 * sd,
        high=bias + 1.96 * sd,
        limit_se=sd * np.sqrt(1 / n + 1.96**2 / (2 * (n - 1))),
        reference_sd=reference.std(axis=0, ddof=1),
        slope=slope,
        slope_p=2 * special.stdtr(n - 2, -np.abs(t)),
    )


def spearman(reference: Floats, level: Floats) -> Floats:
    """Return Spearman's rank correlation of each feature (ties get mean ranks); NaN where one is constant.

    Parameters
    ----------
    reference, level : ndarray of shape (n_subjects, p_features)
    """
    x, y = (rankdata(side, axis=0) - (side.shape[0] + 1) / 2 for side in (reference, level))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt(np.einsum("ip,ip->p", x, x) * np.einsum("ip,ip->p", y, y))
        return np.asarray(np.einsum("ip,ip->p", x, y) / scale)
