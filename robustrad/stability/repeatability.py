"""Spread within subjects: wSD, repeatability coefficient, wCV, quartile dispersion; many features at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from robustrad.stability.anova import Floats

# 95 % of differences between two measurements of one subject lie within 1.96 sqrt(2) wSD.
_PER_WSD = 1.96 * np.sqrt(2)


class RepeatabilityCoefficient(NamedTuple):
    """In feature units; arrays of shape (p_features,)."""

    wsd: Floats
    rc: Floats
    low: Floats
    high: Floats


def repeatability_coefficient(values: Floats, *, alpha: float = 0.05) -> RepeatabilityCoefficient:
    """Return the within-subject SD and RC = 1.96 sqrt(2) wSD with its chi-square interval.

    Over random draws this is the repeatability coefficient; over named levels, whose bias it then includes,
    the reproducibility coefficient (RDC).

    Parameters
    ----------
    values : ndarray of shape (n_subjects, k_conditions, p_features)
        Finite.
    alpha : float, default 0.05
        One minus the coverage.

    Notes
    -----
    wSD^2 is the mean of the subjects' variances, df = n (k - 1). Raunig et al. 2015,
    doi:10.1177/0962280214537344.
    """
    n, k, _ = values.shape
    df = n * (k - 1)
    wsd = np.sqrt(_variances(values).mean(axis=0))
    rc = _PER_WSD * wsd
    low, high = (rc * np.sqrt(df / special.chdtri(df, tail)) for tail in (alpha / 2, 1 - alpha / 2))
    return RepeatabilityCoefficient(wsd, rc, low, high)


def within_cv(values: Floats) -> Floats:
    """Return the within-subject coefficient of variation, root mean square of SD / mean over subjects.

    NaN for a feature with a value that is not positive.

    Parameters
    ----------
    values : ndarray of shape (n_subjects, k_conditions, p_features)
        Finite.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        squared = (_variances(values) / values.mean(axis=1) ** 2).mean(axis=0)
    return np.asarray(np.where(_positive(values), np.sqrt(squared), np.nan))


def within_cv_log(values: Floats) -> Floats:
    """Return the within-subject CV of a log-normal feature, sqrt(exp(mean variance of the logs) - 1).

    NaN for a feature with a value that is not positive; parameters as :func:`within_cv`.
    """
    positive = _positive(values)
    logs = np.log(np.where(positive, values, 1.0))
    return np.asarray(np.where(positive, np.sqrt(np.expm1(_variances(logs).mean(axis=0))), np.nan))


def quartile_dispersion(values: Floats) -> Floats:
    """Return the quartile coefficient of dispersion (Q3 - Q1)/(Q3 + Q1), its median over subjects.

    NaN for a feature with a value that is not positive; parameters as :func:`within_cv`.
    """
    ordered = np.sort(values, axis=1)
    q1, q3 = (_quantile(ordered, part) for part in (0.25, 0.75))
    with np.errstate(divide="ignore", invalid="ignore"):
        dispersion = np.median((q3 - q1) / (q3 + q1), axis=0)
    return np.asarray(np.where(_positive(values), dispersion, np.nan))


def _variances(values: Floats) -> Floats:
    """Variance of each subject over the conditions (ddof 1), shape (n_subjects, p_features)."""
    centered = values - values.mean(axis=1, keepdims=True)
    return np.asarray(np.einsum("ijp,ijp->ip", centered, centered) / (values.shape[1] - 1))


def _positive(values: Floats) -> np.ndarray:
    return np.asarray(values.min(axis=(0, 1)) > 0)


def _quantile(ordered: Floats, part: float) -> Floats:
    """Quantile over the sorted axis 1, linear between order statistics."""
    place = part * (ordered.shape[1] - 1)
    below = int(place)
    above = min(below + 1, ordered.shape[1] - 1)
    return np.asarray(ordered[:, below] + (ordered[:, above] - ordered[:, below]) * (place - below))
