r"""AUC of cross-validated scores: only subjects that one fitted model tested are compared.

Scores of two folds come from two models and are never compared. A pair of a positive and a negative counts
once for every repeat in which both were tested in the same fold:

.. math::
    A = \frac{\sum_{ij} \sum_r [f_{ri} = f_{rj}]\,(s_{ri} > s_{rj}) + \tfrac12 (s_{ri} = s_{rj})}
             {\sum_{ij} \sum_r [f_{ri} = f_{rj}]}

with i over positives, j over negatives. It is the average of the AUCs within folds, each weighted by its
number of pairs: folds of equal composition give their plain mean, and a fold with one positive does not get
the weight of the others. All sums are multiples of one half, hence exact, whatever the order of additions.
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


def deviation_of(form: Floats, weight: Floats) -> Floats:
    """Return the share of each pair in the deviation of the mean of ``form`` (same shape as ``weight``).

    ``weight`` must not add up to 0; ``form`` is 0 where it is.
    """
    total = float(weight.sum())
    return np.asarray(form / total - weight * (float(form.sum()) / total**2))


def mean_of(forms: Floats, pairs: Pairs, present: Flags) -> float:
    """Return the mean of ``forms`` (n1, n0) over the pairs of those present; NaN where none is compared."""
    together = pairs.among(present)
    compared = float(together.sum())
    return float(np.where(together > 0, forms, 0.0).sum()) / compared if compared > 0.0 else float("nan")


def _same(fold: Ints, positive: Ints, negative: Ints) -> Flags:
    first, second = fold[positive][:, None], fold[negative][None, :]
    return np.asarray((first == second) & (first >= 0))
