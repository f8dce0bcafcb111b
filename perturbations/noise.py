"""Operators that add noise to the image."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from robustrad.perturb.base import Stage
from robustrad.perturb.relative_noise import RelativeNoise
from robustrad.perturb.sample import Sample


class GaussianNoise(RelativeNoise):
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

    def skip(self, sample: Sample) -> str | None:
        """Skip where the noise could not be estimated."""
        del sample
        if self.sd is None:
            return "the noise cannot be estimated (image too small or constant): give declared_noise_sd"
        return None

    def noisy(self, sample: Sample, sd: float, rng: np.random.Generator) -> Sample:
        """Return the sample with noise added to every voxel."""
        return sample.with_image(sample.voxels + rng.normal(0.0, sd, sample.voxels.shape))
