"""Calibration of predicted probabilities: Brier score, calibration in the large, slope, ECE.

All take ``p`` as (n,) or (n, m) and return one number per column; ``weights`` (same shapes) are counts of
a bootstrap resample.

References
----------
Van Calster B et al. BMC Med 2019;17:230. doi:10.1186/s12916-019-1466-7
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from robustrad.drift.metrics.delong import ONE_CLASS, check_scores

Floats = NDArray[np.float64]

CLIP = 1e-6
OK = "ok"
CONSTANT = "constant"
SEPARATED = "separated"

_ITERATIONS = 60
_TOLERANCE = 1e-12


class CalibrationLine(NamedTuple):
    """Logistic regression of the outcome on the logit of p; slope 1 and intercept 0 are perfect.

    Attributes
    ----------
    slope, intercept : ndarray of shape (m,)
        Fitted together. NaN where not defined.
    status : ndarray of str, shape (m,)
        ``ok``; ``one_class``; ``constant`` (one value of p); ``separated`` (p tells the classes apart
        without error, so that the slope has no finite value).
    """

    slope: Floats
    intercept: Floats
    status: NDArray[np.str_]


def brier(y: ArrayLike, p: ArrayLike, *, weights: ArrayLike | None = None) -> Floats:
    """Return mean (p - y)^2; 0 is best."""
    outcome, columns, w = _checked(y, p, weights)
    score: Floats = (w * (columns - outcome) ** 2).sum(axis=0) / w.sum(axis=0)
    return score


def scaled_brier(y: ArrayLike, p: ArrayLike, *, weights: ArrayLike | None = None) -> Floats:
    """Return 1 - Brier / (q (1 - q)), q the prevalence: 1 is best, 0 no better than q; NaN for one class."""
    outcome, _, w = _checked(y, p, weights)
    q = (w * outcome).sum(axis=0) / w.sum(axis=0)
    spread = q * (1.0 - q)
    score: Floats = 1.0 - brier(y, p, weights=weights) / np.where(spread > 0, spread, np.nan)
    return score


def calibration_in_the_large(y: ArrayLike, p: ArrayLike, *, weights: ArrayLike | None = None) -> Floats:
    """Return the intercept of a logistic regression with offset logit(p); 0 is best.

    Negative: the model predicts too much. NaN for one class. Probabilities are clipped to [1e-6, 1 - 1e-6].
    """
    outcome, columns, w = _checked(y, p, weights)
    offset = _logit(columns)
    q = (w * outcome).sum(axis=0) / w.sum(axis=0)
    mixed = (q > 0) & (q < 1)
    # Bisection brackets the root for every column; Newton then has nothing left to go wrong with.
    low, high = np.full(q.size, -40.0), np.full(q.size, 40.0)
    for _ in range(20):
        middle = (low + high) / 2.0
        above = (w * expit(offset + middle)).sum(axis=0) > (w * outcome).sum(axis=0)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    intercept = (low + high) / 2.0
    for _ in range(5):
        fitted = expit(offset + intercept)
        slope = (w * fitted * (1.0 - fitted)).sum(axis=0)
        step = (w * (outcome - fitted)).sum(axis=0) / np.where(mixed, slope, 1.0)
        intercept = intercept + np.where(mixed, step, 0.0)
    return np.where(mixed, intercept, np.nan)


def calibration_line(y: ArrayLike, p: ArrayLike, *, weights: ArrayLike | None = None) -> CalibrationLine:
    """Return slope and intercept by Newton's method on two parameters, for all columns at once.

    Probabilities are clipped to [1e-6, 1 - 1e-6].
    """
    outcome, columns, w = _checked(y, p, weights)
    x = _logit(columns)
    q = (w * outcome).sum(axis=0) / w.sum(axis=0)
    status = _status(outcome, x, w, q)
    fit = status == OK
    slope, intercept = np.zeros(q.size), np.where(fit, _logit(q), 0.0)
    moving = fit.copy()
    for _ in range(_ITERATIONS):
        d_slope, d_intercept = _newton_step(outcome, x, w, slope, intercept)
        slope, intercept = (
            slope + np.where(moving, d_slope, 0.0),
            intercept + np.where(moving, d_intercept, 0.0),
        )
        moving &= np.abs(d_slope) + np.abs(d_intercept) > _TOLERANCE * (
            1.0 + np.abs(slope) + np.abs(intercept)
        )
        if not moving.any():
            break
    fit &= ~moving
    status[(status == OK) & ~fit] = SEPARATED
    return CalibrationLine(np.where(fit, slope, np.nan), np.where(fit, intercept, np.nan), status)


def expected_calibration_error(y: ArrayLike, p: ArrayLike, *, n_bins: int | None = None) -> Floats:
    """Return the mean |observed - predicted| over bins of equal mass (5 bins below 200 patients, else 10).

    Biased upwards in small samples: a secondary number. Ties in p are cut in the order of the rows.
    """
    outcome, columns, _ = _checked(y, p, None)
    n = columns.shape[0]
    bins = np.array_split(np.arange(n), min(n_bins or (5 if n < 200 else 10), n))
    order = np.argsort(columns, axis=0, kind="stable")
    sorted_p, sorted_y = np.take_along_axis(columns, order, axis=0), outcome[:, 0][order]
    gaps = [np.abs((sorted_y[rows] - sorted_p[rows]).sum(axis=0)) for rows in bins]
    error: Floats = np.sum(gaps, axis=0) / n
    return error


def _newton_step(y: Floats, x: Floats, w: Floats, slope: Floats, intercept: Floats) -> tuple[Floats, Floats]:
    fitted = expit(intercept + slope * x)
    curvature = w * fitted * (1.0 - fitted)
    residual = w * (y - fitted)
    s0, s1, s2 = curvature.sum(axis=0), (curvature * x).sum(axis=0), (curvature * x * x).sum(axis=0)
    g0, g1 = residual.sum(axis=0), (residual * x).sum(axis=0)
    determinant = s0 * s2 - s1 * s1
    safe = np.where(determinant > 0, determinant, np.inf)
    d_slope, d_intercept = (s0 * g1 - s1 * g0) / safe, (s2 * g0 - s1 * g1) / safe
    # Halve steps that leap: far from the optimum the curvature says little.
    damp = np.minimum(1.0, 4.0 / np.maximum(np.abs(d_slope) + np.abs(d_intercept), 1e-300))
    return damp * d_slope, damp * d_intercept


def _status(y: Floats, x: Floats, w: Floats, q: Floats) -> NDArray[np.str_]:
    present = w > 0
    infinity = np.inf
    top = np.where(present, x, -infinity).max(axis=0)
    bottom = np.where(present, x, infinity).min(axis=0)
    low1 = np.where(present & (y == 1), x, infinity).min(axis=0)
    high1 = np.where(present & (y == 1), x, -infinity).max(axis=0)
    low0 = np.where(present & (y == 0), x, infinity).min(axis=0)
    high0 = np.where(present & (y == 0), x, -infinity).max(axis=0)
    status = np.full(q.size, OK, dtype="U12")
    status[(low1 >= high0) | (low0 >= high1)] = SEPARATED
    status[top == bottom] = CONSTANT
    status[(q <= 0) | (q >= 1)] = ONE_CLASS
    return status


def _logit(p: Floats) -> Floats:
    values: Floats = logit(np.clip(p, CLIP, 1.0 - CLIP))
    return values


def _checked(y: ArrayLike, p: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    outcome, columns = check_scores(y, p)
    if (columns < 0).any() or (columns > 1).any():
        raise ValueError("p: expected probabilities between 0 and 1")
    w = np.ones_like(columns) if weights is None else np.asarray(weights, dtype=np.float64)
    w = np.broadcast_to(w[:, None] if w.ndim == 1 else w, columns.shape)
    return outcome[:, None].astype(np.float64), columns, w
