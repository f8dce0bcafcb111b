"""Lobed bodies: star-shaped, of one piece, with a volume that is exact in voxels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.geometry import Grid, Mask, Voxels

_REACH = 0.5  # bound of |log radius|: no lobe reaches 1.7 times as far as the plain ellipsoid


class LobedShape(NamedTuple):
    """An ellipsoid with lobes and notches.

    Attributes
    ----------
    center : ndarray, (3,)
        Position in mm, (x, y, z).
    stretch : ndarray, (3, 3)
        Symmetric matrix of determinant 1 that turns the ellipsoid into the unit ball.
    directions : ndarray, (k, 3)
        Unit vectors of the lobes.
    heights : ndarray, (k,)
        Change of the log radius at each lobe; negative is a notch.
    sharpness : ndarray, (k,)
        Concentration of each lobe on the sphere: it falls to 1/e where the cosine is 1 - 1/sharpness.
    """

    center: NDArray[np.float64]
    stretch: NDArray[np.float64]
    directions: NDArray[np.float64]
    heights: NDArray[np.float64]
    sharpness: NDArray[np.float64]


def draw_shape(rng: np.random.Generator, *, wander_mm: float = 4.0) -> LobedShape:
    """Draw a shape of 3 to 6 lobes and 1 or 2 notches, within ``wander_mm`` of the origin on each axis."""
    center = rng.uniform(-wander_mm, wander_mm, 3)
    axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    log_radii = rng.uniform(-0.2, 0.2, 3)
    log_radii -= log_radii.mean()
    lobes, notches = int(rng.integers(3, 7)), int(rng.integers(1, 3))
    directions = rng.normal(size=(lobes + notches, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    heights = np.concatenate([rng.uniform(0.25, 0.8, lobes), rng.uniform(-0.5, -0.2, notches)])
    sharpness = rng.uniform(5.0, 16.0, lobes + notches)
    return LobedShape(center, axes @ np.diag(np.exp(-log_radii)) @ axes.T, directions, heights, sharpness)


def gauge(shape: LobedShape, grid: Grid) -> tuple[Voxels, Voxels]:
    """Return the gauge of the body and the distance from its center in mm, at the voxels of ``grid``.

    The gauge g is homogeneous of degree 1 along rays from the center: {g <= t} are the scaled copies of
    one body, each star-shaped and therefore of one piece.
    """
    x, y, z = offsets(shape.center, grid)
    radius = np.maximum(np.sqrt(x * x + y * y + z * z), 1e-9)
    sx, sy, sz = (row[0] * x + row[1] * y + row[2] * z for row in shape.stretch)
    stretched = np.maximum(np.sqrt(sx * sx + sy * sy + sz * sz), 1e-9)
    log_radius = np.zeros(grid.shape)
    for direction, height, sharpness in zip(shape.directions, shape.heights, shape.sharpness, strict=True):
        toward = direction @ shape.stretch
        cosine = (toward[0] * x + toward[1] * y + toward[2] * z) / stretched
        log_radius += height * np.exp(sharpness * (cosine - 1.0))
    return stretched * np.exp(-_REACH * np.tanh(log_radius / _REACH)), radius


def smallest(values: Voxels, count: int) -> tuple[Mask, float]:
    """Return the mask of the ``count`` smallest ``values`` and the largest value in it."""
    flat = values.ravel()
    order = np.argpartition(flat, count - 1)[:count]
    mask = np.zeros(flat.size, dtype=np.bool_)
    mask[order] = True
    return mask.reshape(values.shape), float(flat[order].max())


def occupancy(level: Voxels, radius: Voxels, threshold: float, edge_mm: float) -> Voxels:
    """Return the share of each voxel in {gauge <= threshold}: a ramp of ``edge_mm`` over the surface."""
    outward = radius * (threshold / np.maximum(level, 1e-9) - 1.0)  # distance to the surface along the ray
    return np.asarray(np.clip(0.5 + outward / edge_mm, 0.0, 1.0))


def offsets(center: NDArray[np.float64], grid: Grid) -> tuple[Voxels, Voxels, Voxels]:
    """Return x, y and z relative to ``center`` as arrays that broadcast to the grid's (z, y, x)."""
    along = [
        origin + spacing * np.arange(size) - at
        for origin, spacing, size, at in zip(grid.origin, grid.spacing, grid.size, center, strict=True)
    ]
    return along[0][None, None, :], along[1][None, :, None], along[2][:, None, None]
