"""A patient as activity in space: a lesion with texture and necrosis, soft tissue, an organ nearby."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from robustrad.core.geometry import Grid, Mask, Voxels
from robustrad.core.identity import generator
from robustrad.demo.shapes import LobedShape, draw_shape, gauge, occupancy, offsets, smallest
from robustrad.demo.texture import gaussian_field, standardized

FOLD = 2
SPACING_MM = 4.0
FINE_MM = SPACING_MM / FOLD
GRID = Grid((40, 40, 40), (SPACING_MM,) * 3, (-78.0, -78.0, -78.0))
FINE_GRID = GRID.with_spacing((FINE_MM,) * 3, (40 * FOLD,) * 3)

SOFT_TISSUE_SUV = 0.8
ORGAN_SUV = 2.2
NECROSIS_UPTAKE = 0.15  # of the viable tumor's
_TISSUE_CORRELATION_MM = 15.0
_RAGGED = 0.5  # how much the tissue's structure bends the necrotic core
_WAVE_MM = 5.0  # and the surface of the organ


class Lesion(NamedTuple):
    """What is planted in one lesion.

    Attributes
    ----------
    voxels : int
        Image voxels in the mask; the volume is exact.
    uptake_suv : float
        Mean activity of the viable tumor.
    strength : float
        SD of the log activity in the viable tumor.
    correlation_mm : float
        Correlation length of that texture.
    necrosis_fraction : float
        Share of the lesion that is necrotic.
    """

    voxels: int
    uptake_suv: float
    strength: float
    correlation_mm: float
    necrosis_fraction: float


class Phantom(NamedTuple):
    """The truth in space.

    Attributes
    ----------
    activity : ndarray of float64, (z, y, x)
        SUV on ``FINE_GRID``.
    mask : ndarray of bool, (z, y, x)
        The lesion on ``GRID``.
    """

    activity: Voxels
    mask: Mask


def make_phantom(lesion: Lesion, *, seed: int, patient: int) -> Phantom:
    """Return the phantom of one patient; the same ``seed`` and ``patient`` give the same body and fields."""
    shape = draw_shape(generator("robustrad.demo", seed, patient, "shape"))
    mask, _ = smallest(gauge(shape, GRID)[0], lesion.voxels)
    tissue_rng = generator("robustrad.demo", seed, patient, "tissue")
    structure = _field(tissue_rng, _TISSUE_CORRELATION_MM)
    texture = _field(generator("robustrad.demo", seed, patient, "texture"), lesion.correlation_mm)
    activity = _background(structure, shape, lesion, tissue_rng)
    box, box_grid = _around(mask)
    level, radius = gauge(shape, box_grid)
    inside, threshold = smallest(level, lesion.voxels * FOLD**3)
    tumor = _tumor(lesion, inside, level * np.exp(_RAGGED * structure[box]), texture[box])
    share = occupancy(level, radius, threshold, FINE_MM)
    activity[box] += share * (tumor - activity[box])
    return Phantom(activity, mask)


def _around(mask: Mask) -> tuple[tuple[slice, ...], Grid]:
    """Return the part of ``FINE_GRID`` that holds the lesion with two image voxels around it."""
    where = np.argwhere(mask)
    low = np.maximum(where.min(axis=0) - 2, 0) * FOLD
    high = np.minimum(where.max(axis=0) + 3, mask.shape) * FOLD
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    x, y, z = FINE_GRID.points(low[None].astype(np.float64))[0].tolist()
    depth, height, width = (high - low).tolist()
    return box, replace(FINE_GRID, size=(width, height, depth), origin=(x, y, z))


def _field(rng: np.random.Generator, correlation_mm: float) -> Voxels:
    return gaussian_field(
        rng, FINE_GRID.shape, spacing_zyx=FINE_GRID.spacing_zyx, correlation_mm=correlation_mm
    )


def _tumor(lesion: Lesion, inside: Mask, depth: Voxels, texture: Voxels) -> Voxels:
    """Return tumor activity; it goes on beyond the surface, where its share is cut off."""
    core = round(lesion.necrosis_fraction * int(inside.sum()))
    necrotic = np.zeros(inside.shape, dtype=np.bool_)
    if core:
        necrotic, _ = smallest(np.where(inside, depth, np.inf), core)
    viable = inside & ~necrotic
    relative = np.exp(lesion.strength * standardized(texture, viable))
    relative *= lesion.uptake_suv / relative[viable].mean()
    return np.where(necrotic, NECROSIS_UPTAKE * lesion.uptake_suv, relative)


def _background(structure: Voxels, shape: LobedShape, lesion: Lesion, rng: np.random.Generator) -> Voxels:
    """Return soft tissue with an organ behind a wavy plane, 12 mm or more beyond the mean radius."""
    normal = rng.normal(size=3)
    normal /= np.linalg.norm(normal)
    mean_radius = (lesion.voxels * GRID.voxel_volume * 3.0 / (4.0 * np.pi)) ** (1.0 / 3.0)
    x, y, z = offsets(shape.center + normal * (mean_radius + rng.uniform(12.0, 35.0)), FINE_GRID)
    beyond = normal[0] * x + normal[1] * y + normal[2] * z
    organ = np.clip(0.5 + (beyond + _WAVE_MM * structure) / FINE_MM, 0.0, 1.0)
    wave = np.clip(structure, -3.0, 3.0)
    return np.asarray(
        (1.0 - organ) * SOFT_TISSUE_SUV * (1.0 + 0.2 * wave) + organ * ORGAN_SUV * (1.0 + 0.06 * wave)
    )
