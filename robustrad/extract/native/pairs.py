"""One pass per direction for GLCM, GLRLM and GLSZM.

For every voxel and direction exactly one counter rises: the pair (level before, own level) where the levels
differ, else (own level, place in the run). Runs of length r are then counted by differencing the places,
and the diagonal of the GLCM is the number of places beyond the first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.frame import Frame, Work
from robustrad.extract.native.roi import Ints

Counts = NDArray[np.int32]


def count_pairs_and_runs(places: Counts, counts: Ints, base: Frame, work: Work) -> Counts:
    """Count pairs and runs along each direction; fills ``work`` but its labels.

    Parameters
    ----------
    places : ndarray of int32, (n,)
        Position of every voxel's gray level, 1-based.
    counts : ndarray of int64, (g,)
        Voxels of each level.
    base : Frame
        Layout and directions.
    work : Work
        Room.

    Returns
    -------
    ndarray of int32, (a, (g + 1) (g + longest + 3))
        For each direction, at (g + 1) i + j, the voxels of level j whose neighbor before has level i; and
        from (g + 1)^2 on, at (longest + 2) i + r, the voxels of level i that are number r of their run.
        Row and column 0 mean nothing.
    """
    wide = len(counts) + 1
    tables = np.zeros((len(base.steps_near), wide * (wide + base.longest + 2)), dtype=np.int32)
    cell = np.empty(base.longest, dtype=np.uint32)
    starts, lengths = base.layout.starts, base.layout.lengths
    _count(places, counts, starts, lengths, base.steps_near, tables, work.volume, work.runs, work.alike, cell)
    return tables


@bare
def _count(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    places: Counts,
    counts: Ints,
    starts: Ints,
    lengths: Ints,
    offsets: Ints,
    tables: Counts,
    levels: Counts,
    runs: Counts,
    alike: Counts,
    cell: NDArray[np.uint32],
) -> None:
    # 32-bit integers throughout: 64-bit ones would halve the vectors.
    at = 0
    for k in range(starts.shape[0]):
        length = lengths[k]
        own = levels[starts[k] : starts[k] + length]
        bits = alike[starts[k] : starts[k] + length]
        for i in range(length):
            own[i] = places[at + i]
            bits[i] = 0
        at += length
    known = counts.shape[0]
    one = np.int32(1)
    wide = np.int32(known + 1)
    step = np.int32(cell.shape[0] + 2)
    base = np.int32(wide * wide)
    for a in range(offsets.shape[0]):
        table = tables[a]
        offset = offsets[a]
        bit = np.int32(1 << a)
        for k in range(starts.shape[0]):
            start = starts[k]
            length = lengths[k]
            own = levels[start : start + length]
            before = levels[start - offset : start - offset + length]
            here = runs[start : start + length]
            there = runs[start - offset : start - offset + length]
            bits = alike[start : start + length]
            for i in range(length):
                o = own[i]
                b = before[i]
                same = np.int32(o == b)
                run = there[i] * same + one
                here[i] = run
                bits[i] |= bit * same
                cell[i] = np.uint32((base + o * step + run) * same + (b * wide + o) * (one - same))
            for i in range(length):
                table[cell[i]] += 1
        for level in range(1, known + 1):
            again = 0
            for run in range(2, step):
                again += table[base + level * step + run]
            table[level * wide + level] = again
            table[base + level * step + 1] = counts[level - 1] - again


def count_pairs(known: int, base: Frame, work: Work) -> Counts:
    """Return only the pairs of ``work.volume``, for directions of any length (``distances`` other than 1)."""
    tables = np.zeros((len(base.steps_forward), (known + 1) ** 2), dtype=np.int32)
    _add_pairs(work.volume, base.layout.starts, base.layout.lengths, base.steps_forward, known + 1, tables)
    return tables


@bare
def _add_pairs(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    levels: Counts, starts: Ints, lengths: Ints, offsets: Ints, wide: int, tables: Counts
) -> None:
    for a in range(offsets.shape[0]):
        for k in range(starts.shape[0]):
            for i in range(starts[k], starts[k] + lengths[k]):
                tables[a, levels[i] * wide + levels[i + offsets[a]]] += 1
