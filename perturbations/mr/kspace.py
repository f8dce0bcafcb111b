"""What happens to the lines of k-space: fewer of them, or a patient who moves between them."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.fft import dctn, fft, idctn, ifft

from robustrad.core.geometry import Voxels
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample

from .magnitude import no_magnitude

Array = NDArray[np.float64]


class KspaceTruncation(Perturbation):
    """Keep the central part of k-space in-plane: lower resolution and ringing; the mask is untouched.

    Model: of the spatial frequencies along x and y only those below ``fraction`` of the highest are kept, the
    rest is filled with zeros, so that the grid stays as it is. With ``taper: none`` the point spread is a
    sinc of full width at half maximum 1.207 voxels / fraction and edges overshoot by 9 % (Gibbs); ``hamming``
    is the filter that scanners offer against ringing, at 1.5 times the width. The image is reflected at its
    borders and the result is a magnitude again. Its own noise is filtered likewise, nothing is added.

    References
    ----------
    Czervionke et al. 1988, AJNR 9, 815 (truncation artifacts); Gibbs's overshoot is (2 Si(pi) / pi - 1) / 2.
    """

    kind: Literal["kspace_truncation"] = "kspace_truncation"
    stage: ClassVar[Stage] = Stage.IMAGE
    modalities: ClassVar[tuple[str, ...]] = ("MR",)
    zero: ClassVar = {"fraction": 1.0}
    examples: ClassVar = ({"fraction": 0.9}, {"fraction": 0.7}, {"fraction": 0.5})
    trend: ClassVar = ("strength_rmse", 1)

    fraction: float = Field(
        gt=0, le=1, description="Part of the in-plane frequencies along each axis that is kept; 1 keeps all."
    )
    taper: Literal["none", "hamming"] = Field(
        default="none", description="Weight of what is kept: even, or falling to its edge (no effect at 1)."
    )

    def skip(self, sample: Sample) -> str | None:
        """Skip where the image is no magnitude."""
        return None if self.fraction == 1 else no_magnitude(sample)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with a smaller k-space in each slice."""
        del rng
        if self.fraction == 1:
            return sample
        rows, columns = (self._window(count) for count in sample.voxels.shape[1:])
        spectrum = dctn(sample.voxels, axes=(1, 2), norm="ortho") * rows[:, None] * columns
        return sample.with_image(np.abs(idctn(spectrum, axes=(1, 2), norm="ortho")))

    def _window(self, count: int) -> Array:
        """Return the weight of the cosine modes, the k-th at k / count of the highest frequency."""
        share = np.arange(count) / count / self.fraction
        weight = 0.54 + 0.46 * np.cos(np.pi * share) if self.taper == "hamming" else np.ones(count)
        return np.where(share < 1.0, weight, 0.0)


class MotionGhost(Perturbation):
    """Ghosts of a patient who moves to and fro while k-space is filled; the mask is untouched.

    Model: the whole body is displaced along the phase-encoding axis by
    ``displacement_mm`` cos(2 pi k ghost_mm + phase) when line k (cycles per mm) is taken: its signal turns by
    exp(-2 pi i k displacement). Replicas then appear at multiples of ``ghost_mm``, the n-th with the weight
    J_n(2 pi k displacement_mm), hence mainly of edges. The phase is drawn. The image is reflected at its
    borders, since what lies beyond is not known, and the result is a magnitude again; the sum of squares of a
    slice is kept over the reflected image. Not modeled: motion through the slice, irregular breathing, flow.

    References
    ----------
    Wood and Henkelman 1986, Med Phys 13 (motion as a function of spatial frequency).
    """

    kind: Literal["motion_ghost"] = "motion_ghost"
    stage: ClassVar[Stage] = Stage.IMAGE
    random: ClassVar[bool] = True
    modalities: ClassVar[tuple[str, ...]] = ("MR",)
    zero: ClassVar = {"displacement_mm": 0.0}
    examples: ClassVar = ({"displacement_mm": 0.5}, {"displacement_mm": 1.0}, {"displacement_mm": 2.0})
    trend: ClassVar = ("strength_rmse", 1)

    displacement_mm: float = Field(
        ge=0, description="Amplitude of the motion in mm, half of its peak-to-peak; 0 is a patient at rest."
    )
    ghost_mm: float = Field(
        default=40.0,
        gt=0,
        description="Distance of the first ghost in mm: field of view x lines per breath / lines.",
    )
    axis: Literal["x", "y"] = Field(default="y", description="Phase-encoding axis of the image.")

    def skip(self, sample: Sample) -> str | None:
        """Skip where the image is no magnitude."""
        return None if self.displacement_mm == 0 else no_magnitude(sample)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with ghosts in each slice."""
        if self.displacement_mm == 0:
            return sample
        axis = 2 if self.axis == "x" else 1
        phase = rng.uniform(0.0, 2.0 * np.pi)
        return sample.with_image(self._moved(sample.voxels, axis, sample.grid.spacing_zyx[axis], phase))

    def _moved(self, voxels: Voxels, axis: int, spacing: float, phase: float) -> Voxels:
        count = voxels.shape[axis]
        k = np.fft.fftfreq(2 * count, spacing)
        displacement = self.displacement_mm * np.cos(2.0 * np.pi * k * self.ghost_mm + phase)
        turn = np.exp(-2j * np.pi * k * displacement).astype(np.complex64)
        reflected = np.concatenate([voxels, np.flip(voxels, axis)], axis=axis)
        lines = fft(reflected, axis=axis) * turn.reshape([-1 if i == axis else 1 for i in range(3)])
        return np.asarray(np.abs(ifft(lines, axis=axis).take(range(count), axis)))
