"""Voxel size as acquired."""

from __future__ import annotations

from math import ceil
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from robustrad.core.geometry import Voxels
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample

TOLERANCE = 1e-6
"""Spacings that differ by less (relative) are one."""


class Axis(NamedTuple):
    """The new voxels along one axis: their number and their size in mm."""

    number: int
    size: float


class PetMatrix(Perturbation):
    """Reconstruct on larger voxels: a new acquisition grid; the mask is carried over.

    Model: activity is even within an old voxel, and a new voxel holds the mean of what lies in it, each old
    one weighted by the volume that they share; means and activity are kept. New voxels begin at the outer
    corner of the first old one; where the last reach beyond the image, they hold the mean of what there is.
    Voxels in PET are boxes over which the reconstruction integrates, so that a smaller matrix averages and
    does not skip. Noise falls as averaging lets it. Smaller voxels than the image's cannot be made. This is a
    second interpolation by intent: an acquisition is emulated, and the analysis grid is laid on its voxels.

    References
    ----------
    Pfaehler et al. 2019, PMC7380016 (matrix size among what PET features depend on).
    """

    kind: Literal["pet_matrix"] = "pet_matrix"
    stage: ClassVar[Stage] = Stage.IMAGE
    modalities: ClassVar[tuple[str, ...]] = ("PT",)
    zero: ClassVar = {"spacing_mm": (0.0, 0.0, 0.0)}
    examples: ClassVar = (
        {"spacing_mm": (2.7, 2.7, 0.0)},
        {"spacing_mm": (4.0, 4.0, 4.0)},
        {"spacing_mm": (5.5, 5.5, 5.0)},
    )

    spacing_mm: tuple[Annotated[float, Field(ge=0, le=50)], ...] = Field(
        min_length=3,
        max_length=3,
        description="Size of the new voxels along x, y, z in mm; 0 keeps an axis as it is.",
    )

    def skip(self, sample: Sample) -> str | None:
        """Skip where voxels would become smaller, or fewer than two along an axis that has more."""
        for name, old, new, axis in zip(
            "xyz", sample.grid.spacing, self.spacing_mm, self._axes(sample), strict=True
        ):
            if 0 < new < old * (1 - TOLERANCE):
                return f"voxels of {old:g} mm along {name} cannot become {new:g} mm: only larger"
            if axis.number < 2 and axis.size != old:
                return f"one voxel of {new:g} mm would be left along {name}"
        return None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with larger voxels on their own grid; the mask stays on the old one."""
        del rng
        axes = self._axes(sample)
        x, y, z = axes
        spacing = (x.size, y.size, z.size)
        if spacing == sample.grid.spacing:
            return sample
        voxels = sample.voxels
        for place, (axis, old) in enumerate(zip(axes, sample.grid.spacing, strict=True)):
            if axis.size != old:
                voxels = _averaged(voxels, axis, old, 2 - place)
        grid = sample.grid.with_spacing(spacing, (x.number, y.number, z.number))
        return sample.with_image(voxels, grid=grid)

    def _axes(self, sample: Sample) -> list[Axis]:
        """Return the new voxels along x, y and z."""
        axes = []
        for count, old, new in zip(sample.grid.size, sample.grid.spacing, self.spacing_mm, strict=True):
            same = new == 0 or abs(new - old) <= TOLERANCE * old
            axes.append(Axis(count, old) if same else Axis(ceil(count * old / new - TOLERANCE), new))
        return axes


def _averaged(voxels: Voxels, axis: Axis, old: float, place: int) -> Voxels:
    """Return the means over the new voxels along array axis ``place``.

    The integral up to an edge is linear between the old edges; a mean is a difference of two of them.
    """
    count = voxels.shape[place]
    edges = np.minimum(np.arange(axis.number + 1) * axis.size / old, count)
    below = np.minimum(edges.astype(np.int64), count - 1)
    moved = np.moveaxis(voxels, place, 0)
    total = np.concatenate([np.zeros((1, *moved.shape[1:])), np.cumsum(moved, axis=0)])
    part = (edges - below).reshape(-1, 1, 1)
    integral = total[below] + part * moved[below]
    means = np.diff(integral, axis=0) / np.diff(edges).reshape(-1, 1, 1)
    return np.moveaxis(means, 0, place)
