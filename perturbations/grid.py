"""Operators that lay the analysis grid. They only say how; image and mask are interpolated once, later."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample

Spacing = Annotated[float, Field(gt=0, le=50)]
Fraction = Annotated[float, Field(gt=-1, lt=1)]


class VoxelSize(Perturbation):
    """Set the spacing of the analysis grid; the acquisition grid and its voxels are untouched.

    The grid stays aligned with the outer corner of the first voxel, as PyRadiomics lays it. This changes what
    a feature is (role ``definition``): IBSI's "interpolated voxel size" (doi 10.1148/radiol.2020191145).
    It has no zero; the study's own spacing changes nothing.
    """

    kind: Literal["voxel_size"] = "voxel_size"
    stage: ClassVar[Stage] = Stage.GRID
    examples: ClassVar = ({"spacing_mm": (3.0, 3.0, 3.0)}, {"spacing_mm": (4.0, 4.0, 4.0)})

    spacing_mm: tuple[Spacing, Spacing, Spacing] = Field(
        description="Distance of voxel centers along x, y, z in mm."
    )

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the wish for another spacing."""
        del rng
        return sample.with_sampling(spacing_mm=self.spacing_mm)


class SubvoxelShift(Perturbation):
    """Shift the analysis grid by a part of its spacing: where the voxels happen to fall on the patient.

    The grid's origin moves by ``fraction`` times its spacing along each of its axes; image and mask alike are
    sampled there. Shifts of f and of 1 - f (next voxel) fall on the lesion the same way, so the severity is
    min(f, 1 - f). Zwanenburg 2019 (doi 10.1038/s41598-018-36938-4) calls it translation.
    """

    kind: Literal["subvoxel_shift"] = "subvoxel_shift"
    stage: ClassVar[Stage] = Stage.GRID
    zero: ClassVar = {"fraction": (0.0, 0.0, 0.0)}
    examples: ClassVar = ({"fraction": (0.25, 0.25, 0.25)}, {"fraction": (0.5, 0.5, -0.5)})

    fraction: tuple[Fraction, Fraction, Fraction] = Field(
        description="Shift along x, y, z in units of the analysis grid's spacing; 0 shifts nothing."
    )

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the shift added to its wishes."""
        del rng
        return sample.with_sampling(shift=self.fraction)


class Rotation(Perturbation):
    """Rotate the patient in the axial plane about the ROI's centroid, image and mask together.

    A repeat scan finds the patient turned by some degrees. Rotation, shift and voxel size are one
    interpolation. Zwanenburg 2019 (doi 10.1038/s41598-018-36938-4) rotates likewise.
    """

    kind: Literal["rotation"] = "rotation"
    stage: ClassVar[Stage] = Stage.GRID
    zero: ClassVar = {"angle_deg": 0.0}
    examples: ClassVar = ({"angle_deg": 2.0}, {"angle_deg": -6.0})

    angle_deg: float = Field(
        ge=-180,
        le=180,
        description="Angle in degrees; positive turns +x towards +y of the image's axes; 0 turns nothing.",
    )

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the rotation added to its wishes."""
        del rng
        return sample.with_sampling(rotation_deg=self.angle_deg)
