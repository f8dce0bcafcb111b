"""What a perturbation really did, measured on image and mask before any resampling."""

from __future__ import annotations

import math

import numpy as np

from robustrad.perturb.likeness import Spectral, spectral, ssim
from robustrad.perturb.noise_estimate import NoiseEstimate, estimate_noise
from robustrad.perturb.sample import Sample
from robustrad.perturb.surface import SurfaceGap, dice, surface_gap

Columns = dict[str, float | str]


def measure(reference: Sample, perturbed: Sample, *, noise: NoiseEstimate | None = None) -> Columns:
    """Return all measures of image and mask by their column names: those of the two functions below."""
    return {**image_strength(reference, perturbed, noise=noise), **mask_strength(reference, perturbed)}


def image_strength(reference: Sample, perturbed: Sample, *, noise: NoiseEstimate | None = None) -> Columns:
    """Return what became of the image, in the reference ROI. The reference against itself gives the zero.

    Parameters
    ----------
    reference, perturbed : Sample
        Before and after. Where the acquisition grid was changed, voxels cannot be compared: all but the noise
        is NaN.
    noise : NoiseEstimate, optional
        That of the perturbed image, where it is known already.

    Returns
    -------
    dict
        ``strength_rmse``: root mean square of the difference, image units;
        ``strength_sd_difference``: its standard deviation, without a change of the mean, image units: of
        added noise, its SD;
        ``strength_difference_frequency``: mean frequency of its power spectrum in-plane, cycles per mm; NaN
        without a difference;
        ``strength_added_fwhm_mm``: FWHM of the Gaussian that leads from one to the other, see
        ``likeness.Spectral``;
        ``strength_ssim``: structural similarity, see ``likeness.ssim``;
        ``strength_noise_sd``: noise found in the perturbed image, image units;
        ``strength_noise_estimator``: how it was found (``hh1``, ``patches``, ``declared``, ``none``).
    """
    if noise is None:
        noise = estimate_noise(perturbed.voxels, modality=perturbed.modality)
    rmse = sd = alike = math.nan
    spectrum = Spectral(math.nan, math.nan)
    if perturbed.grid == reference.grid:
        before, after, mask = reference.voxels, perturbed.voxels, reference.mask
        difference = after[mask] - before[mask]
        rmse, sd = math.sqrt(float(np.mean(difference**2))), float(np.std(difference))
        spectrum = spectral(before, after, mask, spacing_zyx=reference.grid.spacing_zyx)
        alike = ssim(before, after, mask)
    return {
        "strength_rmse": rmse,
        "strength_sd_difference": sd,
        "strength_difference_frequency": spectrum.mean_frequency,
        "strength_added_fwhm_mm": spectrum.added_fwhm_mm,
        "strength_ssim": alike,
        "strength_noise_sd": noise.sd,
        "strength_noise_estimator": noise.estimator,
    }


def mask_strength(reference: Sample, perturbed: Sample) -> Columns:
    """Return what became of the mask. The reference against itself gives Dice 1, 0 mm and ratio 1.

    Parameters
    ----------
    reference, perturbed : Sample
        Before and after, neither mask empty. Where the acquisition grid was changed, Dice and distances are
        NaN, and the volume ratio compares mm^3.

    Returns
    -------
    dict
        ``strength_dice``: overlap;
        ``strength_hd95_mm``: 95 % Hausdorff distance, see ``surface.hd95``;
        ``strength_msd_mm``: mean surface distance, both ways, see ``surface.SurfaceGap``;
        ``strength_volume_ratio``: volume after over volume before.
    """
    overlap, gap = math.nan, SurfaceGap(math.nan, math.nan)
    if perturbed.grid == reference.grid:
        overlap = dice(reference.mask, perturbed.mask)
        gap = surface_gap(reference.mask, perturbed.mask, spacing_zyx=reference.grid.spacing_zyx)
    before, after = (int(sample.mask.sum()) * sample.grid.voxel_volume for sample in (reference, perturbed))
    return {
        "strength_dice": overlap,
        "strength_hd95_mm": gap.hd95,
        "strength_msd_mm": gap.mean,
        "strength_volume_ratio": after / before,
    }
