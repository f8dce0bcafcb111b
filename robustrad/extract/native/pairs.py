"""One pass per direction for GLCM, GLRLM and GLSZM.

For every voxel and direction exactly one counter rises: the pair (level before, own level) where the levels
differ, else (own level, place in the run). Runs of length r are then counted by differencing the places,
and the diagonal of the GLCM is the number of places beyond the first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.angles import Angles
from robustrad.extract.native.roi import Volume

Counts = NDArray[np.int64]
Levels = NDArray[np.int32]
Floats = NDArray[np.float64]


class PairsAndRuns(NamedTuple):
    """Counts per direction, levels as positions in the list of levels that occur.

    Attributes
    ----------
    pairs : ndarray of float64, (a, g, g)
        Voxels of level i (second index) whose neighbor along the direction has level j (third index).
    runs : ndarray of float64, (a, g, r)
        Runs of level i and length j + 1.
    alike : ndarray of int32, flat padded volume
        Bit a is set where the voxel before along direction a has the same level.
    """

    pairs: Floats
    runs: Floats
    alike: Levels


def count_pairs_and_runs(
    levels: Levels, layout: Volume, counts: Counts, directions: Angles, longest: int
) -> PairsAndRuns:
    """Return pairs and runs of ``levels`` along each direction.

    Parameters
    ----------
    levels : ndarray of int32, flat padded volume
        Positions of gray levels, 1-based; 0 outside the ROI.
    layout : Volume
        Its row segments and strides.
    counts : ndarray of int64, (g,)
        Voxels of each level.
    directions : ndarray of int64, (a, 3)
        Offsets; each must point forward in memory.
    longest : int
        Length of the longest possible run (the largest side of the ROI).
    """
    offsets = directions @ np.asarray(layout.strides)
    known = counts.shape[0]
    angles, wide, step = len(offsets), known + 1, longest + 2
    tables = np.zeros((angles, wide * wide + wide * step), dtype=np.int32)
    place = np.empty(len(levels), dtype=np.int32)
    alike = np.zeros(len(levels), dtype=np.int32)
    cell = np.empty(longest, dtype=np.uint32)
    _count(levels, layout.starts, layout.lengths, offsets, known, longest, tables, place, alike, cell)
    return PairsAndRuns(*_parted(tables, counts, longest), alike)


@bare
def _count(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    levels: Levels,
    starts: Counts,
    lengths: Counts,
    offsets: Counts,
    known: int,
    longest: int,
    tables: Levels,
    place: Levels,
    alike: Levels,
    cell: NDArray[np.uint32],
) -> None:
    # 32-bit integers throughout: 64-bit ones would halve the vectors.
    angles = offsets.shape[0]
    one = np.int32(1)
    wide = np.int32(known + 1)
    step = np.int32(longest + 2)
    base = np.int32(wide * wide)
    for a in range(angles):
        table = tables[a]
        offset = offsets[a]
        bit = np.int32(1 << a)
        for k in range(starts.shape[0]):
            start = starts[k]
            length = lengths[k]
            own = levels[start : start + length]
            before = levels[start - offset : start - offset + length]
            here = place[start : start + length]
            there = place[start - offset : start - offset + length]
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


def _parted(tables: Levels, counts: Counts, longest: int) -> tuple[Floats, Floats]:
    known = len(counts)
    wide = known + 1
    pairs = tables[:, : wide * wide].reshape(-1, wide, wide)[:, 1:, 1:].astype(np.float64)
    places = tables[:, wide * wide :].reshape(-1, wide, longest + 2)[:, 1:, 1:]
    again = places[:, :, 1:].sum(axis=2)
    pairs[:, np.arange(known), np.arange(known)] = again
    places[:, :, 0] = counts - again
    return pairs, (places[:, :, :-1] - places[:, :, 1:]).astype(np.float64)


def count_pairs(levels: Levels, layout: Volume, known: int, directions: Angles) -> Floats:
    """Return only the pairs, for directions of any length (``distances`` other than 1)."""
    pairs = np.zeros((len(directions), known + 1, known + 1))
    _add_pairs(levels, layout.starts, layout.lengths, directions @ np.asarray(layout.strides), pairs)
    return np.ascontiguousarray(pairs[:, 1:, 1:])


@bare
def _add_pairs(levels: Levels, starts: Counts, lengths: Counts, offsets: Counts, pairs: Floats) -> None:
    for a in range(offsets.shape[0]):
        for k in range(starts.shape[0]):
            for i in range(starts[k], starts[k] + lengths[k]):
                pairs[a, levels[i], levels[i + offsets[a]]] += 1
