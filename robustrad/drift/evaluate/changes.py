"""The change of an AUC or C over the same pairs of patients, and what its limits are made of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.inputs import Flags, Floats, Ints
from robustrad.drift.evaluate.pairs import Pairs, deviation_of, mean_of
from robustrad.drift.evaluate.precision import UNKNOWN, Precision, precision_of_change, stacked


class Change(NamedTuple):
    """Of one estimate, or of several, shape (m,).

    Attributes
    ----------
    value : float or ndarray
        Share of the pairs won by the change, minus the share lost.
    turnover : float or ndarray
        Both shares together.
    known : Precision
        Of ``value``.
    shares : ndarray of shape (n,) or (m, n)
        What each subject has in the deviation of ``value``, to first order. 0 for who is absent.
    """

    value: Floats
    turnover: Floats
    known: Precision
    shares: Floats

    def take(self, rows: Flags) -> Change:
        """Return the rows chosen of several."""
        known = Precision(*(part[rows] for part in self.known))
        return Change(self.value[rows], self.turnover[rows], known, self.shares[rows])


def change_between(
    form: Floats, pairs: Pairs, present: Flags, groups: Ints, *, most: float = np.inf
) -> Change:
    """Return the change whose wins are ``form`` (n1, n0) more, over the pairs of those present.

    Parameters
    ----------
    form : ndarray of shape (n1, n0)
        Difference of two of :func:`robustrad.drift.evaluate.pairs.wins`, over the same pairs.
    pairs : Pairs
    present : ndarray of bool, shape (n,)
    groups : ndarray of int, shape (n,)
        Patient of each subject.
    most : float
        Degrees of freedom that there can be.
    """
    value, turnover = (np.asarray(mean_of(each, pairs, present)) for each in (form, np.abs(form)))
    known = precision_of_change(form, pairs, present, groups, most=most)
    return Change(value, turnover, known, _shares(form, pairs, present))


def no_change(n: int) -> Change:
    """Return a change of n subjects of which nothing is known."""
    return Change(np.array(np.nan), np.array(np.nan), UNKNOWN, np.zeros(n))


def stacked_changes(each: list[Change]) -> Change:
    """Return several changes of the same subjects as one, shape (m,)."""
    value, turnover = (np.array([one[i] for one in each], dtype=np.float64) for i in range(2))
    known, shares = stacked([one.known for one in each]), np.array([one.shares for one in each])
    return Change(value, turnover, known, shares)


def _shares(form: Floats, pairs: Pairs, present: Flags) -> Floats:
    shares = np.zeros(present.size)
    together = pairs.among(present)
    if float(together.sum()) > 0.0:
        deviation = deviation_of(np.where(together > 0, form, 0.0), together)
        shares[pairs.positive] += deviation.sum(axis=1)
        shares[pairs.negative] += deviation.sum(axis=0)
    return shares
