"""Masks to try operators on: balls, lobed lesions, thin and broken ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from robustrad.core.geometry import Grid, Mask
from robustrad.perturb.sample import Sample


def ball(
    shape: tuple[int, int, int], radius_mm: float, spacing_zyx: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> Mask:
    """Return a ball in the middle of the array."""
    squared = sum(
        ((places - (size - 1) / 2) * step) ** 2
        for places, size, step in zip(np.ogrid[tuple(map(slice, shape))], shape, spacing_zyx, strict=True)
    )
    return np.asarray(squared <= radius_mm**2)


def lobed(seed: int, shape: tuple[int, int, int] = (18, 20, 22), *, share: float = 0.15) -> Mask:
    """Return the largest piece of a thresholded random field: lobes, bridges, holes, cut by the border."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 2.0)
    pieces, _ = ndimage.label(field > np.quantile(field, 1 - share))
    return np.asarray(pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:]))


def scattered(seed: int, shape: tuple[int, int, int] = (12, 14, 16), *, share: float = 0.1) -> Mask:
    """Return single random voxels and clumps of them: many pieces."""
    return np.asarray(np.random.default_rng(seed).random(shape) < share)


def thin(seed: int, shape: tuple[int, int, int] = (14, 16, 18), *, length: int = 60) -> Mask:
    """Return a random walk, a face-connected string one voxel thick with loops."""
    rng = np.random.default_rng(seed)
    mask = np.zeros(shape, dtype=np.bool_)
    place = np.array(shape) // 2
    for _ in range(length):
        mask[tuple(place)] = True
        axis = rng.integers(3)
        place[axis] = np.clip(place[axis] + rng.choice((-1, 1)), 0, shape[axis] - 1)
    return mask


def sample_of(
    mask: Mask, voxels: NDArray[np.float64] | None = None, *, spacing: tuple[float, float, float] = (1, 1, 1)
) -> Sample:
    """Return a sample with ``mask``; the image is zero unless given."""
    size = (mask.shape[2], mask.shape[1], mask.shape[0])
    image = np.zeros(mask.shape) if voxels is None else voxels
    return Sample(image, mask, Grid(size, (float(spacing[0]), float(spacing[1]), float(spacing[2]))))


def pieces(mask: Mask, *, diagonal: bool) -> int:
    """Return the number of connected pieces, across faces only or diagonals too."""
    structure = np.ones((3, 3, 3)) if diagonal else None
    return int(ndimage.label(mask, structure=structure)[1])
