"""The scale of SUV: calibration of the scanner, time of the scan."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample


class SuvScale(Perturbation):
    """Multiply the image by a constant: an error of calibration, dose or weight; the mask is untouched.

    Model: ``voxels (1 + percent / 100)``. Everything that enters SUV as a factor does this: cross-calibration
    of scanner and activimeter, residual activity in the syringe, a wrong clock (decay), a wrong weight. A
    later scan changes the uptake of lesion and background differently; only its common factor is modeled.
    Features that do not depend on a scale (shape, textures at a fixed bin count) do not change. What enters
    SUV: Vriens 2010 (doi 10.1007/s00259-009-1306-7).
    """

    kind: Literal["suv_scale"] = "suv_scale"
    stage: ClassVar[Stage] = Stage.IMAGE
    modalities: ClassVar[tuple[str, ...]] = ("PT",)
    zero: ClassVar = {"percent": 0.0}
    examples: ClassVar = ({"percent": 5.0}, {"percent": -10.0}, {"percent": 20.0})
    trend: ClassVar = ("strength_rmse", 1)

    percent: float = Field(
        gt=-100, le=1000, description="Change of all values: 10 is 10 % more, -10 is 10 % less; 0 is none."
    )

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with all values scaled."""
        del rng
        if self.percent == 0:
            return sample
        return sample.with_image(sample.voxels * (1.0 + self.percent / 100.0))
