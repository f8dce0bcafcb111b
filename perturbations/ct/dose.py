"""Less dose: noise of fewer photons, reconstructed from projections."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.optimize import brentq

from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.noise_estimate import estimate_noise
from robustrad.perturb.sample import Sample

from .attenuation import Section, cut_reason, section_of
from .kernels import Kernel
from .zcorrelation import slice_taps

STARVED = 0.3
"""Relative SD of a ray's count above which its logarithm is no longer linear in the noise."""
STARVED_SHARE = 0.01


class CtDose(Perturbation):
    """Lower the dose of a CT scan: add the noise that fewer photons would have added; the mask is untouched.

    Model: parallel-beam projections p of the image (mu of water 0.019 per mm) give the expected quanta of a
    ray, N0 = i0 exp(-p). The scan is noisy already, so a scan of ``fraction`` d of its dose has in addition

        variance = (1 / N0) (1/d - 1) + (electronic_sd^2 / N0^2) (1/d^2 - 1).

    Gaussian noise of that variance, independent from ray to ray, is reconstructed by filtered back-projection
    with the named kernel and added. The image itself is not reconstructed, hence not blurred again. ``i0`` is
    found per case: the simulated full dose has the SD that is measured in the image's tissue (median over
    tissue), or ``declared_noise_sd``. ``i0`` and ``electronic_sd`` count quanta per ray of one slice at 1000
    views over 180 degrees and 0.568 mm between rays, whatever the simulation uses.

    Not modeled: bow-tie filter, tube current modulation, fan and cone beam, scatter, spectrum, iterative
    reconstruction, and the bias of the logarithm at very low counts; where more than 1 % of the rays have a
    relative SD above 0.3 at the lower dose the operator is skipped. Slices are taken as axial.

    References
    ----------
    Yu et al. 2012, J Comput Assist Tomogr, doi 10.1097/RCT.0b013e318258e891 and Zeng et al. 2015, IEEE Trans
    Nucl Sci, doi 10.1109/TNS.2015.2467219 (noise insertion, quantum and electronic).
    """

    kind: Literal["ct_dose"] = "ct_dose"
    stage: ClassVar[Stage] = Stage.IMAGE
    random: ClassVar[bool] = True
    modalities: ClassVar[tuple[str, ...]] = ("CT",)
    zero: ClassVar = {"fraction": 1.0}
    examples: ClassVar = (
        {"fraction": 0.5, "declared_noise_sd": 10.0, "body_diameter_mm": 400.0},
        {"fraction": 0.25, "declared_noise_sd": 10.0, "body_diameter_mm": 400.0},
        {"fraction": 0.1, "declared_noise_sd": 10.0, "body_diameter_mm": 400.0},
    )
    trend: ClassVar = ("strength_sd_difference", 1)

    fraction: float = Field(gt=0, le=1, description="Fraction of the scan's own dose; 1 changes nothing.")
    kernel: Kernel = Field(default="standard", description="Kernel with which the image was reconstructed.")
    electronic_sd: float = Field(
        default=0.0, ge=0, description="Electronic noise of a ray, SD in quanta; 0 is quantum noise alone."
    )
    i0: float | None = Field(
        default=None, gt=0, description="Quanta per ray in air at full dose; found per case where not given."
    )
    declared_noise_sd: float | None = Field(
        default=None, gt=0, description="Noise of the image's tissue in HU, where known: no estimate is made."
    )
    slice_thickness_mm: float | None = Field(
        default=None,
        gt=0,
        description="Thickness of the slices in mm; not thicker than their distance (the default): noise is "
        "independent from slice to slice.",
    )
    body_diameter_mm: float | None = Field(
        default=None,
        gt=0,
        description="Diameter in mm of the cylinder of water, centered on the image, that continues a body "
        "which the image cuts off; not used for a body in full view.",
    )

    def calibrate(self, sample: Sample, rng: np.random.Generator) -> Self:
        """Return a copy with the ``i0`` that explains this image's noise."""
        del rng
        if self.fraction == 1 or self.i0 is not None or self._cut(sample):
            return self
        sd = estimate_noise(sample.voxels, modality=sample.modality, declared=self.declared_noise_sd).sd
        if not math.isfinite(sd) or sd <= 0:
            return self
        return type(self).model_validate({**self.model_dump(), "i0": self._solve(sample, sd)})

    def skip(self, sample: Sample) -> str | None:
        """Skip where path lengths or noise are unknown, or where too few photons are left."""
        if self.fraction == 1:
            return None
        if reason := self._cut(sample):
            return reason
        i0 = self.calibrate(sample, np.random.default_rng(0)).i0
        if i0 is None:
            return (
                "the noise of the image cannot be estimated (too small or constant): "
                "give declared_noise_sd or i0"
            )
        from .insertion import project_section

        quanta = i0 * self.fraction * np.exp(-project_section(self._section(sample)).paths.astype(np.float64))
        starved = float(np.mean(1 / quanta + (self.electronic_sd / quanta) ** 2 > STARVED**2))
        if starved > STARVED_SHARE:
            return (
                f"photon starvation: at {self.fraction:g} of the dose {starved:.0%} of the rays have a "
                f"relative noise above {STARVED:g}, and the linear model does not hold"
            )
        return None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the noise of the missing dose added."""
        if self.fraction == 1:
            return sample
        from .insertion import project_section, reconstruct_noise

        if self.i0 is None:
            raise ValueError("i0 must be calibrated before it is applied")
        projections = project_section(self._section(sample))
        inverse = np.asarray(np.exp(projections.paths) / self.i0, dtype=np.float32)
        variance = self._added_variance(inverse)
        increment = sample.grid.spacing[2]
        noise = reconstruct_noise(
            sample,
            projections,
            np.sqrt(variance),
            kernel=self.kernel,
            taps=slice_taps(self.slice_thickness_mm or increment, increment),
            rng=rng,
        )
        return sample.with_image(sample.voxels + noise)

    def _added_variance(self, inverse: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the variance of a ray from 1 / N0."""
        less = 1.0 / self.fraction
        quantum, electronic = less - 1.0, self.electronic_sd**2 * (less**2 - 1.0)
        return np.asarray(inverse * quantum + inverse**2 * electronic, dtype=np.float32)

    def _solve(self, sample: Sample, sd: float) -> float:
        """Return the i0 whose simulated full dose has ``sd`` HU, median over tissue."""
        from .insertion import mean_over_views, project_section, tissue_of, variance_gain

        section = self._section(sample)
        projections = project_section(section)
        inverse = np.exp(projections.paths)
        tissue = tissue_of(section)
        inside = tissue if tissue.any() else np.ones_like(tissue)
        gain = variance_gain(self.kernel)
        quantum = gain * mean_over_views(section, projections, inverse)[inside]
        if self.electronic_sd == 0:
            return float(np.median(quantum) / sd**2)
        electronic = gain * self.electronic_sd**2 * mean_over_views(section, projections, inverse**2)[inside]

        def excess(log_i0: float) -> float:
            i0 = math.exp(log_i0)
            return math.log(float(np.median(quantum / i0 + electronic / i0**2)) / sd**2)

        return math.exp(brentq(excess, 0.0, math.log(1e15)))

    def _section(self, sample: Sample) -> Section:
        return section_of(sample, body_diameter_mm=self.body_diameter_mm)

    def _cut(self, sample: Sample) -> str | None:
        return cut_reason(sample, body_diameter_mm=self.body_diameter_mm)
