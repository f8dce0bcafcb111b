"""On how many pairs of subjects an AUC within batches rests."""

from __future__ import annotations

from robustrad.drift.evaluate.inputs import Flags, Ints
from robustrad.drift.evaluate.pairs import comparable_pairs


def pairs_within(outcome: Ints, folds: Ints, batch: Ints, present: Flags) -> str:
    """Return the pairs that share a batch and, in some repeat, a fold: ``29 pairs of 1 with and 29 without``.

    Parameters
    ----------
    outcome : ndarray of int, shape (n,)
        0 or 1.
    folds : ndarray of int, shape (r, n)
        Fold in which each subject was tested.
    batch : ndarray of int, shape (n,)
        Batch of each subject.
    present : ndarray of bool, shape (n,)
        Subjects with a score.
    """
    compared = comparable_pairs(outcome, folds, batch).among(present) > 0
    positive, negative = int(compared.any(axis=1).sum()), int(compared.any(axis=0).sum())
    return f"{int(compared.sum())} pairs of {positive} positive and {negative} negative subjects"
