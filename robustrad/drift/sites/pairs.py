r"""AUC of deployment mixes: a positive and a negative, each from any of the places, tested by one model.

The AUC at one condition is blind to a shift that all its patients share; a clinic that sees patients of two
scanners is not. So E1 compares patients over the reference and all levels of one factor,

.. math:: C_{ij} = \sum_{a, b} u_a u_b \, P(s_{ia} > s_{jb}) + \tfrac12 P(s_{ia} = s_{jb}),

with equal weight u on the reference and on each level, and averages over the factors: the expectation, over
all ways of putting each patient at a random place, of the AUC of that mix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import Codes, Floats


@dataclass(frozen=True)
class Unit:
    """Patients that one fitted model tested.

    Attributes
    ----------
    draw : int
        Repeat or assignment.
    positive, negative : ndarray of int
        Subjects of either class.
    """

    draw: int
    positive: NDArray[np.intp]
    negative: NDArray[np.intp]


def units_of(draw: int, fold: Codes, y: Codes) -> list[Unit]:
    """Return the folds of a repeat; those without both classes have no pairs."""
    units = []
    for number in np.unique(fold[fold >= 0]):
        at = fold == number
        units.append(Unit(draw, np.flatnonzero(at & (y == 1)), np.flatnonzero(at & (y == 0))))
    return units


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
            wins = (high[:, None, :] > other[None, :, None]) + 0.5 * (
                high[:, None, :] == other[None, :, None]
            )
            total += np.einsum("ija,ia->ij", wins, u) * v[:, b]
    return total / len(groups)


def plain(scores: Floats, unit: Unit) -> Floats:
    """Return C of one score per subject."""
    high, low = scores[unit.positive][:, None], scores[unit.negative][None, :]
    return np.asarray((high > low) + 0.5 * (high == low))


def compared(scores: Floats, unit: Unit) -> Floats:
    """Return 1 for the pairs of which both have a score, else 0."""
    there = np.isfinite(scores)
    return np.outer(there[unit.positive], there[unit.negative]).astype(np.float64)


def _shares(values: Floats, weights: Floats) -> Floats:
    present = np.isfinite(values) * weights
    total = present.sum(axis=1, keepdims=True)
    return np.asarray(present / np.where(total > 0, total, 1.0))
