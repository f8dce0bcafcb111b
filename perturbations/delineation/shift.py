"""The whole contour beside the lesion."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import ndimage

from robustrad.core.geometry import Mask
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.level_set import LevelSet, has_surface, level_set, put
from robustrad.perturb.pieces import intact_draw
from robustrad.perturb.sample import Sample

Shift = NDArray[np.float64]

LOST = 0.1
"""Part of the volume that may leave the image."""
ANSWERED = 0.5
"""Voxels from which on the centroid follows by itself, within 5 % or so."""
FARTHEST = 1.0
"""Voxels by which a smaller shift is carried out at most."""
CORRECTIONS = 2


class MaskShift(Perturbation):
    """Shift the mask by a distance in a random direction, without the image: a misregistered contour.

    Model: a translation by ``distance_mm``, its direction uniform on the sphere in world coordinates. Parts
    of a voxel count: the signed distance to the surface is shifted, interpolated linearly and cut where it
    keeps the volume; of shifts below half a voxel, to which voxels answer with too little, so far that the
    centroid moves by the distance. Rising distances share the direction. A draw that would push a tenth of
    the mask out of the image is drawn again, up to 16 times. It is the motion between a planning and a repeat
    scan without the motion of the image; ``subvoxel_shift`` moves both.
    """

    kind: Literal["mask_shift"] = "mask_shift"
    stage: ClassVar[Stage] = Stage.MASK
    random: ClassVar[bool] = True
    zero: ClassVar = {"distance_mm": 0.0}
    examples: ClassVar = ({"distance_mm": 1.0}, {"distance_mm": 2.0}, {"distance_mm": 4.0})
    trend: ClassVar = ("strength_dice", -1)

    distance_mm: float = Field(ge=0, le=100, description="Length of the shift in mm; 0 shifts nothing.")

    def skip(self, sample: Sample) -> str | None:
        """Skip where there is nothing to shift against."""
        if self.distance_mm > 0 and not has_surface(sample.mask):
            return "the mask fills the image: it has no surface"
        return None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the shifted mask."""
        if self.distance_mm == 0:
            return sample
        grid = sample.grid
        level = level_set(sample.mask, grid.spacing_zyx, reach_mm=self.distance_mm)

        def draw() -> Mask:
            direction = rng.standard_normal(3)
            world = self.distance_mm * direction / np.linalg.norm(direction)
            voxels = (np.asarray(grid.direction).reshape(3, 3).T @ world / np.asarray(grid.spacing))[::-1]
            inside = _inside_share(sample.mask, voxels)
            return _shifted(level, voxels, inside) if inside >= 1.0 - LOST else np.zeros_like(level.mask)

        return sample.with_mask(put(sample.mask, level.box, intact_draw(level.mask, draw)))


def _inside_share(mask: Mask, voxels: Shift) -> float:
    """Return the share of ``mask`` that is still in the image after a shift by ``voxels`` (z, y, x)."""
    places = np.stack(np.nonzero(mask), axis=1) + voxels
    return float(np.mean(np.all((places >= -0.5) & (places <= np.array(mask.shape) - 0.5), axis=1)))


def _shifted(level: LevelSet, voxels: Shift, inside: float) -> Mask:
    """Return the mask of ``level`` shifted by ``voxels`` (z, y, x), with ``inside`` of its volume."""
    count = round(inside * int(level.mask.sum()))
    shifted, scale = _at(level, voxels, count), 1.0
    if np.abs(voxels).max() >= ANSWERED or inside < 1.0:
        return shifted
    start = _center(level.mask)
    for _ in range(CORRECTIONS):
        moved = float((_center(shifted) - start) @ voxels / (voxels @ voxels))
        scale = min(scale / max(moved, 0.25), FARTHEST / float(np.abs(voxels).max()))
        shifted = _at(level, scale * voxels, count)
    return shifted


def _at(level: LevelSet, voxels: Shift, count: int) -> Mask:
    """Return the ``count`` voxels that lie deepest after the shift: interpolation rounds off corners."""
    distance = ndimage.shift(level.distance, voxels, order=1, mode="nearest")
    return np.asarray(distance <= np.partition(distance, count - 1, axis=None)[count - 1])


def _center(mask: Mask) -> NDArray[np.float64]:
    """Return the centroid of ``mask`` in voxels (z, y, x)."""
    return np.array([
        np.average(np.arange(size), weights=mask.sum(axis=axes))
        for size, axes in zip(mask.shape, ((1, 2), (0, 2), (0, 1)), strict=True)
    ])  # fmt: skip
