"""Smooth random fields in world coordinates: a draw is one field on every grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.geometry import Grid, Mask, Triple
from robustrad.perturb.level_set import Box

WAVES = 128
"""Waves in a field. Its values at a place deviate from the normal law by a kurtosis of -1.5 / WAVES."""


class Waves(NamedTuple):
    """A draw of a field, before its scale is chosen.

    Attributes
    ----------
    vectors : ndarray of float64, (WAVES, 3)
        Wave vectors (x, y, z) in radians per correlation length.
    phases : ndarray of float64, (WAVES,)
        Phases in radians.
    """

    vectors: NDArray[np.float64]
    phases: NDArray[np.float64]


def draw_waves(rng: np.random.Generator) -> Waves:
    """Return a draw: normal wave vectors and uniform phases."""
    return Waves(rng.standard_normal((WAVES, 3)), rng.uniform(0.0, 2.0 * np.pi, WAVES))


def field(
    waves: Waves, grid: Grid, *, box: Box, center: Triple, correlation_mm: float
) -> NDArray[np.float32]:
    """Return the values of a stationary field at the voxel centers in ``box``: mean 0, SD 1 over draws.

    ``sqrt(2 / WAVES) sum cos(k (p - center) / correlation_mm + phase)`` over the waves, p in mm: its values a
    distance d apart correlate by exp(-d^2 / (2 correlation_mm^2)). Rahimi and Recht 2007, Random features for
    large-scale kernel machines, NIPS 20.

    Parameters
    ----------
    waves : Waves
        The draw.
    grid : Grid
        Where the voxels are.
    box : tuple of 3 slice
        Part of the grid, (z, y, x); with steps, every so many voxels.
    center : tuple of 3 float
        Where the phases hold, (x, y, z) in mm: fields of two correlation lengths resemble each other there.
    correlation_mm : float
        Correlation length, mm.
    """
    steps = np.asarray(grid.direction).reshape(3, 3) * np.asarray(grid.spacing)
    per_voxel = (waves.vectors / correlation_mm) @ steps
    corner = np.array([part.start for part in box], dtype=np.float64)
    start = (grid.points(corner[None])[0] - np.asarray(center)) @ waves.vectors.T / correlation_mm
    z, y, x = (
        np.exp(
            1j * per_voxel[:, 2 - axis] * (np.arange(part.start, part.stop, part.step) - part.start)[:, None]
        )
        for axis, part in enumerate(box)
    )
    rows = (z[:, None] * (y * np.exp(1j * (start + waves.phases)))).reshape(-1, WAVES).astype(np.complex64)
    columns = x.astype(np.complex64)
    values = rows.real @ columns.real.T - rows.imag @ columns.imag.T
    return np.asarray(np.sqrt(2.0 / WAVES) * values, dtype=np.float32).reshape(len(z), len(y), len(x))


def field_at(
    waves: Waves, points: NDArray[np.float64], *, center: Triple, correlation_mm: float
) -> NDArray[np.float64]:
    """Return the values of the same field at ``points`` (n, 3), (x, y, z) in mm."""
    turns = (points - np.asarray(center)) @ waves.vectors.T / correlation_mm + waves.phases
    return np.asarray(np.sqrt(2.0 / WAVES) * np.cos(turns).sum(axis=1))


def centroid(mask: Mask, grid: Grid) -> Triple:
    """Return the centroid of ``mask``, (x, y, z) in mm."""
    places = [
        float(np.average(np.arange(size), weights=mask.sum(axis=axes)))
        for size, axes in zip(mask.shape, ((1, 2), (0, 2), (0, 1)), strict=True)
    ]
    x, y, z = grid.points(np.array([places]))[0].tolist()
    return x, y, z
