r"""AUC and C of deployment mixes: two patients, each from any of the places, tested by one model.

The AUC at one condition is blind to a shift that all its patients share; a clinic that sees patients of two
scanners is not. So E1 compares patients over the reference and all levels of one factor,

.. math:: C_{ij} = \sum_{a, b} u_a u_b \, P(s_{ia} > s_{jb}) + \tfrac12 P(s_{ia} = s_{jb}),

with equal weight u on the reference and on each level, and averages over the factors: the expectation, over
all ways of putting each patient at a random place, of the AUC of that mix. For the AUC i is positive and j
negative; for Harrell's C i had the event and j is comparable with it: j outlived i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import Floats


@dataclass(frozen=True)
class Unit:
    """Patients that one fitted model tested.

    Attributes
    ----------
    draw : int
        Repeat or assignment.
    positive, negative : ndarray of int
        Whose score should be higher than whose: subjects of either class; subjects with the event, and all.
    comparable : ndarray of bool, shape (positives, negatives), optional
        Which pairs count; default all.
    tied : float
        Scores that differ by no more are equal.
    """

    draw: int
    positive: NDArray[np.intp]
    negative: NDArray[np.intp]
    comparable: NDArray[np.bool_] | None = None
    tied: float = 0.0

    @property
    def pairs(self) -> Floats:
        """1 for each pair that counts, else 0."""
        if self.comparable is None:
            return np.ones((self.positive.size, self.negative.size))
        return self.comparable.astype(np.float64)

    @property
    def members(self) -> NDArray[np.intp]:
        """Everyone who is compared."""
        return np.union1d(self.positive, self.negative)


def mixed(scores: Floats, unit: Unit, groups: Sequence[tuple[NDArray[np.intp], Floats]]) -> Floats:
    """Return C of a unit, averaged over groups of columns; shape (positives, negatives).

    Parameters
    ----------
    scores : ndarray of shape (n, q)
        NaN where missing: a patient is then at one of the places it has.
    unit : Unit
        Who is compared.
    groups : sequence of (columns, weights)
        Columns that are mixed with each other.
    """
    total = np.zeros((unit.positive.size, unit.negative.size))
    for columns, weights in groups:
        high, low = scores[np.ix_(unit.positive, columns)], scores[np.ix_(unit.negative, columns)]
        u, v = _shares(high, weights), _shares(low, weights)
        for b in range(columns.size):
            other = low[:, b]
            wins = _wins(high[:, None, :] - other[None, :, None], unit.tied)
            total += np.einsum("ija,ia->ij", wins, u) * v[:, b]
    return total / len(groups)


def plain(scores: Floats, unit: Unit) -> Floats:
    """Return C of one score per subject."""
    return _wins(scores[unit.positive][:, None] - scores[unit.negative][None, :], unit.tied)


def compared(scores: Floats, unit: Unit) -> Floats:
    """Return 1 for the pairs that count and of which both have a score, else 0."""
    there = np.isfinite(scores)
    return np.asarray(unit.pairs * np.outer(there[unit.positive], there[unit.negative]))


def _wins(difference: Floats, tied: float) -> Floats:
    return np.asarray((difference > tied) + 0.5 * (np.abs(difference) <= tied))


def _shares(values: Floats, weights: Floats) -> Floats:
    present = np.isfinite(values) * weights
    total = present.sum(axis=1, keepdims=True)
    return np.asarray(present / np.where(total > 0, total, 1.0))
