"""Ranks of many columns at once: as scipy's, several times faster where few columns have ties."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from robustrad.drift.data import Floats


def midranks(X: Floats) -> Floats:
    """Return the rank of each value in its column, 1 to n, ties sharing their mean rank."""
    n = X.shape[0]
    order = np.argsort(X, axis=0)
    ranks = np.empty(X.shape)
    np.put_along_axis(ranks, order, np.arange(1.0, n + 1.0)[:, None], axis=0)
    ordered = np.take_along_axis(X, order, axis=0)
    tied = (ordered[1:] == ordered[:-1]).any(axis=0)
    if tied.any():
        ranks[:, tied] = rankdata(X[:, tied], axis=0)
    return ranks


def area_under(y: NDArray[np.intp], scores: Floats) -> float:
    """Return the AUC, ties counting half; both classes must be there."""
    positive = int(y.sum())
    ranks = rankdata(scores)[y == 1].sum()
    return float((ranks - positive * (positive + 1) / 2.0) / (positive * (y.size - positive)))
