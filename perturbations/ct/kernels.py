"""Named reconstruction kernels: the apodization of the ramp filter over spatial frequency.

A kernel is one curve A(f). It gives the modulation transfer function (the detector's and the focal spot's own
parts cancel in a ratio of two) and, for filtered back-projection, the noise power spectrum f A(f)^2.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

Array = NDArray[np.float64]
Kernel = Literal["soft", "standard", "bone"]

CUTOFF_PER_MM = 950.0 / (2.0 * 540.0)
"""Band limit, cycles per mm: the Nyquist frequency of 1 mm detector columns at 950 mm, seen at 540 mm."""

SAMPLES: dict[Kernel, tuple[float, ...]] = {
    "soft": (1.0, 0.815, 0.4564, 0.1636, 0.0),
    "standard": (1.0, 0.9338, 0.7441, 0.4425, 0.0531),
    "bone": (1.0, 1.0485, 1.17, 1.2202, 0.9201),
}
"""A(f) at 0, 1/4, 1/2, 3/4 and 1 of the band limit. Quadratic splines between them, zero beyond.

The curves and the geometry of the band limit are those of the open simulator XCIST (its kernels ``soft``,
``standard`` and ``bone``; Wu et al. 2022, doi 10.1088/1361-6560/ac9174; read in its public code). They stand
for a soft-tissue, a general and an edge-enhancing kernel; no vendor's kernel is claimed.
"""


def apodization(kernel: Kernel, frequency: Array) -> Array:
    """Return A(f) of ``kernel`` at frequencies in cycles per mm; 1 at zero, 0 above the band limit."""
    share = np.abs(frequency) / CUTOFF_PER_MM
    curve = make_interp_spline(np.linspace(0.0, 1.0, 5), SAMPLES[kernel], k=2)
    return np.where(share <= 1.0, np.maximum(curve(np.minimum(share, 1.0)), 0.0), 0.0)


def noise_spectrum(kernel: Kernel, frequency: Array) -> Array:
    """Return the noise power spectrum f A(f)^2 of filtered back-projection, not normalized.

    References
    ----------
    Kijewski and Judy 1987, Phys Med Biol, doi 10.1088/0031-9155/32/5/003.
    """
    return np.asarray(np.abs(frequency) * apodization(kernel, frequency) ** 2)


def sampled_noise_spectrum(kernel: Kernel, shape: tuple[int, int], spacing_mm: tuple[float, float]) -> Array:
    """Return the noise power (y, x) of a slice on its pixels' ``rfft2`` grid, mean 1 over the whole band.

    Pixels sample the noise at points: what lies beyond the pixels' Nyquist frequency is folded back.

    Parameters
    ----------
    shape : tuple of 2 int
        Pixels along y, x.
    spacing_mm : tuple of 2 float
        Pixel spacing along y, x.
    """
    axes = [np.fft.fftfreq(n, step) for n, step in zip(shape, spacing_mm, strict=True)]
    folds = [int(np.ceil(CUTOFF_PER_MM * step - 0.5)) for step in spacing_mm]
    power = np.zeros(shape)
    for i in range(-folds[0], folds[0] + 1):
        for j in range(-folds[1], folds[1] + 1):
            fy, fx = axes[0] + i / spacing_mm[0], axes[1] + j / spacing_mm[1]
            power += noise_spectrum(kernel, np.hypot(fy[:, None], fx[None, :]))
    return np.asarray((power / power.mean())[:, : shape[1] // 2 + 1])
