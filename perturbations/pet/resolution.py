"""Resolution of another scanner or post-filter."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample

from ..blur import GaussianBlur  # noqa: TID252  # the folder is mapped: siblings are imported relatively


class PetResolution(Perturbation):
    """Bring the image from its own resolution to a lower one; the mask is untouched.

    Model: both point-spread functions are Gaussian, so that blurring by sqrt(target_fwhm_mm^2 -
    native_fwhm_mm^2) along x, y and z leads from one to the other, exactly (see ``gaussian_blur``). The
    native FWHM is declared (that of a point in the reconstructed image, post-filter included), not measured.
    A target below it is refused: what the scanner has lost cannot be blurred back. The image's noise is
    smoothed as well, as a stronger post-filter does.

    References
    ----------
    Orlhac et al. 2018, J Nucl Med, doi 10.2967/jnumed.117.199935 (a second department made by smoothing).
    """

    kind: Literal["pet_resolution"] = "pet_resolution"
    stage: ClassVar[Stage] = Stage.IMAGE
    modalities: ClassVar[tuple[str, ...]] = ("PT",)
    zero: ClassVar = {"native_fwhm_mm": 5.0, "target_fwhm_mm": 5.0}
    examples: ClassVar = (
        {"native_fwhm_mm": 5.0, "target_fwhm_mm": 6.0},
        {"native_fwhm_mm": 5.0, "target_fwhm_mm": 7.0},
        {"native_fwhm_mm": 5.0, "target_fwhm_mm": 9.0},
    )
    trend: ClassVar = ("strength_rmse", 1)

    native_fwhm_mm: float = Field(gt=0, le=30, description="FWHM of a point in the image as it is, in mm.")
    target_fwhm_mm: float = Field(
        gt=0, le=50, description="FWHM of a point afterwards, in mm; the native one changes nothing."
    )

    @model_validator(mode="after")
    def _lower(self) -> Self:
        if self.target_fwhm_mm < self.native_fwhm_mm:
            raise ValueError(
                f"target_fwhm_mm {self.target_fwhm_mm:g} is below native_fwhm_mm {self.native_fwhm_mm:g}: "
                "resolution can only be lowered"
            )
        return self

    @property
    def added_fwhm_mm(self) -> float:
        """FWHM in mm of the Gaussian that is applied."""
        return math.sqrt(self.target_fwhm_mm**2 - self.native_fwhm_mm**2)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the blurred image."""
        return GaussianBlur(fwhm_mm=self.added_fwhm_mm).apply(sample, rng)
