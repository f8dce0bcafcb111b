"""C of cross-validated risks: only subjects that one fitted model ranked are compared.

As for the AUC (:mod:`robustrad.drift.evaluate.pairs`): a comparable pair counts once for every repeat in
which both were tested in the same fold, and a bootstrap resample counts it as often as it holds both. For
Uno's C a pair also has the weight of its event, from the censoring among the training patients of that fold.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.data import Codes, Floats
from robustrad.drift.evaluate.changes import Change, change_between
from robustrad.drift.evaluate.pairs import Pairs
from robustrad.drift.evaluate.precision import Precision, precision_of_area
from robustrad.drift.survival.concordance import TIED, comparable, uno_weights
from robustrad.drift.survival.times import Flags, Survival


class Comparisons(NamedTuple):
    """Which subjects are compared, and with what weight.

    Attributes
    ----------
    earlier : ndarray of int, shape (m,)
        Subjects with an event; rows of the matrices below.
    comparable : ndarray of bool, shape (m, n)
    folds : ndarray of int, shape (r, n)
        Fold in which each subject was tested.
    weights : ndarray of shape (r, m)
        Of the events: 1 for Harrell's C.
    """

    earlier: Codes
    comparable: Flags
    folds: Codes
    weights: Floats

    def compared(self, present: Flags) -> Floats:
        """Return the weight of each pair of subjects that are present, over all repeats, shape (m, n)."""
        total = np.zeros(self.comparable.shape)
        for fold, weight in zip(self.folds, self.weights, strict=True):
            total += weight[:, None] * self._together(fold)
        return total * (present[self.earlier][:, None] & present[None, :])

    def won(self, scores: Floats, present: Flags) -> Floats:
        """Return the weight of each pair that is concordant (ties one half), shape (m, n).

        Parameters
        ----------
        scores : ndarray of shape (r, n)
            Risks at one condition.
        present : ndarray of bool, shape (n,)
        """
        total = np.zeros(self.comparable.shape)
        for score, fold, weight in zip(scores, self.folds, self.weights, strict=True):
            with np.errstate(invalid="ignore"):
                difference = score[self.earlier][:, None] - score[None, :]
                agree = np.where(np.abs(difference) <= TIED, 0.5, difference > 0)
            total += weight[:, None] * self._together(fold) * agree
        return total * (present[self.earlier][:, None] & present[None, :])

    def _together(self, fold: Codes) -> Flags:
        same = (fold[self.earlier][:, None] == fold[None, :]) & (fold[None, :] >= 0)
        return np.asarray(self.comparable & same)


def index_pairs(compared: Floats, comparisons: Comparisons) -> Pairs:
    """Return the pairs of a C: who had the event, who may have outlived whom, with what weight."""
    return Pairs(comparisons.earlier, np.arange(compared.shape[1]), compared)


def precision_of_index(won: Floats, pairs: Pairs, present: Flags, groups: Codes) -> Precision:
    """Return how well a C is known.

    A patient without the event is only ever compared with those who had it, so that Student's t has no more
    degrees of freedom than these patients leave.

    Parameters
    ----------
    won : ndarray of shape (m, n)
        From :meth:`Comparisons.won`.
    pairs : Pairs
        From :func:`index_pairs`.
    present : ndarray of bool, shape (n,)
    groups : ndarray of int, shape (n,)
        Patient of each subject.
    """
    return precision_of_area(won, pairs, present, groups, most=_most(pairs, present, groups))


def change_of_index(won: Floats, pairs: Pairs, present: Flags, groups: Codes) -> Change:
    """Return the difference of two C that compare the same; ``won`` is the difference of theirs."""
    return change_between(won, pairs, present, groups, most=_most(pairs, present, groups))


def _most(pairs: Pairs, present: Flags, groups: Codes) -> float:
    """Return the degrees of freedom that the patients with the event leave."""
    return float(np.unique(groups[pairs.positive[present[pairs.positive]]]).size - 1)


def harrell_comparisons(survival: Survival, folds: Codes) -> Comparisons:
    """Return the comparisons of Harrell's C."""
    earlier = np.flatnonzero(survival.event)
    pairs = comparable(survival.time, survival.event)[earlier]
    return Comparisons(earlier, pairs, folds, np.ones((len(folds), earlier.size)))


def uno_comparisons(survival: Survival, folds: Codes, *, tau: float) -> Comparisons:
    """Return the comparisons of Uno's C.

    Censoring is estimated from the training subjects of a fold; for a model that was not fitted here (one
    fold) from all. A weight is NaN where none of them is followed that long, and the C with it.
    """
    earlier = np.flatnonzero(survival.event)
    pairs = comparable(survival.time, survival.event)[earlier]
    weights = np.zeros((len(folds), survival.time.size))
    for repeat, fold in enumerate(folds):
        for number in np.unique(fold[fold >= 0]):
            held = fold == number
            train = survival if held.all() else survival.take(~held)
            found = uno_weights(train, survival.time[held], survival.event[held], tau=tau)
            weights[repeat, held] = found
    return Comparisons(earlier, pairs, folds, weights[:, earlier])
