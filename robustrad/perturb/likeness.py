"""How alike two images of one ROI are: structural similarity, and what became of the spatial frequencies."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize

from robustrad.core.geometry import Mask, Triple, Voxels

Floats = NDArray[np.float64]

WINDOW = 7
"""Voxels along each axis of the window of the structural similarity, as usual for cubic windows."""
STABLE_MEANS, STABLE_SDS = 0.01, 0.03
"""Wang 2004's constants K1 and K2."""
LEAST_PIXELS, SURROUNDINGS = 64, 2.5
"""Pixels along x and y of the part whose spectrum is taken, and how many times the ROI it is, where the image
reaches so far: a taper over fewer mixes frequencies, and a blur reads too small."""
MOST_VOXELS = 1_000_000
"""Voxels of that part; of more, every so many slices."""
FWHM_PER_SD = math.sqrt(8.0 * math.log(2.0))
BINS = 64
"""Rings of spatial frequency between 0 and the highest."""


class Spectral(NamedTuple):
    """What a perturbation did to the spatial frequencies in-plane.

    Attributes
    ----------
    mean_frequency : float
        Mean frequency of the power spectrum of the difference, cycles per mm; NaN without a difference.
    added_fwhm_mm : float
        FWHM in mm of the Gaussian that leads from one image to the other; negative if it undoes one.
    """

    mean_frequency: float
    added_fwhm_mm: float


def ssim(before: Voxels, after: Voxels, mask: Mask) -> float:
    """Return the mean structural similarity over the voxels of ``mask``: 1 for equal images.

    With means, SDs and covariance (over n - 1) in a cube of 7 voxels and L, the range of ``before`` in the
    ROI, ``(2 m m' + c1) (2 cov + c2) / ((m^2 + m'^2 + c1) (s^2 + s'^2 + c2))``, c1 = (0.01 L)^2, c2 = (0.03
    L)^2. Means count from the lowest value of ``before`` in the ROI, so that the zero of HU does not matter.
    NaN where an even ROI was changed. Wang 2004, doi 10.1109/TIP.2003.819861.

    Parameters
    ----------
    before, after : ndarray of float64, (z, y, x)
        Two images on one grid.
    mask : ndarray of bool, (z, y, x)
        The ROI, not empty.
    """
    box = _box(mask, (WINDOW // 2, WINDOW // 2, WINDOW // 2))
    inside = mask[box]
    low, high = float(before[mask].min()), float(before[mask].max())
    if np.array_equal(before[box], after[box]):
        return 1.0
    if high == low:
        return math.nan
    one, other = before[box] - low, after[box] - low
    count = float(WINDOW**3)
    unbiased = count / (count - 1.0)

    def mean(values: Floats) -> Floats:
        return np.asarray(ndimage.uniform_filter(values, WINDOW, mode="reflect")[inside])

    m, n = mean(one), mean(other)
    variances = unbiased * (mean(one * one) - m * m + mean(other * other) - n * n)
    covariance = unbiased * (mean(one * other) - m * n)
    c1, c2 = ((constant * (high - low)) ** 2 for constant in (STABLE_MEANS, STABLE_SDS))
    similar = (2.0 * m * n + c1) * (2.0 * covariance + c2)
    return float(np.mean(similar / ((m * m + n * n + c1) * (variances + c2))))


def spectral(before: Voxels, after: Voxels, mask: Mask, *, spacing_zyx: Triple) -> Spectral:
    """Return what became of the frequencies in the slices and around the ROI.

    The slices of the ROI, cut to its surroundings, are tapered (Hann). The FWHM is that of the Gaussian H and
    the factor a for which ``|after - a H before|^2`` is least, of the sum over the slices and over all
    frequencies: noise that was added does not resemble what was there and hardly enters, nor do a blur along
    z and the scale of intensities.

    Parameters
    ----------
    before, after : ndarray of float64, (z, y, x)
        Two images on one grid.
    mask : ndarray of bool, (z, y, x)
        The ROI, not empty.
    spacing_zyx : tuple of 3 float
        Spacing in mm.
    """
    if np.array_equal(before, after):
        return Spectral(math.nan, 0.0)
    box = _part(mask)
    one, other = (_tapered(voxels[box]) for voxels in (before, after))
    fy, fx = (np.fft.fftfreq(size, step) for size, step in zip(one.shape[1:], spacing_zyx[1:], strict=True))
    frequency = np.hypot(fy[:, None], fx)
    power = np.sum(np.abs(other - one) ** 2, axis=0)
    total = float(power.sum())
    mean = float((frequency * power).sum()) / total if total > 0 else math.nan
    rings = np.minimum((frequency / frequency.max() * BINS).astype(np.int64), BINS - 1).ravel()
    # Of the sum over the slices a blur along z takes nothing: what is left is the blur in-plane.
    along = np.hanning(len(one) + 2)[1:-1]
    flat, changed = (np.tensordot(along, part, axes=1) for part in (one, other))
    weight, shared = np.abs(flat) ** 2, (changed * flat.conj()).real
    own, cross, squares = (
        np.asarray(np.bincount(rings, weights=values.ravel(), minlength=BINS), dtype=np.float64)
        for values in (weight, shared, weight * frequency**2)
    )
    used: NDArray[np.bool_] = own > 0
    return Spectral(mean, _added_fwhm(squares[used] / own[used], own[used], cross[used]))


def _added_fwhm(squared: Floats, own: Floats, cross: Floats) -> float:
    """Return the FWHM of H = exp(-2 pi^2 s f^2), s signed, where sum |after - a H before|^2 is least."""

    def explained(s: float | Floats) -> Any:
        gain = np.exp(-2.0 * np.pi**2 * np.asarray(s)[..., None] * squared)
        return -((gain * cross).sum(axis=-1) ** 2) / (gain**2 * own).sum(axis=-1)

    # from undoing a blur that leaves exp(-10) of the highest frequency to a blur of many pixels
    widest = 10.0 / (2.0 * np.pi**2 * float(squared.max()))
    grid = np.concatenate([-widest * np.linspace(1, 0, 81)[:-1], 80 * widest * np.linspace(0, 1, 161) ** 2])
    best = int(np.argmin(explained(grid)))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    s = float(optimize.minimize_scalar(explained, bounds=(low, high), method="bounded").x)
    return math.copysign(FWHM_PER_SD * math.sqrt(abs(s)), s)


def _tapered(part: Voxels) -> NDArray[np.complex128]:
    """Return the spectra of the slices, without their (weighted) means, tapered to zero at the edges."""
    rows, columns = (np.hanning(size + 2)[1:-1] for size in part.shape[1:])
    taper = rows[:, None] * columns
    means = np.tensordot(part, taper, axes=2) / taper.sum()
    return np.asarray(np.fft.fft2((part - means[:, None, None]) * taper))


def _part(mask: Mask) -> tuple[slice, slice, slice]:
    """Return the slices of the ROI, cut to its surroundings."""
    z, y, x = _box(mask, (0, 0, 0))
    y, x = (_widened(part, size) for part, size in zip((y, x), mask.shape[1:], strict=True))
    total = (z.stop - z.start) * (y.stop - y.start) * (x.stop - x.start)
    return slice(z.start, z.stop, max(1, math.ceil(total / MOST_VOXELS))), y, x


def _widened(part: slice, size: int) -> slice:
    extent = part.stop - part.start
    wanted = min(size, max(LEAST_PIXELS, math.ceil(SURROUNDINGS * extent)))
    start = max(0, min(part.start - (wanted - extent) // 2, size - wanted))
    return slice(start, start + wanted)


def _box(mask: Mask, margins: tuple[int, int, int]) -> tuple[slice, slice, slice]:
    places = (np.flatnonzero(mask.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1)))
    z, y, x = (
        slice(max(0, int(found[0]) - margin), min(size, int(found[-1]) + 1 + margin))
        for found, margin, size in zip(places, margins, mask.shape, strict=True)
    )
    return z, y, x
