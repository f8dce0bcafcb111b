"""The noise of small homogeneous patches, whatever its spectrum."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from robustrad.core.geometry import Mask, Voxels
from robustrad.perturb.spectrum import NoiseSpectrum, fit_spectrum, residuals

SIZES = (8, 12, 16, 24)
"""Edge lengths of the patches in pixels; the smallest that keeps enough of the noise is used."""
RETAINED = 0.65
"""Share of the noise's variance that a patch must keep, so that the correction stays small."""
MOST_PIXELS = 1_000_000
MOST_FITTED = 3_000
"""Bounds of the cost: pixels in all patches together, patches that the spectrum is fitted to."""
PASS = 0.9
"""Quantile of the noise's own distribution up to which a patch counts as homogeneous."""
ANATOMY = 1.25
"""Larger patches that read this much more than smaller ones read anatomy (noise of 3 pixels: 1.1)."""
PADDING = 0.1
"""Share of constant 2 x 2 blocks from which a place counts as padding (integers of SD 1 have 0.02)."""
FEWEST_PATCHES = 24
"""Patches below which a size is not used, or the image not at all."""


class PatchNoise(NamedTuple):
    """Noise read from patches.

    Attributes
    ----------
    sd : float
        Standard deviation of a voxel in image units.
    spectrum : NoiseSpectrum
        Its spectrum.
    n, size : int
        Number of homogeneous patches and their edge length in pixels.
    """

    sd: float
    spectrum: NoiseSpectrum
    n: int
    size: int


def patch_noise(voxels: Voxels, inside: Mask | None) -> PatchNoise | None:
    """Return the noise on the smallest patches that keep enough of it, or None if there are none.

    sd^2 = median of the patches' variances / (share of the noise's variance that detrending leaves x median
    of chi2(nu) / nu), share and degrees of freedom nu from the measured spectrum.

    Parameters
    ----------
    voxels : ndarray, (z, y, x)
        The image.
    inside : ndarray of bool, (z, y, x), or None
        Patches lie wholly inside; None takes the whole image.
    """
    best = None
    for size in SIZES:
        patches = _cut(voxels, inside, size)
        if len(patches) < FEWEST_PATCHES:
            break
        found = _homogeneous(residuals(patches))
        if best is not None and (found.n < FEWEST_PATCHES or found.sd > ANATOMY * best.sd):
            break
        best = found
        if found.spectrum.retained >= RETAINED:
            break
    return best


def _cut(voxels: Voxels, inside: Mask | None, size: int) -> Voxels:
    """Return half-overlapping in-plane patches (n, size, size) that lie inside, padding left out."""
    if min(voxels.shape[1:]) < size:
        return np.empty((0, size, size))
    windows = np.lib.stride_tricks.sliding_window_view(voxels, (size, size), axis=(1, 2))
    step = size // 2
    windows = windows[:, ::step, ::step]
    if inside is None:
        chosen = np.argwhere(np.ones(windows.shape[:3], dtype=np.bool_))
    else:
        chosen = np.argwhere(in_windows(inside, size, step) == size**2)
    # Golden-ratio order: any prefix of it is spread evenly over the image.
    order = np.argsort((np.arange(len(chosen)) * 0.6180339887498949) % 1.0, kind="stable")
    z, y, x = chosen[np.sort(order[: MOST_PIXELS // size**2])].T
    patches = np.asarray(windows[z, y, x], dtype=np.float64)
    padding = constant_blocks(patches).mean(axis=(1, 2)) >= PADDING
    return np.asarray(patches[~padding])


def in_windows(mask: Mask, size: int, step: int) -> NDArray[np.int64]:
    """Return how many voxels of ``mask`` lie in each in-plane window of ``size``, a window every ``step``.

    Along one axis after the other: 2 size sums instead of size^2.
    """
    rows, columns = ((length - size) // step + 1 for length in mask.shape[1:])
    along = np.zeros((*mask.shape[:2], columns), dtype=np.int64)
    for k in range(size):
        along += mask[:, :, k : k + step * (columns - 1) + 1 : step]
    both = np.zeros((mask.shape[0], rows, columns), dtype=np.int64)
    for k in range(size):
        both += along[:, k : k + step * (rows - 1) + 1 : step]
    return both


def constant_blocks(image: Voxels) -> Mask:
    """Return which blocks of 2 x 2 pixels of the last two axes hold one value: padding, not tissue."""
    corner = image[..., 1:, 1:]
    return np.asarray(
        (corner == image[..., :-1, 1:]) & (corner == image[..., 1:, :-1]) & (corner == image[..., :-1, :-1])
    )


def _homogeneous(left: Voxels) -> PatchNoise:
    """Return the noise of those detrended patches whose variance is that of noise alone.

    Structure only adds variance, so the patches of least variance are noise; from there the limit grows to
    the 90 % quantile of what the noise itself would give, its degrees of freedom from the spectrum.
    """
    size = left.shape[1]
    variance = np.mean(left**2, axis=(1, 2))
    kept = variance <= np.median(variance)
    scale = 0.0
    for _ in range(4):
        members = np.flatnonzero(kept)
        spectrum = fit_spectrum(left[members[:: max(1, len(members) // MOST_FITTED)]])
        before = kept
        scale, kept = _grow(variance, spectrum.freedom)
        if np.array_equal(kept, before):
            break  # the same patches again give the same
    return PatchNoise(math.sqrt(scale / spectrum.retained), spectrum, int(kept.sum()), size)


def _grow(variance: NDArray[np.float64], freedom: float) -> tuple[float, Mask]:
    """Return the expected variance of a noise patch and which patches hold noise alone."""
    shares = (0.1, PASS / 2, PASS)
    low, middle, high = (2.0 * gammaincinv(freedom / 2.0, share) / freedom for share in shares)
    scale = float(np.quantile(variance, 0.1) / low)
    for _ in range(50):
        kept = variance <= scale * high
        new = float(np.median(variance[kept]) / middle)
        if new == scale:
            break
        scale = new
    return scale, np.asarray(kept)
