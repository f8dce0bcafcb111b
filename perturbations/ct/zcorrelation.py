"""How the noise of neighboring slices is related when slices are thicker than their distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def slice_taps(thickness_mm: float, increment_mm: float) -> Array:
    """Return symmetric weights (odd number) that give white noise the correlation of overlapping slices.

    Two box-shaped slices of thickness T at a distance z share the part 1 - z / T of their rays, so the
    correlation over slices is a triangle. Its spectrum is not negative and its square root is the filter;
    the squares of the weights sum to one, so that the noise keeps its SD.

    Parameters
    ----------
    thickness_mm : float
        Thickness of the slices. Not thicker than the increment: no correlation.
    increment_mm : float
        Distance of neighboring slices.
    """
    overlap = thickness_mm / increment_mm
    if overlap <= 1.0:
        return np.ones(1)
    length = 2 * int(np.ceil(16 * overlap)) + 1
    lag = np.abs(np.fft.fftfreq(length, 1.0 / length))
    power = np.fft.fft(np.clip(1.0 - lag / overlap, 0.0, None)).real
    taps = np.fft.fftshift(np.fft.ifft(np.sqrt(np.maximum(power, 0.0))).real)
    kept = np.flatnonzero(np.abs(taps) > 1e-3 * taps.max())
    half = length // 2 - kept[0]
    taps = taps[length // 2 - half : length // 2 + half + 1]
    return np.asarray(taps / np.sqrt(np.sum(taps**2)))
