"""From HU to attenuation, coarse enough for projections in no time, and whether the body is cut off."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from robustrad.core.geometry import Grid, Voxels
from robustrad.perturb.sample import Sample

Single = NDArray[np.float32]

WATER_PER_MM = 0.019
"""Attenuation of water at about 73 keV, the effective energy of a 120 kVp body scan (NIST XCOM)."""
TISSUE_HU = -300.0
COARSE_MM = 3.0
"""Pixel of the coarse map. Path lengths need no more: tissue varies over centimeters."""
CUT_SHARE = 0.02
"""Share of the slices' border that may be tissue (table, an elbow) before the body counts as cut off."""


@dataclass(frozen=True)
class Section:
    """A coarse attenuation map of all slices; coordinates in mm from the center of the image, (y, x).

    Attributes
    ----------
    mu : ndarray of float32, (y, x, z)
        Attenuation per mm.
    spacing : tuple of 2 float
        Pixel spacing of ``mu``.
    first : tuple of 2 float
        Center of the first pixel of ``mu``.
    half : tuple of 2 float
        Half the extent of the image.
    radius : float
        Radius of the cylinder of water that continues tissue outside the image; 0 for none.
    """

    mu: Single
    spacing: tuple[float, float]
    first: tuple[float, float]
    half: tuple[float, float]
    radius: float

    @property
    def reach(self) -> float:
        """Distance from the center to the corner of the image."""
        return float(np.hypot(*self.half))

    def centers(self, axis: int) -> NDArray[np.float64]:
        """Return the centers of the coarse pixels along y (0) or x (1)."""
        steps = np.arange(self.mu.shape[axis], dtype=np.float64)
        return np.asarray(self.first[axis] + self.spacing[axis] * steps, dtype=np.float64)

    def on_pixels(self, coarse: NDArray[np.float64], grid: Grid) -> Voxels:
        """Return ``coarse`` (y, x, z) on the pixels (z, y, x) of the image, linearly."""
        values = coarse.transpose(2, 0, 1)
        for axis in (1, 2):
            count, step = grid.shape[axis], grid.spacing_zyx[axis]
            at = (np.arange(count) - (count - 1) / 2.0) * step
            at = np.clip((at - self.first[axis - 1]) / self.spacing[axis - 1], 0.0, values.shape[axis] - 1.0)
            low = np.minimum(at.astype(np.intp), max(values.shape[axis] - 2, 0))
            high = np.minimum(low + 1, values.shape[axis] - 1)
            part = (at - low).reshape((-1, 1) if axis == 1 else (-1,))
            values = values.take(low, axis) * (1.0 - part) + values.take(high, axis) * part
        return np.ascontiguousarray(values)


def section_of(sample: Sample, *, body_diameter_mm: float | None) -> Section:
    """Return the coarse attenuation map, mu = mu_water (1 + HU / 1000), not below 0 and 0 for air."""
    fine = sample.grid.spacing_zyx[1:]
    blocks = [max(1, round(COARSE_MM / step)) for step in fine]
    counts = [ceil(n / block) for n, block in zip(sample.voxels.shape[1:], blocks, strict=True)]
    ends = [(0, n * b - size) for n, b, size in zip(counts, blocks, sample.voxels.shape[1:], strict=True)]
    padded = (
        np.pad(sample.voxels, [(0, 0), *ends], mode="edge") if any(end for _, end in ends) else sample.voxels
    )
    coarse = padded.reshape(len(padded), counts[0], blocks[0], counts[1], blocks[1]).mean(axis=(2, 4))
    mu = WATER_PER_MM * np.maximum(1.0 + coarse / 1000.0, 0.0)
    half = [n * step / 2.0 for n, step in zip(sample.voxels.shape[1:], fine, strict=True)]
    spacing = [block * step for block, step in zip(blocks, fine, strict=True)]
    first = [step / 2.0 - edge for step, edge in zip(spacing, half, strict=True)]
    radius = body_diameter_mm / 2.0 if body_diameter_mm and cut_share(sample) > CUT_SHARE else 0.0
    return Section(
        np.ascontiguousarray(mu.transpose(1, 2, 0), dtype=np.float32),
        (spacing[0], spacing[1]),
        (first[0], first[1]),
        (half[0], half[1]),
        radius,
    )


def cut_share(sample: Sample) -> float:
    """Return the share of the slices' border that is tissue (above -300 HU): 0 for a body fully in view."""
    voxels = sample.voxels
    border = [voxels[:, 0], voxels[:, -1], voxels[:, 1:-1, 0], voxels[:, 1:-1, -1]]
    return float(np.mean(np.concatenate([side.ravel() for side in border]) > TISSUE_HU))


def cut_reason(sample: Sample, *, body_diameter_mm: float | None) -> str | None:
    """Return why path lengths through the body are unknown, or None where they are known."""
    share = cut_share(sample)
    if share <= CUT_SHARE:
        return None
    if body_diameter_mm is None:
        return (
            f"the body is cut off ({share:.0%} of the slices' border is tissue), so path lengths are "
            "unknown; give body_diameter_mm"
        )
    size = np.multiply(sample.grid.size[:2], sample.grid.spacing[:2])
    if body_diameter_mm <= size.min():
        return (
            f"the body is cut off by an image of {size[0]:.0f} x {size[1]:.0f} mm and cannot measure "
            f"{body_diameter_mm:g} mm; give a larger body_diameter_mm"
        )
    return None
