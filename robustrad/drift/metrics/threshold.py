"""Decisions at a threshold that was fixed beforehand, and how they change between two conditions.

References
----------
Wilson EB. J Am Stat Assoc 1927;22:209-212. doi:10.1080/01621459.1927.10502953
McNemar Q. Psychometrika 1947;12:153-157. doi:10.1007/BF02295996
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest, norm

from robustrad.drift.metrics.delong import check_scores

Floats = NDArray[np.float64]


class ThresholdMetrics(NamedTuple):
    """Of each score column, shape (m,); NaN where the class is absent."""

    sensitivity: Floats
    specificity: Floats
    balanced_accuracy: Floats


class Flips(NamedTuple):
    """Patients whose class changes.

    Attributes
    ----------
    n : int
        Patients.
    up, down : int
        From negative to positive, and back.
    rate, low, high : float
        Share that changes, with its Wilson limits.
    net : float
        (up - down) / n.
    p : float
        McNemar's exact two-sided p: are the two directions equally frequent? 1 if nobody changes.
    """

    n: int
    up: int
    down: int
    rate: float
    low: float
    high: float
    net: float
    p: float


def choose_threshold(y: ArrayLike, scores: ArrayLike) -> float:
    """Return the cut with the largest balanced accuracy (Youden); scores at or above it are positive.

    For training or reference data only: it is then fixed. It lies halfway between two scores; of equally
    good cuts the middle one is taken, so that it does not hang on the last patient.

    Raises
    ------
    ValueError
        If only one class is present.
    """
    outcome, columns = check_scores(y, scores)
    if columns.shape[1] != 1 or outcome.min() == outcome.max():
        raise ValueError("choose_threshold: expected one score column and both classes")
    levels = np.unique(columns)
    cuts = np.concatenate([[levels[0]], (levels[:-1] + levels[1:]) / 2.0])
    sorted_1, sorted_0 = np.sort(columns[outcome == 1, 0]), np.sort(columns[outcome == 0, 0])
    sensitivity = 1.0 - np.searchsorted(sorted_1, cuts, side="left") / sorted_1.size
    specificity = np.searchsorted(sorted_0, cuts, side="left") / sorted_0.size
    youden = sensitivity + specificity
    best = np.flatnonzero(youden >= youden.max() - 1e-12)
    return float(cuts[best[best.size // 2]])


def threshold_metrics(y: ArrayLike, scores: ArrayLike, *, threshold: float) -> ThresholdMetrics:
    """Return sensitivity, specificity and their mean; a score at or above ``threshold`` is positive."""
    outcome, columns = check_scores(y, scores)
    called = columns >= threshold
    missing = np.full(columns.shape[1], np.nan)
    sensitivity = called[outcome == 1].mean(axis=0) if outcome.any() else missing
    specificity = (~called[outcome == 0]).mean(axis=0) if not outcome.all() else missing
    return ThresholdMetrics(sensitivity, specificity, (sensitivity + specificity) / 2.0)


def flips(reference: ArrayLike, other: ArrayLike, *, threshold: float, confidence: float = 0.95) -> Flips:
    """Return how many patients change class at ``threshold`` between two score vectors of shape (n,)."""
    before = np.asarray(reference, dtype=np.float64)
    after = np.asarray(other, dtype=np.float64)
    if before.shape != after.shape or before.ndim != 1 or before.size == 0:
        raise ValueError(f"flips: shapes {before.shape} and {after.shape}; expected two equal vectors")
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise ValueError("flips: scores are not all finite")
    up = int(((before < threshold) & (after >= threshold)).sum())
    down = int(((before >= threshold) & (after < threshold)).sum())
    n, changed = before.size, up + down
    low, high = wilson(changed, n, confidence=confidence)
    p = float(binomtest(up, changed).pvalue) if changed else 1.0
    return Flips(n, up, down, changed / n, low, high, (up - down) / n, p)


def wilson(successes: float, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score limits of a proportion; (NaN, NaN) for n = 0.

    ``successes`` may be a mean of counts (of repeats or draws).
    """
    if n == 0:
        return float("nan"), float("nan")
    z = float(norm.isf((1.0 - confidence) / 2.0))
    share = successes / n
    center = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * float(np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)))
    # Exact at the ends, where rounding would leave 1e-17.
    return (0.0 if successes == 0 else center - half, 1.0 if successes == n else center + half)
