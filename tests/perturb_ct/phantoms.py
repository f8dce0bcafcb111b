"""Water phantoms, and what is measured on their noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from robustrad.perturbations.ct.kernels import Kernel, apodization

from robustrad.core.geometry import Grid
from robustrad.perturb.sample import Sample

Array = NDArray[np.float64]


def radius_map(count: int, pixel_mm: float) -> Array:
    """Return the distance (y, x) of pixels from the center in mm."""
    axis = (np.arange(count) - (count - 1) / 2.0) * pixel_mm
    return np.hypot(axis[:, None], axis[None, :])


def water(
    *,
    count: int = 240,
    slices: int = 6,
    pixel_mm: float = 0.9,
    slice_mm: float = 3.0,
    diameter_mm: float = 200.0,
) -> Sample:
    """Return a cylinder of water in air, free of noise; the mask is its inner 40 mm."""
    radius = radius_map(count, pixel_mm)
    voxels = np.repeat(np.where(radius <= diameter_mm / 2.0, 0.0, -1000.0)[None], slices, axis=0)
    mask = np.repeat((radius <= 20.0)[None], slices, axis=0)
    grid = Grid((count, count, slices), (pixel_mm, pixel_mm, slice_mm))
    return Sample(voxels, mask, grid, modality="CT")


def radial_spectrum(noise: Array, pixel_mm: float, *, width: int = 96) -> tuple[Array, Array]:
    """Return frequencies (cycles per mm) and the radial noise power of the central ``width`` pixels."""
    low = (noise.shape[1] - width) // 2
    part = noise[:, low : low + width, low : low + width]
    taper = np.hanning(width)[:, None] * np.hanning(width)[None, :]
    power = (np.abs(np.fft.fft2((part - part.mean()) * taper)) ** 2).mean(axis=0)
    return _binned(_frequency(width, pixel_mm), pixel_mm), _binned(power, pixel_mm)


def model_spectrum(kernel: Kernel, pixel_mm: float, *, width: int = 96) -> Array:
    """Return f A(f)^2, folded at the pixels' Nyquist frequency, in the bins of ``radial_spectrum``."""
    axis = np.fft.fftfreq(width, pixel_mm)
    power = np.zeros((width, width))
    for i in (-2, -1, 0, 1, 2):
        for j in (-2, -1, 0, 1, 2):
            f = np.hypot(axis[:, None] + i / pixel_mm, axis[None, :] + j / pixel_mm)
            power += f * apodization(kernel, f) ** 2
    return _binned(power, pixel_mm)


def _frequency(width: int, pixel_mm: float) -> Array:
    axis = np.fft.fftfreq(width, pixel_mm)
    return np.hypot(axis[:, None], axis[None, :])


def _binned(values: Array, pixel_mm: float) -> Array:
    """Return the means (n,) of ``values`` over rings of frequency below Nyquist."""
    width = len(values)
    edges = np.arange(0.0, 0.5 / pixel_mm + 1e-9, 2.0 / (width * pixel_mm))
    which = np.digitize(_frequency(width, pixel_mm).ravel(), edges) - 1
    inside = which < len(edges) - 1
    return np.bincount(which[inside], values.ravel()[inside]) / np.bincount(which[inside])
