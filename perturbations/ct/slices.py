"""Thicker slices, as another protocol would have reconstructed them."""

from __future__ import annotations

from math import ceil
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from robustrad.core.geometry import Voxels
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample

Array = NDArray[np.float64]


class SliceThickness(Perturbation):
    """Average slices into thicker ones at a wider distance: a new acquisition grid; the mask is carried over.

    Model: the image's slices are taken as adjoining boxes as thick as their distance. A new slice is their
    mean, each weighted by the part of the sensitivity profile that lies in it: ``box`` (axial scans,
    averaging of thin slices) is 1 over the thickness, ``triangle`` (helical scans, linear interpolation at
    pitch 1) falls from the center to zero at one thickness. Both have the thickness as their full width at
    half maximum. Noise falls as averaging lets it. New slices begin at the outer face of the first old one;
    where the last reaches beyond the image, it is the mean of what there is. This is a second interpolation
    by intent: an acquisition is emulated, and the analysis grid is laid on its slices.

    References
    ----------
    Polacin, Kalender, Marchal 1992, Radiology, doi 10.1148/radiology.185.1.1523331 (profiles of helical CT).
    """

    kind: Literal["slice_thickness"] = "slice_thickness"
    stage: ClassVar[Stage] = Stage.IMAGE
    modalities: ClassVar[tuple[str, ...]] = ("CT", "MR")
    zero: ClassVar = {"thickness_mm": 0.0}
    examples: ClassVar = ({"thickness_mm": 5.0}, {"thickness_mm": 6.0, "profile": "triangle"})

    thickness_mm: float = Field(
        ge=0,
        le=50,
        description="Full width at half maximum of the new slices in mm; 0 leaves the slices alone.",
    )
    increment_mm: float | None = Field(
        default=None,
        gt=0,
        le=50,
        description="Distance of the new slices in mm; the thickness where not given.",
    )
    profile: Literal["box", "triangle"] = Field(default="box", description="Sensitivity along z.")

    def skip(self, sample: Sample) -> str | None:
        """Skip where slices would have to become thinner or closer, or where one would be left."""
        old = sample.grid.spacing[2]
        if self._same(old):
            return None
        increment = self.increment_mm or self.thickness_mm
        if min(self.thickness_mm, increment) < old * (1 - 1e-6):
            return (
                f"slices {old:g} mm apart cannot become {self.thickness_mm:g} mm thick and "
                f"{increment:g} mm apart: only thicker and wider"
            )
        if self._count(sample) < 2:
            return f"{sample.grid.size[2]} slices of {old:g} mm give fewer than two of {increment:g} mm"
        return None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with thicker slices on their own grid; the mask stays on the old one."""
        del rng
        x, y, old = sample.grid.spacing
        if self._same(old):
            return sample
        increment, count = self.increment_mm or self.thickness_mm, self._count(sample)
        edges = (np.arange(sample.grid.size[2] + 1) * old)[None, :]
        centers = ((np.arange(count) + 0.5) * increment)[:, None]
        weights = np.diff(_cumulative((edges - centers) / self.thickness_mm, self.profile), axis=1)
        weights /= weights.sum(axis=1, keepdims=True)
        grid = sample.grid.with_spacing((x, y, increment), (*sample.grid.size[:2], count))
        return sample.with_image(_averaged(sample.voxels, weights), grid=grid)

    def _same(self, old: float) -> bool:
        if self.thickness_mm == 0:
            return True
        increment = self.increment_mm or self.thickness_mm
        box_of_one = self.profile == "box" and abs(self.thickness_mm - old) <= 1e-6 * old
        return box_of_one and abs(increment - old) <= 1e-6 * old

    def _count(self, sample: Sample) -> int:
        extent = sample.grid.size[2] * sample.grid.spacing[2]
        return ceil(extent / (self.increment_mm or self.thickness_mm) - 1e-6)


def _averaged(voxels: Voxels, weights: Array) -> Voxels:
    """Return ``weights`` (new, old) applied along z, with only the slices that count."""
    image = np.empty((len(weights), *voxels.shape[1:]))
    for new, row in enumerate(weights):
        used = np.flatnonzero(row)
        image[new] = np.tensordot(row[used], voxels[used], axes=1)
    return image


def _cumulative(position: Array, profile: str) -> Array:
    """Return the share of the profile below ``position``, in units of the thickness from the center."""
    if profile == "box":
        return np.asarray(np.clip(position + 0.5, 0.0, 1.0))
    inside = np.clip(position, -1.0, 1.0)
    return np.asarray(0.5 + inside - np.sign(inside) * inside**2 / 2.0)
