"""Area under the ROC curve with DeLong's covariance, for many score columns of the same patients.

References
----------
DeLong ER et al. Biometrics 1988;44:837-845. doi:10.2307/2531595
Sun X, Xu W. IEEE Signal Process Lett 2014;21:1389-1393. doi:10.1109/LSP.2014.2337313
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import norm, rankdata

Floats = NDArray[np.float64]

OK = "ok"
ONE_CLASS = "one_class"
TOO_FEW = "too_few"  # one patient of a class: an AUC, but no variance


@dataclass(frozen=True)
class DeLong:
    """AUC of m score columns and their covariance.

    Attributes
    ----------
    auc : ndarray of shape (m,)
        Probability that a positive scores above a negative, ties counting half.
    covariance : ndarray of shape (m, m)
        Of the AUCs; NaN with fewer than two patients of a class.
    n_positive, n_negative : int
        Patients of each class.
    status : str
        ``ok``, ``one_class`` (everything is NaN) or ``too_few`` (the covariance is NaN).
    """

    auc: Floats
    covariance: Floats
    n_positive: int
    n_negative: int
    status: str


class Interval(NamedTuple):
    """Lower and upper limits, shape (m,)."""

    low: Floats
    high: Floats


class Contrast(NamedTuple):
    """Difference of two AUCs of the same patients, a minus b."""

    difference: float
    standard_error: float
    low: float
    high: float
    z: float
    p: float


def delong(y: ArrayLike, scores: ArrayLike) -> DeLong:
    """Return AUCs and their covariance.

    Parameters
    ----------
    y : array of shape (n,)
        Outcome, 0 or 1, of independent patients.
    scores : array of shape (n,) or (n, m)
        Finite; higher means more likely 1.

    Raises
    ------
    ValueError
        If ``y`` is not 0/1 or a score is not finite.
    """
    outcome, columns = check_scores(y, scores)
    positive, negative = columns[outcome == 1], columns[outcome == 0]
    m, n = positive.shape[0], negative.shape[0]
    k = columns.shape[1]
    if m == 0 or n == 0:
        return DeLong(np.full(k, np.nan), np.full((k, k), np.nan), m, n, ONE_CLASS)
    rank_all = rankdata(columns, axis=0)
    v10 = (rank_all[outcome == 1] - rankdata(positive, axis=0)) / n
    v01 = 1.0 - (rank_all[outcome == 0] - rankdata(negative, axis=0)) / m
    auc = v10.mean(axis=0)
    if min(m, n) < 2:
        return DeLong(auc, np.full((k, k), np.nan), m, n, TOO_FEW)
    covariance = np.atleast_2d(np.cov(v10, rowvar=False)) / m + np.atleast_2d(np.cov(v01, rowvar=False)) / n
    return DeLong(auc, covariance, m, n, OK)


def auc_interval(
    result: DeLong, *, confidence: float = 0.95, scale: Literal["identity", "logit"] = "identity"
) -> Interval:
    """Return the limits of each AUC, within [0, 1].

    ``logit`` keeps them inside (0, 1) near the ends. An AUC of exactly 0 or 1 has no variance: its
    interval has no width on either scale, which says how little DeLong knows there.
    """
    z = float(norm.isf((1.0 - confidence) / 2.0))
    half = z * np.sqrt(np.diag(result.covariance))
    if scale == "identity":
        return Interval(np.clip(result.auc - half, 0.0, 1.0), np.clip(result.auc + half, 0.0, 1.0))
    inner = (result.auc > 0.0) & (result.auc < 1.0)
    area = np.where(inner, result.auc, 0.5)
    width = half / (area * (1.0 - area))
    low, high = expit(logit(area) - width), expit(logit(area) + width)
    edge = np.where(np.isnan(half), np.nan, result.auc)
    return Interval(np.where(inner, low, edge), np.where(inner, high, edge))


def contrast(result: DeLong, a: int, b: int, *, confidence: float = 0.95) -> Contrast:
    """Return AUC ``a`` minus AUC ``b`` with a normal interval and a two-sided test.

    Columns that rank the patients alike differ by exactly 0, [0, 0], p = 1. A difference without
    variance (two constant AUC components) has neither z nor p: NaN.
    """
    weights = np.zeros(result.auc.size)
    weights[a] += 1.0
    weights[b] -= 1.0
    return linear_contrast(result, weights, confidence=confidence)


def linear_contrast(result: DeLong, weights: ArrayLike, *, confidence: float = 0.95) -> Contrast:
    """Return a weighted sum of AUCs with a normal interval and a two-sided test against 0.

    Parameters
    ----------
    result : DeLong
        Of m score columns.
    weights : array of shape (m,)
        1 and -1 for two columns; -1 for the reference and 1/d for each of d draws.
    confidence : float
        Of the interval.
    """
    w = np.asarray(weights, dtype=np.float64)
    difference = float(w @ result.auc)
    variance = float(w @ result.covariance @ w)
    # Identical rankings leave rounding of the order of 1e-18 where the variance and the sum are 0.
    scale = float(w**2 @ np.diag(result.covariance))
    if variance <= 1e-14 * scale:
        variance = 0.0
        difference = 0.0 if abs(difference) < 1e-14 else difference
    error = float(np.sqrt(variance))
    half = float(norm.isf((1.0 - confidence) / 2.0)) * error
    if error > 0.0:
        z = difference / error
        p = float(2.0 * norm.sf(abs(z)))
    else:
        z, p = (0.0, 1.0) if difference == 0.0 and error == 0.0 else (float("nan"), float("nan"))
    return Contrast(difference, error, difference - half, difference + half, z, p)


def check_scores(y: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.intp], Floats]:
    """Return outcome (n,) and scores (n, m), checked.

    Raises
    ------
    ValueError
        If ``y`` is not 0/1, the lengths differ or a score is not finite.
    """
    outcome = np.asarray(y, dtype=np.float64)
    columns = np.asarray(scores, dtype=np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    if outcome.ndim != 1 or not np.isin(outcome, (0.0, 1.0)).all():
        raise ValueError("y: expected one 0 or 1 for each patient")
    if columns.ndim != 2 or columns.shape[0] != outcome.size:
        raise ValueError(f"scores: shape {columns.shape}; expected ({outcome.size},) or ({outcome.size}, m)")
    if not np.isfinite(columns).all():
        raise ValueError(f"scores: {int((~np.isfinite(columns)).sum())} are not finite")
    return outcome.astype(np.intp), columns
