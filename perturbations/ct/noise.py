"""Noise as a CT reconstruction leaves it, made in the image."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.ndimage import correlate1d

from robustrad.core.geometry import Voxels
from robustrad.perturb.base import Stage
from robustrad.perturb.relative_noise import RelativeNoise
from robustrad.perturb.sample import Sample

from .attenuation import Section, cut_reason, section_of
from .kernels import Kernel, sampled_noise_spectrum
from .zcorrelation import slice_taps

MARGIN = 16
"""Pixels drawn beyond the image, so that its opposite borders are not neighbors."""


class CtNoise(RelativeNoise):
    """Add noise with the correlation of a CT reconstruction; the mask is untouched.

    Model: Gaussian noise with the in-plane power spectrum f A(f)^2 of filtered back-projection (A the
    apodization of the named kernel, folded at the pixels' Nyquist frequency) and the correlation of
    overlapping slices along z, times a local SD. ``local_sd: projected`` takes the SD from the attenuation of
    the rays through each point, sd(x)^2 proportional to the mean over directions of exp(p), as quantum noise
    has it, with ``sd`` the median over tissue; ``uniform`` is the same SD everywhere. It is the fast form of
    ``ct_dose``: direction-dependent streaks and electronic noise are not modeled. A dose fraction d with
    quantum noise alone is ``relative_sd = sqrt(1/d - 1)``.

    References
    ----------
    Kijewski and Judy 1987, Phys Med Biol, doi 10.1088/0031-9155/32/5/003 (the spectrum and its folding).
    """

    kind: Literal["ct_noise"] = "ct_noise"
    stage: ClassVar[Stage] = Stage.IMAGE
    random: ClassVar[bool] = True
    modalities: ClassVar[tuple[str, ...]] = ("CT",)
    zero: ClassVar = {"sd": 0.0}
    examples: ClassVar = (
        {"sd": 5.0, "local_sd": "uniform"},
        {"sd": 10.0, "body_diameter_mm": 400.0},
        {"relative_sd": 2.0, "declared_noise_sd": 10.0, "kernel": "bone", "body_diameter_mm": 400.0},
    )
    trend: ClassVar = ("strength_sd_difference", 1)

    sd: float | None = Field(default=None, ge=0, description="SD of the added noise in HU; 0 adds none.")
    declared_noise_sd: float | None = Field(
        default=None, gt=0, description="Noise of the image in HU, where known: no estimate is made."
    )
    kernel: Kernel = Field(default="standard", description="Kernel whose noise texture is added.")
    slice_thickness_mm: float | None = Field(
        default=None,
        gt=0,
        description="Thickness of the slices in mm; not thicker than their distance (the default): noise is "
        "independent from slice to slice.",
    )
    local_sd: Literal["projected", "uniform"] = Field(
        default="projected", description="SD by the attenuation through each point, or the same everywhere."
    )
    body_diameter_mm: float | None = Field(
        default=None,
        gt=0,
        description="Diameter in mm of the cylinder of water, centered on the image, that continues a body "
        "which the image cuts off; not used for a body in full view, nor with a uniform SD.",
    )

    def skip(self, sample: Sample) -> str | None:
        """Skip where the noise could not be estimated or path lengths are unknown."""
        if self.adds_none:
            return None
        if (reason := self.unknown_noise(sample)) or self.local_sd == "uniform":
            return reason
        reason = cut_reason(sample, body_diameter_mm=self.body_diameter_mm)
        return f"{reason} or local_sd: uniform" if reason else None

    def noisy(self, sample: Sample, sd: float, rng: np.random.Generator) -> Sample:
        """Return the sample with correlated noise added to every voxel."""
        noise = _unit_noise(sample, self.kernel, self.slice_thickness_mm, rng)
        if self.local_sd == "projected":
            noise *= _relative_sd(sample, section_of(sample, body_diameter_mm=self.body_diameter_mm))
        return sample.with_image(sample.voxels + sd * noise)


def _unit_noise(
    sample: Sample, kernel: Kernel, thickness_mm: float | None, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return noise (z, y, x) of SD 1 with the spectrum of ``kernel`` and the correlation of its slices."""
    slices, height, width = sample.voxels.shape
    _, dy, dx = sample.grid.spacing_zyx
    taps = slice_taps(thickness_mm or sample.grid.spacing[2], sample.grid.spacing[2])
    shape = next_fast_len(height + MARGIN, real=True), next_fast_len(width + MARGIN, real=True)
    white = rng.standard_normal((slices + len(taps) - 1, *shape), dtype=np.float32)
    if len(taps) > 1:
        white = correlate1d(white, taps, axis=0)[len(taps) // 2 : -(len(taps) // 2)]
    transfer = np.sqrt(sampled_noise_spectrum(kernel, shape, (dy, dx))).astype(np.float32)
    return np.asarray(irfft2(rfft2(white) * transfer, s=shape)[:, :height, :width])


def _relative_sd(sample: Sample, section: Section) -> Voxels:
    """Return the SD (z, y, x) of quantum noise relative to its median over tissue."""
    from .insertion import mean_over_views, project_section, tissue_of

    projections = project_section(section)
    coarse = np.sqrt(mean_over_views(section, projections, np.exp(projections.paths)))
    tissue = tissue_of(section)
    coarse /= np.median(coarse[tissue] if tissue.any() else coarse)
    return section.on_pixels(coarse, sample.grid)
