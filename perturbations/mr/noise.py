"""Noise of a magnitude image."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.noise_estimate import estimate_noise
from robustrad.perturb.sample import Sample

from .magnitude import no_magnitude


class RicianNoise(Perturbation):
    """Add complex Gaussian noise to the signal and take the magnitude again; the mask is untouched.

    Model: ``sqrt((voxels + n1)^2 + n2^2)`` with independent n1, n2 of SD ``sd``: the Rician law of a single
    coil. In air that is Rayleigh noise, mean sd sqrt(pi / 2) and SD sd sqrt(2 - pi / 2); in bright tissue it
    is Gaussian with SD ``sd`` and raises the mean by sd^2 / (2 signal). The image is taken as the noise-free
    magnitude, though it holds noise itself: with ``relative_sd`` 1 the noise of bright tissue becomes sqrt(2)
    times what it was. Not modeled: several coils (non-central chi), noise that varies with acceleration, and
    correlation by zero filling.

    References
    ----------
    Gudbjartsson and Patz 1995, Magn Reson Med, doi 10.1002/mrm.1910340618.
    """

    kind: Literal["rician_noise"] = "rician_noise"
    stage: ClassVar[Stage] = Stage.IMAGE
    random: ClassVar[bool] = True
    modalities: ClassVar[tuple[str, ...]] = ("MR",)
    zero: ClassVar = {"sd": 0.0}
    examples: ClassVar = (
        {"relative_sd": 0.5, "declared_noise_sd": 2.0},
        {"sd": 2.0},
        {"relative_sd": 2.0, "declared_noise_sd": 2.0},
    )
    trend: ClassVar = ("strength_sd_difference", 1)

    sd: float | None = Field(
        default=None, ge=0, description="SD of the noise of each channel in image units; 0 adds none."
    )
    relative_sd: float | None = Field(
        default=None,
        ge=0,
        description="SD of each channel in multiples of the noise found in the image's tissue, instead of "
        "sd; 0 adds none.",
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
        """Skip where the image is no magnitude or its noise cannot be estimated."""
        if self.sd == 0 or self.relative_sd == 0:
            return None
        if reason := no_magnitude(sample):
            return reason
        if self.calibrate(sample, np.random.default_rng(0)).sd is None:
            return (
                "the noise of the image cannot be estimated (too small or constant): give declared_noise_sd"
            )
        return None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with noise in both channels."""
        if self.sd is None:
            raise ValueError("relative_sd must be calibrated before it is applied")
        if self.sd == 0:
            return sample
        real = sample.voxels + rng.normal(0.0, self.sd, sample.voxels.shape)
        imaginary = rng.normal(0.0, self.sd, sample.voxels.shape)
        return sample.with_image(np.hypot(real, imaginary))
