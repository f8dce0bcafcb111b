"""Lesions of known shape, sampled on grids in patient space."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from robustrad.core.geometry import Grid, Mask, Triple
from robustrad.perturb.apply import apply
from robustrad.perturb.base import Perturbation
from robustrad.perturb.sample import Sample
from robustrad.perturb.surface import dice

ISOTROPIC, PET, CT = (1.0, 1.0, 1.0), (5.47, 5.47, 3.27), (1.0, 1.0, 3.0)
"""Spacings (x, y, z) in mm."""
OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)


def sphere(
    radius: float,
    *,
    spacing: Triple = ISOTROPIC,
    room: float = 1.9,
    direction: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
) -> Sample:
    """A ball about the world's point (30, -20, 7) mm, off the lattice; ``room`` radii around it; PET-like."""
    size = tuple(2 * int(room * radius / step) + 9 for step in spacing)
    middle = ((np.array(size) - 1) / 2 + [0.31, -0.17, 0.23]) * np.array(spacing)
    x, y, z = np.array([30.0, -20.0, 7.0]) - np.array(direction).reshape(3, 3) @ middle
    grid = Grid(size, spacing, (float(x), float(y), float(z)), direction)
    distance = distances(grid, (30.0, -20.0, 7.0))
    voxels = 1.0 + 7.0 / (1.0 + np.exp(np.clip((distance - radius) / 1.5, -50, 50)))
    return Sample(voxels, distance <= radius, grid, "PT")


def distances(grid: Grid, point: Triple) -> np.ndarray:
    """Distance of all voxel centers from a point in patient space, mm."""
    places = np.stack([axis.ravel() for axis in np.indices(grid.shape)], axis=1).astype(float)
    return np.linalg.norm(grid.points(places) - point, axis=1).reshape(grid.shape)


def of(mask: Mask, *, spacing: Triple = ISOTROPIC, voxels: np.ndarray | None = None) -> Sample:
    image = np.zeros(mask.shape) if voxels is None else voxels
    z, y, x = mask.shape
    return Sample(image, mask, Grid((x, y, z), spacing), "PT")


def dumbbell(radius: int = 8, bridge: int = 1) -> Mask:
    """Two balls on a thin bridge along x."""
    z, y, x = np.ogrid[:31, :31, :71]
    balls = [(z - 15) ** 2 + (y - 15) ** 2 + (x - middle) ** 2 <= radius**2 for middle in (18, 52)]
    mask = balls[0] | balls[1]
    mask[15 : 15 + bridge, 15 : 15 + bridge, 18:52] = True
    return mask


def draws(operator: Perturbation, sample: Sample, count: int, *, seed: int = 500) -> list[Mask]:
    """Masks of ``count`` draws of a calibrated operator; all must apply."""
    found = []
    for number in range(count):
        result = apply(operator, sample, np.random.default_rng([seed, number]))
        assert isinstance(result, Sample), result
        found.append(result.mask)
    return found


def dices(sample: Sample, masks: list[Mask]) -> np.ndarray:
    return np.array([dice(sample.mask, mask) for mask in masks])


def ratios(sample: Sample, masks: list[Mask]) -> np.ndarray:
    return np.array([mask.sum() / sample.mask.sum() for mask in masks])


def pieces(mask: Mask) -> int:
    """Connected pieces, across diagonals too."""
    return int(ndimage.label(mask, structure=np.ones((3, 3, 3)))[1])
