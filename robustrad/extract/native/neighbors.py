"""One pass over all neighbors for GLDM, NGTDM and the equal neighbors that GLSZM joins."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.angles import Angles
from robustrad.extract.native.roi import Volume, scatter

Grays = NDArray[np.int32]
Offsets = NDArray[np.int64]


class Neighbors(NamedTuple):
    """What the neighbors of every ROI voxel (in array order) are like.

    Attributes
    ----------
    alike : ndarray of int32, (n,)
        Neighbors in the ROI whose gray level differs by at most ``alpha``.
    total : ndarray of int32, (n,)
        Sum of the gray levels of the neighbors in the ROI.
    """

    alike: NDArray[np.int32]
    total: NDArray[np.int32]


def look_around(grays: Grays, layout: Volume, directions: Angles, alpha: int) -> Neighbors:
    """Return the dependence counts and the sums of neighboring gray levels.

    Parameters
    ----------
    grays : ndarray of int32, flat padded volume
        Gray levels; 0 outside the ROI.
    layout : Volume
        Its row segments and strides.
    directions : ndarray of int64, (m, 3)
        Offsets to all neighbors.
    alpha : int
        Largest difference of dependent gray levels (``gldm_a``).
    """
    offsets = directions @ np.asarray(layout.strides)
    return _looked(grays, layout, offsets, alpha)


def neighbor_counts(layout: Volume, directions: Angles) -> NDArray[np.int32]:
    """Return the number of neighbors in the ROI of every voxel (it depends on the mask alone)."""
    offsets = directions @ np.asarray(layout.strides)
    ones = np.ones(int(layout.lengths.sum()), dtype=np.int32)
    inside = scatter(ones, layout.starts, layout.lengths, layout.size)
    return _looked(inside, layout, offsets, 0).total


def _looked(grays: Grays, layout: Volume, offsets: Offsets, alpha: int) -> Neighbors:
    alike, total = np.zeros((2, int(layout.lengths.sum())), dtype=np.int32)
    _look(grays, layout.starts, layout.lengths, offsets, alpha, alike, total)
    return Neighbors(alike, total)


@bare
def _look(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    grays: Grays,
    starts: Offsets,
    lengths: Offsets,
    offsets: Offsets,
    alpha: int,
    alike: NDArray[np.int32],
    total: NDArray[np.int32],
) -> None:
    at = 0
    for k in range(starts.shape[0]):
        start = starts[k]
        length = lengths[k]
        own = grays[start : start + length]
        count = alike[at : at + length]
        sums = total[at : at + length]
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
        at += length
