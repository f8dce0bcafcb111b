"""One pass over all neighbors for GLDM and NGTDM."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.roi import Ints, Volume

Grays = NDArray[np.int32]
Floats = NDArray[np.float64]


def look_around(  # noqa: PLR0917  # the inputs of one call
    volume: Grays, places: Grays, gray: Ints, layout: Volume, steps: Ints, neighbors: Grays, alpha: int
) -> tuple[Floats, Floats]:
    """Return dependence counts per level, and voxels and neighborhood differences of each.

    Parameters
    ----------
    volume : ndarray of int32, flat padded volume
        Positions of gray levels, 1-based; 0 outside the ROI. It holds the gray levels themselves afterwards.
    places : ndarray of int32, (n,)
        Position of every voxel's level in ``gray``, 1-based.
    gray : ndarray of int64, (g,)
        The gray levels that occur.
    layout : Volume
        Its row segments.
    steps : ndarray of int64, (m,)
        Steps to all neighbors in the flat volume.
    neighbors : ndarray of int32, (n,)
        Neighbors in the ROI of every voxel.
    alpha : int
        Largest difference of dependent gray levels (``gldm_a``).

    Returns
    -------
    dependences : ndarray of float64, (g, m + 1)
        Voxels of each level with 0 to m dependent neighbors in the ROI.
    tones : ndarray of float64, (2, g)
        Voxels of each level, and the sum over them of the magnitude of level minus mean of the neighbors. A
        voxel without neighbors counts with a difference of zero.
    """
    known = len(gray)
    dependences = np.zeros((known, len(steps) + 1))
    tones = np.zeros((2, known))
    buffer = np.empty((2, int(layout.lengths.max())), dtype=np.int32)
    starts, lengths = layout.starts, layout.lengths
    _look(
        *(volume, places, gray, starts, lengths, steps),
        *(alpha, False, neighbors, dependences, tones, buffer),
    )
    return dependences, tones


def neighbor_counts(layout: Volume, steps: Ints, longest: int) -> Grays:
    """Return the number of neighbors in the ROI of every voxel (it depends on the mask alone)."""
    voxels = int(layout.lengths.sum())
    ones = np.ones(voxels, dtype=np.int32)
    found = np.empty(voxels, dtype=np.int32)
    volume, buffer = np.zeros(layout.size, dtype=np.int32), np.empty((2, longest), dtype=np.int32)
    gray, none = np.ones(1, dtype=np.int64), np.zeros((2, 1))
    starts, lengths = layout.starts, layout.lengths
    _look(volume, ones, gray, starts, lengths, steps, 0, True, found, none, none, buffer)
    return found


@bare
def _look(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    grays: Grays,
    places: Grays,
    gray: Ints,
    starts: Ints,
    lengths: Ints,
    offsets: Ints,
    alpha: int,
    counting: bool,
    neighbors: Grays,
    dependences: Floats,
    tones: Floats,
    buffer: Grays,
) -> None:
    # ``counting``: fills ``neighbors`` and nothing else.
    at = 0
    for k in range(starts.shape[0]):
        own = grays[starts[k] : starts[k] + lengths[k]]
        for i in range(lengths[k]):
            own[i] = gray[places[at + i] - 1]
        at += lengths[k]
    at = 0
    for k in range(starts.shape[0]):
        start = starts[k]
        length = lengths[k]
        own = grays[start : start + length]
        count = buffer[0, :length]
        sums = buffer[1, :length]
        for i in range(length):
            count[i] = 0
            sums[i] = 0
        if alpha == 0:
            for m in range(offsets.shape[0]):
                other = grays[start + offsets[m] : start + offsets[m] + length]
                for i in range(length):
                    sums[i] += other[i]
                    count[i] += np.int32(other[i] == own[i])
        else:
            for m in range(offsets.shape[0]):
                other = grays[start + offsets[m] : start + offsets[m] + length]
                for i in range(length):
                    sums[i] += other[i]
                    near = (abs(other[i] - own[i]) <= alpha) & (other[i] > 0)
                    count[i] += np.int32(near)
        if counting:
            for i in range(length):
                neighbors[at + i] = sums[i]
        else:
            for i in range(length):
                level = places[at + i] - 1
                around = neighbors[at + i]
                dependences[level, count[i]] += 1
                tones[0, level] += 1
                if around > 0:
                    tones[1, level] += abs(own[i] - sums[i] / np.float64(around))
        at += length
