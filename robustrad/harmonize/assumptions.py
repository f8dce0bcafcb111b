"""Does a shift and a factor per batch describe the difference? Shape after alignment, and subjects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, rankdata
from scipy.stats import t as student

from robustrad.harmonize.estimation import Codes, Floats
from robustrad.harmonize.rank_statistics import kolmogorov_smirnov


def align(X: Floats, codes: Codes) -> Floats:
    """Return ``X`` with mean 0 and SD 1 in every batch: all that a location and scale remedy can do."""
    out = np.empty_like(X)
    for batch in np.unique(codes):
        rows = X[codes == batch]
        out[codes == batch] = (rows - rows.mean(axis=0)) / rows.std(axis=0, ddof=1)
    return out


def shape_p_values(X: Floats, codes: Codes) -> Floats:
    """Return per feature the p-value that the aligned batches have one shape.

    Each batch against the others by Kolmogorov-Smirnov, the smallest p times the number of batches.
    Location and scale are estimated from the same rows, so the test is conservative: what it finds is real,
    what it does not find may still be.
    """
    aligned = align(X, codes)
    batches = np.unique(codes)
    tested = batches[:1] if batches.size == 2 else batches  # of two, each is the other's complement
    p = np.min([kolmogorov_smirnov(aligned, codes == batch) for batch in tested], axis=0)
    adjusted: Floats = np.minimum(1.0, p * tested.size)
    return adjusted


def subject_p_values(reference: Floats, level: Floats, log_volume: Floats | None) -> Floats:
    """Return per feature the p-value that the aligned change is the same for all patients.

    The aligned difference between level and reference is correlated (Spearman) with log volume; without
    volumes, with the distance of the patient's mean from the median, which finds curvature. Not with the
    reference value itself: its slope is the scale, which ComBat removes, and regression to the mean.

    Parameters
    ----------
    reference, level : ndarray of shape (n, p)
        The same patients in the same order.
    log_volume : ndarray of shape (n,), optional
        Logarithm of the reference volume.
    """
    first = (reference - reference.mean(axis=0)) / reference.std(axis=0, ddof=1)
    second = (level - level.mean(axis=0)) / level.std(axis=0, ddof=1)
    change = second - first
    if log_volume is None:
        mean = (first + second) / 2.0
        other = np.abs(mean - np.median(mean, axis=0))
    else:
        other = np.broadcast_to(log_volume[:, None], change.shape)
    return _spearman_p(change, other)


def share_significant(p: Floats, *, level: float = 0.05) -> float:
    """Return the share of p-values below ``level`` after Benjamini-Hochberg; NaN p-values do not count."""
    known = p[~np.isnan(p)]
    return float((false_discovery_control(known) < level).mean()) if known.size else float("nan")


def tied_columns(X: Floats, codes: Codes, *, share: float = 0.05) -> NDArray[np.bool_]:
    """Return which features have one value in more than ``share`` of the rows, and in several batches.

    Harmonization maps such a value to a different one in each batch: location and scale agree afterwards, and
    the batch can be read from the value exactly. Rank tests and linear classifiers hardly see it, trees do.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Finite.
    codes : ndarray of int, shape (n,)
        Batch of each row.
    share : float
        Of the rows.
    """
    found = np.zeros(X.shape[1], dtype=np.bool_)
    for column, values in enumerate(X.T):
        distinct, which, count = np.unique(values, return_inverse=True, return_counts=True)
        common = np.flatnonzero(count > share * len(values))
        found[column] = (
            any(np.unique(codes[which == value]).size > 1 for value in common) and distinct.size > 1
        )
    return found


def leaving_range(before: Floats, after: Floats) -> tuple[float, NDArray[np.intp]]:
    """Return the share of values that turn negative in features that had none, and those features."""
    nonnegative = np.flatnonzero((before >= 0).all(axis=0))
    negative = after[:, nonnegative] < 0
    share = float(negative.mean()) if nonnegative.size else 0.0
    return share, nonnegative[negative.any(axis=0)]


def _spearman_p(a: Floats, b: Floats) -> Floats:
    ra, rb = rankdata(a, axis=0), rankdata(b, axis=0)
    ra, rb = ra - ra.mean(axis=0), rb - rb.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (ra * rb).sum(axis=0) / np.sqrt((ra**2).sum(axis=0) * (rb**2).sum(axis=0))
        df = a.shape[0] - 2
        p: Floats = 2.0 * student.sf(np.abs(r) * np.sqrt(df / np.maximum(1.0 - r**2, 1e-300)), df)
    return p
