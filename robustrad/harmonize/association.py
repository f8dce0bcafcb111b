"""How well scores separate an outcome, compared only within strata (batches, folds)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from robustrad.harmonize.estimation import Codes, Floats


class StratifiedAuc(NamedTuple):
    """AUC over the pairs of a positive and a negative of the same stratum.

    Attributes
    ----------
    auc : ndarray of shape (m,)
        NaN where no stratum holds both classes.
    n_pairs : int
        Pairs that were compared.
    """

    auc: Floats
    n_pairs: int


def within_batch_auc(y: NDArray[np.intp], scores: Floats, strata: Codes) -> StratifiedAuc:
    """Return the share of pairs within a stratum in which the positive scores higher; ties count half.

    Prevalence that differs between batches, and any shift of a batch, cannot raise it.

    Parameters
    ----------
    y : ndarray of shape (n,)
        0 or 1.
    scores : ndarray of shape (n,) or (n, m)
        Finite.
    strata : ndarray of int, shape (n,)
        Batch of each row (or batch and fold).
    """
    columns = scores[:, None] if scores.ndim == 1 else scores
    won, pairs = np.zeros(columns.shape[1]), 0
    for stratum in np.unique(strata):
        rows = strata == stratum
        positive = y[rows] == 1
        n1, n0 = int(positive.sum()), int((~positive).sum())
        if n1 and n0:
            ranks = rankdata(columns[rows], axis=0)[positive].sum(axis=0)
            won += ranks - n1 * (n1 + 1) / 2.0
            pairs += n1 * n0
    return StratifiedAuc(won / pairs if pairs else np.full(columns.shape[1], np.nan), pairs)
