"""Fewer counts: a shorter scan, less activity, a heavier patient."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.ndimage import map_coordinates
from scipy.special import gammaincinv, ndtr

from robustrad.core.geometry import Voxels
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample

from ..blur import FWHM_PER_SD, GaussianBlur  # noqa: TID252  # the folder is mapped: siblings are imported relatively

Array = NDArray[np.float64]

LEAST_SHAPE = 0.02
"""Least shape of the gamma law: of less, nearly all draws are 0."""
HIGHEST = 6.0
STEP = 0.05
LOG_STEP = 0.1
"""The table of the gamma law: normal scores from -6 to 6 in steps of 0.05, shapes 10 % apart."""


class PetCounts(Perturbation):
    """Add the noise that a fraction of the counts would have added; the mask is untouched.

    Model: the image holds noise of variance cov_at_suv1^2 SUV^variance_exponent, and a scan of ``fraction`` d
    of its counts has 1/d of that. The value x of each voxel is taken as a mean and replaced by a gamma
    variate of mean x and

        variance = cov_at_suv1^2 |x|^variance_exponent (1/d - 1),     x in SUV,

    correlated as white noise seen through the point-spread function (Gaussian, ``psf_fwhm_mm``; rescaled to
    the SD asked for at every voxel, the image's borders included, then shaped to the gamma law rank by rank).
    Exponent 2 is what iterative reconstruction leaves, SD in proportion to activity; 1 is Poisson-like, for
    analytic reconstruction. A gamma variate is positive where the image is, so that nothing is clipped and no
    mean is shifted; negative values keep their sign. Since the mean is the noisy image itself, the added
    variance is larger by its squared coefficient of variation at exponent 2 (1 % at 0.1). Not modeled: noise
    that varies with attenuation and place, slower convergence at fewer counts.

    References
    ----------
    Teymurazyan et al. 2013, J Digit Imaging, doi 10.1007/s10278-012-9511-5 (gamma law of iterative PET).
    """

    kind: Literal["pet_counts"] = "pet_counts"
    stage: ClassVar[Stage] = Stage.IMAGE
    random: ClassVar[bool] = True
    modalities: ClassVar[tuple[str, ...]] = ("PT",)
    zero: ClassVar = {"fraction": 1.0, "cov_at_suv1": 0.1}
    examples: ClassVar = (
        {"fraction": 0.5, "cov_at_suv1": 0.1, "variance_exponent": 1.0},
        {"fraction": 0.8, "cov_at_suv1": 0.1},
        {"fraction": 0.5, "cov_at_suv1": 0.1},
        {"fraction": 0.25, "cov_at_suv1": 0.1},
    )
    trend: ClassVar = ("strength_sd_difference", 1)

    fraction: float = Field(gt=0, le=1, description="Part of the counts that is left; 1 changes nothing.")
    cov_at_suv1: float = Field(
        gt=0,
        le=2,
        description="Noise of the image as it is: SD over mean where SUV is 1 (0.1 is 10 %).",
    )
    variance_exponent: float = Field(
        default=2.0,
        ge=1,
        le=2,
        description="Power of the mean that the variance follows: 2 iterative, 1 Poisson-like (analytic).",
    )
    psf_fwhm_mm: float = Field(
        default=6.0,
        ge=0,
        le=30,
        description="FWHM in mm of the point-spread function that correlates the noise; 0 is white noise.",
    )
    suv_unit: float = Field(
        default=1.0, gt=0, description="Value of the image at SUV 1, where it is not in SUV (Bq/ml)."
    )

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with every voxel drawn from its gamma law."""
        if self.fraction == 1:
            return sample
        noise = _correlated(sample, self.psf_fwhm_mm, rng)
        relative = self.cov_at_suv1**2 * (1.0 / self.fraction - 1.0)
        suv = np.abs(sample.voxels) / self.suv_unit
        shape = np.maximum(suv ** (2.0 - self.variance_exponent) / relative, LEAST_SHAPE)
        return sample.with_image(sample.voxels * gamma_factors(noise, shape))


def gamma_factors(normal: Array, shape: Array) -> Array:
    """Return gamma variates of mean 1 and variance 1 / ``shape`` with the ranks of ``normal``.

    Interpolated between the quantiles of a table: mean within 0.05 % and variance within 0.5 % for shapes of
    0.3 and more.

    Parameters
    ----------
    normal : ndarray
        Standard normal variates, correlated as wanted.
    shape : ndarray
        Shape of each variate, the same form, positive.
    """
    low, high = (float(np.log(end)) for end in (shape.min(), shape.max()))
    rows = np.linspace(low, high, 1 + int(np.ceil((high - low) / LOG_STEP)))
    columns = np.arange(-HIGHEST, HIGHEST + STEP / 2, STEP)
    shapes = np.exp(rows)[:, None]
    table = gammaincinv(shapes, ndtr(columns)[None, :]) / shapes
    column = np.clip((normal + HIGHEST) / STEP, 0, len(columns) - 1)
    row = (np.log(shape) - low) / (rows[1] - rows[0]) if len(rows) > 1 else np.zeros_like(column)
    return np.asarray(map_coordinates(table, np.stack([row, column]), order=1, mode="nearest"))


def _correlated(sample: Sample, fwhm_mm: float, rng: np.random.Generator) -> Voxels:
    """Return noise (z, y, x) of SD 1 everywhere: white noise seen through a Gaussian, rescaled."""
    white = sample.with_image(rng.standard_normal(sample.voxels.shape))
    noise = GaussianBlur(fwhm_mm=fwhm_mm).apply(white, rng).voxels
    sds = [
        blurred_sd(count, fwhm_mm / FWHM_PER_SD / spacing)
        for count, spacing in zip(noise.shape, sample.grid.spacing_zyx, strict=True)
    ]
    return np.asarray(noise / (sds[0][:, None, None] * sds[1][:, None] * sds[2]))


def blurred_sd(count: int, sigma: float) -> Array:
    """Return the SD (count,) of white noise of SD 1, blurred by ``sigma`` voxels along an axis of ``count``.

    The blur weights the type-II cosine modes k by exp(-(pi sigma k / count)^2 / 2); reflection makes the
    noise at the borders larger.
    """
    modes = np.arange(count)
    power = np.exp(-((np.pi * sigma * modes / count) ** 2))
    cosines = 2.0 * np.cos(np.pi * np.outer(modes + 0.5, modes) / count) ** 2
    cosines[:, 0] = 1.0
    return np.sqrt(cosines @ power / count)
