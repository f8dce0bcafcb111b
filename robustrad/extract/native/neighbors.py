"""One pass over all neighbors for GLDM, NGTDM and the zones of GLSZM."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.extremes import smaller
from robustrad.extract.native.frame import Frame, Work
from robustrad.extract.native.roi import Ints

Floats = NDArray[np.float64]
STRETCH = 1024  # voxels of the flat volume looked at together: all fits into the fastest cache
GAP = 100  # voxels outside the ROI that are worth jumping over


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


def look_around(known: int, base: Frame, work: Work, alpha: int) -> Around:
    """Return what the neighbors of ``known`` levels add up to; fills ``work.alike``.

    Parameters
    ----------
    known : int
        How many gray levels occur, g.
    base : Frame
        Layout and directions.
    work : Work
        With the gray levels laid out.
    alpha : int
        Largest difference of dependent gray levels (``gldm_a``).
    """
    shape = known, len(base.steps_around) + 1
    dependences, gaps = np.zeros((2, *shape), dtype=np.int64)
    room = max(STRETCH, base.longest) + 64
    counts, sums = np.empty(room, dtype=work.volume.dtype), np.empty(room, dtype=work.tones.dtype)
    _look(
        *(work.volume, work.tones, base.layout.starts, base.layout.lengths, base.steps_around),
        *(base.steps_near, base.neighbors, work.alike, counts, sums),
        *(np.empty((3, room), dtype=np.int32), dependences.reshape(-1), gaps.reshape(-1)),
    )
    if alpha > 0:
        dependences[:] = 0
        layout = base.layout
        _depend(work.volume, work.tones, layout.starts, layout.lengths, base.steps_around, alpha, dependences)
    return Around(dependences.astype(np.float64), gaps)


@bare
def _look(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    volume: NDArray[Any],
    tones: NDArray[Any],
    starts: Ints,
    lengths: Ints,
    around: Ints,
    near: Ints,
    neighbors: NDArray[np.int16],
    alike: NDArray[np.uint16],
    counts: NDArray[Any],
    sums: NDArray[Any],
    cells: NDArray[np.int32],
    dependences: Ints,
    gaps: Ints,
) -> None:
    # A stretch holds whole row segments and what lies between them: long loops in small integers are worth
    # more than the voxels outside cost. Two directions a turn: half the traffic.
    columns = np.int32(around.shape[0] + 1)
    k = 0
    while k < starts.shape[0]:
        first = starts[k]
        end = first + lengths[k]
        last = k + 1
        while last < starts.shape[0] and starts[last] - end < GAP:
            if starts[last] + lengths[last] - first > STRETCH:
                break
            end = starts[last] + lengths[last]
            last += 1
        length = (end - first + 63) // 64 * 64
        own = volume[first : first + length]
        tone = tones[first : first + length]
        count = counts[:length]
        total = sums[:length]
        codes = alike[first : first + length]
        for i in range(length):
            count[i] = 0
            total[i] = 0
            codes[i] = 0
        for m in range(0, around.shape[0], 2):
            begin = first + around[m]
            other = first + around[m + 1]
            a, b = volume[begin : begin + length], volume[other : other + length]
            s, t = tones[begin : begin + length], tones[other : other + length]
            for i in range(length):
                count[i] += (a[i] == own[i]) + (b[i] == own[i])
            for i in range(length):
                total[i] += s[i] + t[i]
        for m in range(0, near.shape[0], 2):
            n = smaller(m + 1, near.shape[0] - 1)
            a = volume[first - near[m] : first - near[m] + length]
            b = volume[first - near[n] : first - near[n] + length]
            one, two = np.uint16(1 << m), np.uint16(1 << n)
            for i in range(length):
                codes[i] |= one * np.uint16(a[i] == own[i]) | two * np.uint16(b[i] == own[i])
        near_by = neighbors[first : first + length]
        dependence, row, gap = cells[0, :length], cells[1, :length], cells[2, :length]
        for i in range(length):
            start = (np.int32(own[i]) - np.int32(1)) * columns
            dependence[i] = start + count[i]
            row[i] = start + near_by[i]
            gap[i] = abs(np.int32(tone[i]) * np.int32(near_by[i]) - np.int32(total[i]))
        while k < last:
            for i in range(starts[k] - first, starts[k] - first + lengths[k]):
                dependences[dependence[i]] += 1
                gaps[row[i]] += gap[i]
            k += 1


@bare
def _depend(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    volume: NDArray[Any],
    tones: NDArray[Any],
    starts: Ints,
    lengths: Ints,
    around: Ints,
    alpha: int,
    dependences: Ints,
) -> None:
    # Neighbors within ``alpha`` levels.
    for k in range(starts.shape[0]):
        for i in range(starts[k], starts[k] + lengths[k]):
            count = 0
            for m in range(around.shape[0]):
                other = tones[i + around[m]]
                count += (abs(other - tones[i]) <= alpha) & (other > 0)
            dependences[volume[i] - 1, count] += 1
