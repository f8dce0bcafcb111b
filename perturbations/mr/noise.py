"""Noise of a magnitude image."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from robustrad.perturb.base import Stage
from robustrad.perturb.relative_noise import RelativeNoise
from robustrad.perturb.sample import Sample

from .magnitude import no_magnitude


class RicianNoise(RelativeNoise):
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

    def skip(self, sample: Sample) -> str | None:
        """Skip where the image is no magnitude or its noise cannot be estimated."""
        return None if self.adds_none else no_magnitude(sample) or self.unknown_noise(sample)

    def noisy(self, sample: Sample, sd: float, rng: np.random.Generator) -> Sample:
        """Return the sample with noise in both channels."""
        real = sample.voxels + rng.normal(0.0, sd, sample.voxels.shape)
        imaginary = rng.normal(0.0, sd, sample.voxels.shape)
        return sample.with_image(np.hypot(real, imaginary))
