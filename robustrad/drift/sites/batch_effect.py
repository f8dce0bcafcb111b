"""What is left of the sites in features that a remedy has been through, out of fold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import Codes, Floats
from robustrad.harmonize.assumptions import share_significant
from robustrad.harmonize.isolation import constant_columns
from robustrad.harmonize.rank_statistics import anderson_darling

_PENALTY = 1.0


def batch_effect_share(X: Floats, codes: Codes) -> float:
    """Return the share of features whose distribution differs between sites (Anderson-Darling, BH .05)."""
    usable = ~constant_columns(X)
    if not usable.any() or np.unique(codes).size < 2:
        return float("nan")
    return float(share_significant(anderson_darling(X[:, usable], codes)))


def batch_classifier(trained: Floats, codes: Codes, tested: Floats) -> NDArray[np.intp]:
    """Return the site that a ridge classifier reads off each tested row.

    One regression per site on indicators of -1 and 1, weighted so that every site counts alike, features
    scaled by the training rows. Solved in the rows' space: a system of n equations whatever the features.
    """
    center, spread = trained.mean(axis=0), trained.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    X, Z = (trained - center) / spread, (tested - center) / spread
    sites, which, counts = np.unique(codes, return_inverse=True, return_counts=True)
    root = np.sqrt(which.size / (sites.size * counts[which]))
    target = np.where(which[:, None] == np.arange(sites.size), 1.0, -1.0)
    # Weighted means are taken out, which is what an unpenalized intercept does.
    share = root**2 / (root**2).sum()
    shift, level = share @ X, share @ target
    A = (X - shift) * root[:, None]
    dual = np.linalg.solve(
        A @ A.T + _PENALTY * X.shape[1] * np.eye(which.size), (target - level) * root[:, None]
    )
    called = (Z - shift) @ (A.T @ dual) + level
    return np.asarray(sites[called.argmax(axis=1)], dtype=np.intp)
