"""How much noise an image holds, white or correlated, and how sure that is.

White noise is read from the diagonal wavelet details, which anatomy hardly enters (Chang). Correlated noise
has next to nothing there, so it is read from small homogeneous patches, corrected by its measured spectrum.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pywt
from numpy.typing import NDArray
from scipy import ndimage

from robustrad.core.geometry import Mask, Voxels
from robustrad.perturb.noise_patches import (
    FEWEST_PATCHES,
    PADDING,
    constant_blocks,
    in_windows,
    patch_noise,
)
from robustrad.perturb.spectrum import hh1_gain

WHITE = 0.1
"""Autocorrelation below which noise counts as white."""
MOST_COEFFICIENTS = 250_000
"""Bound of the cost: wavelet coefficients, taken from evenly spread slices."""
SUPPORT = 6
"""Pixels along an axis that a detail of coif1 depends on."""
LOWEST_TISSUE_HU = -300.0
"""CT: above fat (-100 HU) less three times the noise, and above lung."""


class NoiseEstimate(NamedTuple):
    """The noise of an image.

    Attributes
    ----------
    sd : float
        Standard deviation of a voxel in image units; NaN if it cannot be estimated.
    estimator : str
        ``hh1``, ``patches``, ``declared`` or ``none``.
    autocorrelation : float
        Largest absolute autocorrelation of the noise within two pixels in-plane; NaN if not measured.
    n : int
        Number of wavelet coefficients or patches that entered.
    region : str
        Where it was measured: ``body mask``, ``tissue`` or ``image``.
    patch : int
        Edge length of the patches in pixels; 0 where none were used.
    """

    sd: float
    estimator: str
    autocorrelation: float = math.nan
    n: int = 0
    region: str = "image"
    patch: int = 0


def estimate_noise(
    voxels: Voxels, *, modality: str = "unknown", body: Mask | None = None, declared: float | None = None
) -> NoiseEstimate:
    """Return the noise of an image, typical for its homogeneous tissue.

    The noise is taken as stationary in-plane within a patch, with a radial spectrum in pixels (square
    pixels). Its spectrum is measured on detrended homogeneous patches. Where its autocorrelation within two
    pixels is below 0.1, sd = median(abs(HH1)) / 0.6745, HH1 being the coif1 details high-pass along both
    in-plane axes, divided by the gain of that filter for the measured spectrum (1 for white noise). Otherwise
    sd^2 = median of the patches' variances / (share of the variance that detrending leaves x median of
    chi2(nu) / nu), share and nu from the spectrum.

    Parameters
    ----------
    voxels : ndarray, (z, y, x)
        The image, finite.
    modality : str
        ``CT`` looks at tissue above -300 HU; others at what is above a tenth of the bright half's mean, if
        the image has no negative values.
    body : ndarray of bool, (z, y, x), optional
        Where to look instead.
    declared : float, optional
        A known SD, which overrides the estimate.

    References
    ----------
    Chang, Yu, Vetterli, IEEE Trans Image Process 2000, doi 10.1109/83.862633;
    Donoho, Johnstone, Biometrika 1994, doi 10.1093/biomet/81.3.425 (the median of the details).
    """
    if declared is not None:
        return NoiseEstimate(declared, "declared")
    region, inside = ("body mask", body) if body is not None else _tissue(voxels, modality)
    found = patch_noise(voxels, inside)
    if found is None and inside is not None:
        region, inside = "image", None
        found = patch_noise(voxels, None)
    if found is None:
        return NoiseEstimate(math.nan, "none")
    correlation = found.spectrum.autocorrelation
    if correlation < WHITE:
        details = _hh1(voxels, inside)
        if len(details) >= FEWEST_PATCHES:
            sd = _median_sd(details) / math.sqrt(hh1_gain(found.spectrum.weights))
            return NoiseEstimate(sd, "hh1", correlation, len(details), region)
    return NoiseEstimate(found.sd, "patches", correlation, found.n, region, found.size)


def _tissue(voxels: Voxels, modality: str) -> tuple[str, Mask | None]:
    """Return where to look: tissue, or None for everywhere."""
    coarse = ndimage.uniform_filter(voxels, (1, 3, 3)) if min(voxels.shape[1:]) >= 3 else voxels
    if modality == "CT" or (modality == "unknown" and voxels.min() <= -900):
        return "tissue", np.asarray(coarse > LOWEST_TISSUE_HU)
    if np.mean(voxels < 0) > 0.01:
        return "image", None
    bright = voxels[voxels > voxels.mean()]
    if not bright.size:
        return "image", None
    return "tissue", np.asarray(coarse > 0.1 * bright.mean())


def _median_sd(details: NDArray[np.float64]) -> float:
    """Return median(abs(details)) / 0.6745, edges left out: what is beyond 2 SD, until nothing more is.

    Of the normal distribution 0.9545 lies within 2 SD, and half of that within 0.64 SD.
    """
    size = np.abs(details)
    sd = float(np.median(size) / 0.6745)
    for _ in range(20):
        new = float(np.median(size[size <= 2 * sd]) / 0.6400)
        if new == sd:
            break
        sd = new
    return sd


def _hh1(voxels: Voxels, inside: Mask | None) -> NDArray[np.float64]:
    """Return the diagonal details (n,) of coif1 whose support lies inside, padding left out.

    They come from as many evenly spread slices as are needed.
    """
    step = max(1, voxels.size // 4 // MOST_COEFFICIENTS)
    slices = voxels[::step]
    along_y = pywt.dwt(slices, "coif1", mode="symmetric", axis=1)[1]
    details = pywt.dwt(along_y, "coif1", mode="symmetric", axis=2)[1]
    # Detail k sees pixels 2k - 4 to 2k + 1.
    rows, columns = ((size - SUPPORT) // 2 + 1 for size in voxels.shape[1:])
    details = details[:, 2 : 2 + rows, 2 : 2 + columns]
    seen = in_windows(constant_blocks(slices), SUPPORT - 1, 2) / (SUPPORT - 1) ** 2 < PADDING
    if inside is not None:
        seen &= in_windows(inside[::step], SUPPORT, 2) == SUPPORT**2
    return np.asarray(details[seen])
