"""Uneven sensitivity of the coil."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from robustrad.core.geometry import Grid, Voxels
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample

Array = NDArray[np.float64]

WAVES = 32


class BiasField(Perturbation):
    """Multiply the image by a smooth random field, as an uneven coil does; the mask is untouched.

    Model: the field is a Gaussian random field with autocorrelation exp(-r^2 / (2 length_mm^2)), made of 32
    plane waves in world coordinates, shifted and scaled so that over the image it runs from
    1 - p / 200 to 1 + p / 200, p the peak-to-peak percentage (the convention of BrainWeb: "40 %" runs from
    0.8 to 1.2). Its law is symmetric: the field of the opposite amplitudes is 2 minus the field, so that the
    mean over draws is 1 everywhere. Not modeled: noise that follows the receive field, flip-angle contrast.

    References
    ----------
    Collins et al. 1998, IEEE Trans Med Imaging, doi 10.1109/42.712135 (BrainWeb);
    Sled, Zijdenbos, Evans 1998, IEEE Trans Med Imaging, doi 10.1109/42.668698.
    """

    kind: Literal["bias_field"] = "bias_field"
    stage: ClassVar[Stage] = Stage.IMAGE
    random: ClassVar[bool] = True
    modalities: ClassVar[tuple[str, ...]] = ("MR",)
    zero: ClassVar = {"peak_to_peak_percent": 0.0}
    examples: ClassVar = (
        {"peak_to_peak_percent": 10.0},
        {"peak_to_peak_percent": 20.0},
        {"peak_to_peak_percent": 40.0},
    )
    trend: ClassVar = ("strength_rmse", 1)

    peak_to_peak_percent: float = Field(
        ge=0, lt=200, description="Range of the field over the image in percent of its middle; 0 is even."
    )
    length_mm: float = Field(
        default=100.0,
        gt=0,
        description="Correlation length of the field in mm; far beyond the image's size it is a gradient.",
    )

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the image multiplied by the field."""
        if self.peak_to_peak_percent == 0:
            return sample
        frequencies = rng.normal(0.0, 1.0 / self.length_mm, (WAVES, 3))
        amplitudes = rng.normal(size=(WAVES, 2))
        shape = _waves(sample.grid, frequencies, amplitudes)
        low, high = float(shape.min()), float(shape.max())
        if high == low:
            return sample
        shape -= (low + high) / 2.0
        shape *= self.peak_to_peak_percent / 100.0 / (high - low)
        return sample.with_image(sample.voxels * (1.0 + shape))


def _waves(grid: Grid, frequencies: Array, amplitudes: Array) -> Voxels:
    """Return the sum (z, y, x) of waves a cos(k r) + b sin(k r).

    Parameters
    ----------
    grid : Grid
        Where; r are world coordinates in mm.
    frequencies : ndarray, (n, 3)
        Wave vectors k in radians per mm, (x, y, z).
    amplitudes : ndarray, (n, 2)
        a and b.
    """
    direction = np.asarray(grid.direction).reshape(3, 3)
    along = frequencies @ direction * np.asarray(grid.spacing)
    x, y, z = (np.exp(1j * np.outer(along[:, axis], np.arange(grid.size[axis]))) for axis in range(3))
    start = np.exp(1j * frequencies @ np.asarray(grid.origin)) * (amplitudes[:, 0] - 1j * amplitudes[:, 1])
    field = np.empty(grid.shape)
    for at in range(grid.size[2]):
        rows = y * (start * z[:, at])[:, None]
        field[at] = rows.real.T @ x.real - rows.imag.T @ x.imag
    return field
