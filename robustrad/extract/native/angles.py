"""Directions to neighbors, in PyRadiomics' order."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Angles = NDArray[np.int64]


def directions(shape: tuple[int, ...], distances: tuple[int, ...], *, flat: int | None, both: bool) -> Angles:
    """Return offsets (n, 3), (z, y, x), of neighbors at the Chebyshev ``distances``.

    Parameters
    ----------
    shape : tuple of int
        Shape of the cropped ROI; no offset reaches beyond it.
    distances : tuple of int
        Distances in voxels, each at least 1.
    flat : int or None
        Array axis without offsets (``force2Ddimension`` where ``force2D``).
    both : bool
        True for every neighbor, False for one of each opposite pair.

    Notes
    -----
    Offsets run from the largest to the smallest, the last axis fastest, and start again from the front if
    a distance is named twice: PyRadiomics does the same.
    """
    reach = max(distances)
    clipped = tuple(min(size, reach + 1) for size in shape)
    return _directions(clipped, distances, flat, both)


@lru_cache(maxsize=256)
def _directions(shape: tuple[int, ...], distances: tuple[int, ...], flat: int | None, both: bool) -> Angles:
    reach = max(distances)
    steps = np.arange(reach, -reach - 1, -1)
    offsets = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = np.all(np.abs(offsets) < np.asarray(shape), axis=1)
    if flat is not None:
        inside &= offsets[:, flat] == 0
    chebyshev = np.abs(offsets).max(axis=1)
    wanted = sum(int(np.sum(inside & (chebyshev == distance))) for distance in distances)
    valid = offsets[inside & np.isin(chebyshev, distances)]
    if not both:
        wanted //= 2
    return np.ascontiguousarray(np.resize(valid, (wanted, 3))) if wanted else np.empty((0, 3), dtype=np.int64)
