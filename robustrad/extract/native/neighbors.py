"""One pass over all neighbors for GLDM, NGTDM and the zones of GLSZM."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.discretize import Levels
from robustrad.extract.native.frame import Frame, Work
from robustrad.extract.native.roi import Ints

Floats = NDArray[np.float64]
STRETCH = 2048  # voxels of the flat volume looked at together: all fits into the fastest cache


class Around(NamedTuple):
    """What the neighbors of all voxels add up to.

    Attributes
    ----------
    dependences : ndarray of float64, (g, m + 1)
        Voxels of each level with 0 to m dependent neighbors in the ROI.
    gaps : ndarray of int64, (g, m + 1)
        For each level, over its voxels with n neighbors in the ROI, the sum of the magnitude of n times the
        level minus the sum of the neighbors: whole numbers.
    """

    dependences: Floats
    gaps: Ints


def look_around(levels: Levels, base: Frame, work: Work, alpha: int) -> Around:
    """Return what the neighbors add up to; fills ``work.alike``.

    Parameters
    ----------
    levels : Levels
        As they are laid out in ``work``.
    base : Frame
        Layout and directions.
    work : Work
        Room.
    alpha : int
        Largest difference of dependent gray levels (``gldm_a``).
    """
    shape = len(levels.gray), len(base.steps_around) + 1
    found = Around(np.zeros(shape), np.zeros(shape, dtype=np.int64))
    room = max(STRETCH, base.longest) + 64
    counts, sums = np.empty(room, dtype=work.volume.dtype), np.empty(room, dtype=work.tones.dtype)
    _look(
        *(work.volume, work.tones, levels.places, base.layout.starts, base.layout.lengths),
        *(base.steps_around, base.steps_near, alpha, base.neighbors),
        *(work.alike, counts, sums, found.dependences, found.gaps),
    )
    return found


@bare
def _look(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    volume: NDArray[Any],
    tones: NDArray[Any],
    places: NDArray[np.int32],
    starts: Ints,
    lengths: Ints,
    around: Ints,
    near: Ints,
    alpha: int,
    neighbors: NDArray[np.int32],
    alike: NDArray[np.uint16],
    counts: NDArray[Any],
    sums: NDArray[Any],
    dependences: Floats,
    gaps: Ints,
) -> None:
    # A stretch holds whole row segments and what lies between them: long loops in small integers are worth
    # more than the voxels outside cost.
    at = 0
    k = 0
    while k < starts.shape[0]:
        first = starts[k]
        last = k
        room = counts.shape[0] - 64
        while last + 1 < starts.shape[0] and starts[last + 1] + lengths[last + 1] - first <= room:
            last += 1
        length = (starts[last] + lengths[last] - first + 63) // 64 * 64
        own = volume[first : first + length]
        tone = tones[first : first + length]
        count = counts[:length]
        total = sums[:length]
        codes = alike[first : first + length]
        for i in range(length):
            count[i] = 0
            total[i] = 0
            codes[i] = 0
        for m in range(around.shape[0]):
            other = volume[first + around[m] : first + around[m] + length]
            others = tones[first + around[m] : first + around[m] + length]
            if alpha == 0:
                for i in range(length):
                    count[i] += other[i] == own[i]
            else:
                for i in range(length):
                    count[i] += (abs(others[i] - tone[i]) <= alpha) & (others[i] > 0)
            for i in range(length):
                total[i] += others[i]
        for m in range(near.shape[0]):
            before = volume[first - near[m] : first - near[m] + length]
            bit = np.uint16(1 << m)
            for i in range(length):
                codes[i] |= bit * np.uint16(before[i] == own[i])
        while k <= last:
            begin = starts[k] - first
            for i in range(begin, begin + lengths[k]):
                level = places[at] - 1
                dependences[level, count[i]] += 1
                gaps[level, neighbors[at]] += abs(tone[i] * np.int64(neighbors[at]) - total[i])
                at += 1
            k += 1
