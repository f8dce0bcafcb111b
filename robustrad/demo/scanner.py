"""A PET scanner: blur, voxels, noise, calibration; and the two sites of the cohort."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from scipy import ndimage

from robustrad.core.geometry import Voxels
from robustrad.demo.texture import filtered, gaussian_transfer, transfer_power

SiteEffect = Literal["psf", "noise", "calibration"]
SITE_EFFECTS: tuple[str, ...] = get_args(SiteEffect)
SITES = ("A", "B")
FWHM_PER_SD = float(np.sqrt(8.0 * np.log(2.0)))


@dataclass(frozen=True)
class Scanner:
    """What a scanner and its reconstruction do to the activity.

    Attributes
    ----------
    fwhm_mm : float
        Full width at half maximum of the Gaussian point spread function, before the voxel's own box.
        6 mm is a clinical reconstruction of a present scanner.
    noise_sd : float
        SD of the noise where the activity is 1 SUV; elsewhere it grows with the square root of activity.
        0.2 gives 14 % in liver of 2 SUV.
    noise_spread : float
        SD over patients of the log of ``noise_sd`` (dose, time, body mass).
    gain : float
        Factor on all values.
    offset_suv : float
        Added to all values after the gain.
    """

    fwhm_mm: float = 6.0
    noise_sd: float = 0.2
    noise_spread: float = 0.1
    gain: float = 1.0
    offset_suv: float = 0.0

    def noise_sd_of(self, noise_z: float) -> float:
        """Return the noise SD at 1 SUV of a patient who lies ``noise_z`` SD above the median patient."""
        return self.noise_sd * float(np.exp(self.noise_spread * noise_z))


REFERENCE = Scanner()
_SITE_B = {
    "psf": replace(REFERENCE, fwhm_mm=10.0),
    "noise": replace(REFERENCE, noise_sd=0.35, noise_spread=0.6),
    "calibration": replace(REFERENCE, gain=1.3, offset_suv=0.1),
}


def scanner_at(site: str, site_effect: SiteEffect | None) -> Scanner:
    """Return the scanner of ``site``: the reference at A, changed by ``site_effect`` at B."""
    return REFERENCE if site == "A" or site_effect is None else _SITE_B[site_effect]


def acquire(
    activity: Voxels,
    scanner: Scanner,
    *,
    rng: np.random.Generator,
    fine_mm: float,
    fold: int,
    noise_sd: float,
) -> Voxels:
    """Return the image that ``scanner`` makes of ``activity``.

    Parameters
    ----------
    activity : ndarray of float64, (z, y, x)
        True activity in SUV on a fine cubic grid.
    scanner : Scanner
        Its blur, gain and offset.
    rng : numpy.random.Generator
        Draws the noise.
    fine_mm : float
        Spacing of the fine grid.
    fold : int
        Fine voxels along one edge of an image voxel; the image voxel is their mean (partial volume).
    noise_sd : float
        SD of the noise at 1 SUV for this patient.

    Returns
    -------
    ndarray of float64, (z, y, x)
        The image in SUV, not negative. Its noise has the correlation that the PSF gives to white noise.
    """
    sd_mm = scanner.fwhm_mm / FWHM_PER_SD
    blurred = ndimage.gaussian_filter(activity, sd_mm / fine_mm, mode="nearest", truncate=5.0)
    clean = binned(blurred, fold)
    shape = (clean.shape[0], clean.shape[1], clean.shape[2])
    transfer = gaussian_transfer(shape, (fine_mm * fold,) * 3, sd_mm)
    noise = filtered(rng.standard_normal(shape), transfer) / np.sqrt(transfer_power(transfer, shape))
    noisy = clean + noise_sd * np.sqrt(np.maximum(clean, 0.0)) * noise
    return np.asarray(np.maximum(scanner.gain * noisy + scanner.offset_suv, 0.0))


def binned(values: Voxels, fold: int) -> Voxels:
    """Return the means of blocks of ``fold`` x ``fold`` x ``fold`` voxels."""
    z, y, x = (size // fold for size in values.shape)
    return np.asarray(values.reshape(z, fold, y, fold, x, fold).mean(axis=(1, 3, 5)))
