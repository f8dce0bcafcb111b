"""Pairs for GLCM and runs for GLRLM, along each direction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.frame import Frame, Work
from robustrad.extract.native.roi import Ints
from robustrad.extract.native.sets import MOST, complete, count_sets

Counts = NDArray[np.int32]


def count_pairs_and_runs(counts: Ints, base: Frame, work: Work) -> Counts:
    """Count pairs and runs along each direction.

    Parameters
    ----------
    counts : ndarray of int64, (g,)
        Voxels of each level.
    base : Frame
        Layout and directions.
    work : Work
        With the levels laid out.

    Returns
    -------
    ndarray of int32, (a, (g + 1) (g + longest + 3))
        For each direction, at (g + 1) i + j, the voxels of level j whose neighbor before has level i; and
        from (g + 1)^2 on, at (longest + 2) i + r, the voxels of level i that are number r of their run.
        Row and column 0 mean nothing.
    """
    wide = len(counts) + 1
    tables = np.zeros((len(base.steps_near), wide * (wide + base.longest + 2)), dtype=np.int32)
    if len(counts) <= MOST:
        count_sets(work.volume, counts, base.steps_near, *work.sets, tables)
    else:
        starts, lengths = base.layout.starts, base.layout.lengths
        cell = np.empty(base.longest, dtype=np.uint32)
        _count(work.volume, counts, starts, lengths, base.steps_near, work.labels, cell, tables)
    return tables


@bare
def _count(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    levels: NDArray[np.uint8],
    counts: Ints,
    starts: Ints,
    lengths: Ints,
    offsets: Ints,
    runs: Counts,
    cell: NDArray[np.uint32],
    tables: Counts,
) -> None:
    # For every voxel and direction exactly one counter rises: the pair (level before, own level) where the
    # levels differ, else (own level, number in the run). The diagonal of the pairs, and the first of every
    # run, follow from the other numbers. 32-bit integers throughout: 64-bit ones would halve the vectors.
    one = np.int32(1)
    wide = np.int32(counts.shape[0] + 1)
    step = np.int32(cell.shape[0] + 2)
    base = np.int32(wide * wide)
    for a in range(offsets.shape[0]):
        table = tables[a]
        offset = offsets[a]
        for k in range(starts.shape[0]):
            start = starts[k]
            length = lengths[k]
            own = levels[start : start + length]
            before = levels[start - offset : start - offset + length]
            here = runs[start : start + length]
            there = runs[start - offset : start - offset + length]
            for i in range(length):
                o = np.int32(own[i])
                b = np.int32(before[i])
                same = np.int32(o == b)
                run = there[i] * same + one
                here[i] = run
                cell[i] = np.uint32((base + o * step + run) * same + (b * wide + o) * (one - same))
            for i in range(length):
                table[cell[i]] += 1
        complete(table, counts)


def count_pairs(known: int, base: Frame, work: Work) -> Counts:
    """Return only the pairs of ``work.volume``, for directions of any length (``distances`` other than 1)."""
    tables = np.zeros((len(base.steps_forward), (known + 1) ** 2), dtype=np.int32)
    _add_pairs(work.volume, base.layout.starts, base.layout.lengths, base.steps_forward, known + 1, tables)
    return tables


@bare
def _add_pairs(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    levels: NDArray[np.uint8], starts: Ints, lengths: Ints, offsets: Ints, wide: int, tables: Counts
) -> None:
    for a in range(offsets.shape[0]):
        for k in range(starts.shape[0]):
            for i in range(starts[k], starts[k] + lengths[k]):
                tables[a, levels[i] * wide + levels[i + offsets[a]]] += 1
