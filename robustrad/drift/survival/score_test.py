"""Cox's score test of each feature alone: what selects features, and tells the direction of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import Floats
from robustrad.drift.survival.times import Flags


def cox_score(X: Floats, time: Floats, event: Flags) -> Floats:
    """Return the signed root of the score statistic of each feature in a Cox model without others.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Finite.
    time : ndarray of shape (n,)
    event : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray of shape (p,)
        U / sqrt(V) at beta = 0, positive where higher values mean earlier events; about standard normal
        without an association. 0 for a feature that does not vary among those at risk.

    Notes
    -----
    U = sum over events of (x_i - mean of x over those at risk), V = sum over events of the variance of x over
    those at risk; equal times are handled as Breslow does. For a binary feature and distinct times it is the
    log-rank test.
    """
    order = np.argsort(-time, kind="stable")
    x = X[order] - X.mean(axis=0)
    first, second = np.cumsum(x, axis=0), np.cumsum(x**2, axis=0)
    times = time[order]
    # Those at risk at a time are all whose time is not shorter: up to the last row with the same time.
    last = np.searchsorted(-times, -times, side="right") - 1
    rows = np.flatnonzero(event[order])
    size = (last[rows] + 1)[:, None]
    mean = first[last[rows]] / size
    spread = np.maximum(second[last[rows]] / size - mean**2, 0.0)
    u, v = (x[rows] - mean).sum(axis=0), spread.sum(axis=0)
    varies = v > 1e-12 * np.maximum(np.square(x).mean(axis=0), np.finfo(float).tiny)
    return np.asarray(np.where(varies, u / np.sqrt(np.where(varies, v, 1.0)), 0.0))


def score_order(X: Floats, time: Floats, event: Flags, *, n: int) -> NDArray[np.intp]:
    """Return the ``n`` columns with the largest |score|, best first; the first column wins a tie."""
    strength = np.round(np.abs(cox_score(X, time, event)), 12)
    return np.asarray(np.argsort(-strength, kind="stable")[:n], dtype=np.intp)
