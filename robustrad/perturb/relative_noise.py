"""Noise whose amount is given in image units, or in multiples of the noise that the image holds."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from robustrad.perturb.base import Perturbation
from robustrad.perturb.noise_estimate import estimate_noise
from robustrad.perturb.sample import Sample


class RelativeNoise(Perturbation):
    """Base of operators that add noise of SD ``sd``, or of ``relative_sd`` times the noise of the image.

    ``calibrate`` turns the second into the first. An operator says in ``noisy`` what it adds.
    """

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

    @property
    def adds_none(self) -> bool:
        """Whether it is at its zero."""
        return self.sd == 0 or self.relative_sd == 0

    def calibrate(self, sample: Sample, rng: np.random.Generator) -> Self:
        """Return a copy with the concrete ``sd`` for this image."""
        del rng
        if self.relative_sd is None:
            return self
        sd = 0.0
        if self.relative_sd > 0:
            found = estimate_noise(sample.voxels, modality=sample.modality, declared=self.declared_noise_sd)
            sd = self.relative_sd * found.sd
        if not math.isfinite(sd):
            return self
        absolute = {"sd": sd, "relative_sd": None, "declared_noise_sd": None}
        return type(self).model_validate({**self.model_dump(), **absolute})

    def unknown_noise(self, sample: Sample) -> str | None:
        """Return the reason to skip where the noise of the image cannot be estimated."""
        if self.calibrate(sample, np.random.default_rng(0)).sd is None:
            return (
                "the noise of the image cannot be estimated (too small or constant): give declared_noise_sd"
            )
        return None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the noise; as it is at zero."""
        if self.sd is None:
            raise ValueError("relative_sd must be calibrated before it is applied")
        return sample if self.sd == 0 else self.noisy(sample, self.sd, rng)

    def noisy(self, sample: Sample, sd: float, rng: np.random.Generator) -> Sample:
        """Return the sample with noise of a positive ``sd``."""
        raise NotImplementedError(f"{type(self).__name__} has no noisy")
