"""Another reconstruction kernel: smoother or sharper than the image's own."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.fft import dctn, idctn

from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample

from .kernels import Kernel, apodization

Array = NDArray[np.float64]

FLOOR = 0.05
"""Transfer of the original below which nothing is restored: what is not in the image cannot come back."""


class CtKernel(Perturbation):
    """Give the image the resolution and the noise of another reconstruction kernel; the mask is untouched.

    Model: each slice is multiplied in frequency space by the ratio of two modulation transfer functions,

        H(f) = (A_target(f) / A_source(f)) ^ amount,

    A the apodizations of the named kernels (what detector and focal spot do cancels). The image has the
    transfer A_source before and A_source^(1 - amount) A_target^amount after. Its noise, of spectrum
    f A_source^2, gets f A_source^2 H^2: it is amplified or damped and textured as the target's, without noise
    being drawn. Sharpening restores only what the source has left: where A_source is below 0.05 (from 0.79
    cycles per mm for ``soft``, at 0.88 for ``standard``) H is what it would be at 0.05. Slices are reflected
    at their borders; their mean is kept. Not modeled: detail that the image's pixels do not carry, nonlinear
    enhancement of edges.

    References
    ----------
    Kijewski and Judy 1987, Phys Med Biol, doi 10.1088/0031-9155/32/5/003 (noise and apodization).
    """

    kind: Literal["ct_kernel"] = "ct_kernel"
    stage: ClassVar[Stage] = Stage.IMAGE
    modalities: ClassVar[tuple[str, ...]] = ("CT",)
    zero: ClassVar = {"target": "bone", "amount": 0.0}
    examples: ClassVar = (
        {"target": "soft", "amount": 0.5},
        {"target": "soft"},
        {"target": "bone", "amount": 0.5},
        {"target": "bone"},
    )

    target: Kernel = Field(description="Kernel to go to: soft, standard or bone.")
    source: Kernel = Field(
        default="standard",
        description="Kernel with which the image was made; the target itself changes nothing.",
    )
    amount: float = Field(
        default=1.0,
        ge=0,
        le=2,
        description="How far to go from source to target, in units of the logarithm of the transfer: 0 "
        "changes nothing, 1 is the target, 2 twice as far.",
    )

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with every slice filtered."""
        del rng
        if self.amount == 0 or self.source == self.target:
            return sample
        fy, fx = (
            np.arange(count) / (2.0 * count * step)
            for count, step in zip(sample.voxels.shape[1:], sample.grid.spacing_zyx[1:], strict=True)
        )
        transfer = self.transfer(np.hypot(fy[:, None], fx[None, :]))
        spectrum = dctn(sample.voxels, axes=(1, 2), norm="ortho")
        return sample.with_image(idctn(spectrum * transfer, axes=(1, 2), norm="ortho"))

    def transfer(self, frequency: Array) -> Array:
        """Return H at spatial frequencies in cycles per mm."""
        source = np.maximum(apodization(self.source, frequency), FLOOR)
        return np.asarray((apodization(self.target, frequency) / source) ** self.amount)
