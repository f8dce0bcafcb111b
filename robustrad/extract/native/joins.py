"""Which like neighbors must be joined into one zone: what touches one of them belongs to it already."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.extract.native.angles import Angles
from robustrad.extract.native.roi import Ints


class Joins(NamedTuple):
    """Neighbors to be looked at for zones.

    Attributes
    ----------
    back : ndarray of uint32, (16,)
        Steps back in the flat volume along each direction, counted from 1.
    chosen : ndarray of uint32, (2^a,)
        For every set of like neighbors, as bits, the few that must be joined, four bits each.
    """

    back: NDArray[np.uint32]
    chosen: NDArray[np.uint32]


def joins_of(near: Angles, steps: Ints) -> Joins:
    """Return the joins of the directions ``near``, which are ``steps`` in the flat volume."""
    back = np.zeros(16, dtype=np.uint32)
    back[1 : len(steps) + 1] = steps
    return Joins(back, _chosen(tuple(map(tuple, near.tolist()))))


@lru_cache(maxsize=32)
def _chosen(directions: tuple[tuple[int, ...], ...]) -> NDArray[np.uint32]:
    # For every set of like neighbors the few that must be joined: those that touch a chosen one belong to it
    # already. Neighbors that touch many others are chosen first.
    steps = np.asarray(directions, dtype=np.int64)
    allowed = {*directions, *(tuple(-step for step in direction) for direction in directions)}
    touching = np.array([[tuple((a - b).tolist()) in allowed for a in steps] for b in steps])
    return _choices(touching, np.argsort(-touching.sum(axis=1), kind="stable"))


def _choices(touching: NDArray[np.bool_], order: NDArray[np.int64]) -> NDArray[np.uint32]:
    # The chosen directions, counted from 1, four bits each: at most five of thirteen do not touch each other.
    count = len(order)
    left = np.arange(1 << count)
    chosen = np.zeros(1 << count, dtype=np.uint32)
    shift = np.zeros(1 << count, dtype=np.int64)
    for a in order.tolist():
        hit = left >> a & 1
        chosen |= (hit * (a + 1) << shift).astype(np.uint32)
        shift += 4 * hit
        covered = 1 << a | sum(1 << b for b in range(count) if touching[a, b])
        left = np.where(hit == 1, left & ~covered, left)
    return chosen
