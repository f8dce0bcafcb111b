"""Operators that add noise to the image."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.noise_estimate import estimate_noise
from robustrad.perturb.sample import Sample


class GaussianNoise(Perturbation):
    """Add white, zero-mean Gaussian noise to the image; the mask is untouched.

    Model: ``voxels + N(0, sd^2)``, independent from voxel to voxel. ``relative_sd`` counts in multiples of
    the noise found in the case's image: with 1 the total noise is sqrt(2) times the original. Independent
    noise is what a detector adds, not what a reconstruction leaves: it is the reference perturbation of the
    literature (Zwanenburg 2019, doi 10.1038/s41598-018-36938-4), not a model of a scanner.
    """

    kind: Literal["gaussian_noise"] = "gaussian_noise"
    stage: ClassVar[Stage] = Stage.IMAGE
    random: ClassVar[bool] = True
    zero: ClassVar = {"sd": 0.0}
    examples: ClassVar = ({"sd": 0.05}, {"relative_sd": 0.5}, {"relative_sd": 1.0}, {"relative_sd": 2.0})
    trend: ClassVar = ("strength_sd_difference", 1)

    sd: float | None = Field(
        default=None, ge=0, description="SD of the added noise in image units (HU, SUV); 0 adds none."
    )
    relative_sd: float | None = Field(
        default=None,
        ge=0,
        description="SD of the added noise in multiples of the noise found in the image, instead of sd; "
        "0 adds none.",
    )
    declared_noise_sd: float | None = Field(
        default=None, gt=0, description="Noise of the image in image units, where known: no estimate is made."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.sd is None) == (self.relative_sd is None):
            raise ValueError("give either sd or relative_sd")
        if self.sd is not None and self.declared_noise_sd is not None:
            raise ValueError("declared_noise_sd goes with relative_sd")
        return self

    def calibrate(self, sample: Sample, rng: np.random.Generator) -> Self:
        """Return a copy with the concrete ``sd`` for this image."""
        del rng
        if self.relative_sd is None:
            return self
        if self.relative_sd == 0:
            return type(self)(sd=0.0)
        found = estimate_noise(sample.voxels, modality=sample.modality, declared=self.declared_noise_sd)
        return type(self)(sd=self.relative_sd * found.sd) if math.isfinite(found.sd) else self

    def skip(self, sample: Sample) -> str | None:
        """Skip where the noise could not be estimated."""
        del sample
        if self.sd is None:
            return "the noise cannot be estimated (image too small or constant): give declared_noise_sd"
        return None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with noise added to every voxel."""
        if self.sd is None:
            raise ValueError("relative_sd must be calibrated before it is applied")
        if self.sd == 0:
            return sample
        return sample.with_image(sample.voxels + rng.normal(0.0, self.sd, sample.voxels.shape))
