r"""AUC of cross-validated scores: only subjects that one fitted model tested are compared.

Scores of two folds come from two models and are never compared. A pair of a positive and a negative counts
once for every repeat in which both were tested in the same fold:

.. math::
    A(w) = \frac{\sum_{ij} w_i w_j \sum_r [f_{ri} = f_{rj}]\,(s_{ri} > s_{rj}) + \tfrac12 (s_{ri} = s_{rj})}
                {\sum_{ij} w_i w_j \sum_r [f_{ri} = f_{rj}]}

with i over positives, j over negatives, w how often a bootstrap resample holds a patient. It is the average
of the AUCs within folds, each weighted by its number of pairs: folds of equal composition give their plain
mean, and a resample that leaves one positive in a fold does not give that fold the weight of the others.
All sums are multiples of one half, hence exact, whatever the order of additions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.inputs import Flags, Floats, Ints


class Pairs(NamedTuple):
    """Which subjects are compared.

    Attributes
    ----------
    positive, negative : ndarray of int, shape (n1,), (n0,)
        Rows of the two classes.
    together : ndarray of float, shape (n1, n0)
        Repeats in which one model tested both.
    """

    positive: Ints
    negative: Ints
    together: Floats

    def among(self, present: Flags) -> Floats:
        """Return ``together`` with 0 where either subject is absent."""
        mask = present[self.positive][:, None] & present[self.negative][None, :]
        return np.asarray(self.together * mask)


def comparable_pairs(outcome: Ints, folds: Ints, strata: Ints | None = None) -> Pairs:
    """Return the pairs of a positive and a negative that share a fold (and a stratum) in some repeat.

    Parameters
    ----------
    outcome : ndarray of int, shape (n,)
    folds : ndarray of int, shape (r, n)
        Negative: not tested.
    strata : ndarray of int, shape (n,), optional
        Compare only within these, e.g. the batch.
    """
    positive, negative = np.flatnonzero(outcome == 1), np.flatnonzero(outcome == 0)
    together = np.zeros((positive.size, negative.size))
    for fold in folds:
        together += _same(fold, positive, negative)
    if strata is not None:
        together *= strata[positive][:, None] == strata[negative][None, :]
    return Pairs(positive, negative, together)


def wins(scores: Floats, folds: Ints, pairs: Pairs) -> Floats:
    """Return, for each pair, the repeats in which the positive scores higher (ties one half).

    Parameters
    ----------
    scores : ndarray of shape (r, n)
        Of one condition; NaN never wins, so restrict the pairs to who is present.
    """
    won = np.zeros(pairs.together.shape)
    for score, fold in zip(scores, folds, strict=True):
        high, low = score[pairs.positive][:, None], score[pairs.negative][None, :]
        won += _same(fold, pairs.positive, pairs.negative) * ((high > low) + 0.5 * (high == low))
    return won * (pairs.together > 0)


def weighted_sum(forms: Floats, weights: Floats, pairs: Pairs) -> Floats:
    """Return sum_ij w_i F_ij w_j for each of B weight vectors, shape (B,).

    Parameters
    ----------
    forms : ndarray of shape (n1, n0)
    weights : ndarray of shape (B, n)
        How often each subject was drawn.
    """
    left, right = weights[:, pairs.positive], weights[:, pairs.negative]
    return np.asarray(np.einsum("bj,bj->b", left @ forms, right))


def ratio(won: Floats, compared: Floats) -> Floats:
    """Return won / compared; NaN where nothing was compared."""
    return np.asarray(np.where(compared > 0, won / np.where(compared > 0, compared, 1.0), np.nan))


def _same(fold: Ints, positive: Ints, negative: Ints) -> Flags:
    first, second = fold[positive][:, None], fold[negative][None, :]
    return np.asarray((first == second) & (first >= 0))
