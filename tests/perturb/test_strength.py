"""Strength is what was done: added noise, offsets, volumes, distances, in the ROI."""

from __future__ import annotations

import math

import numpy as np
import pytest

from robustrad.perturb.noise_estimate import NoiseEstimate
from robustrad.perturb.strength import image_strength, mask_strength, measure
from tests.perturb.noise_models import white
from tests.perturb.shapes import ball, sample_of

MASK = ball((20, 40, 40), 8.0)
REFERENCE = sample_of(MASK, 5.0 * white(MASK.shape, np.random.default_rng(0)), spacing=(1.0, 1.0, 2.0))


def test_reference_against_itself_is_zero():
    found = measure(REFERENCE, REFERENCE)
    assert list(found) == [
        *("strength_rmse", "strength_sd_difference", "strength_difference_frequency"),
        *("strength_added_fwhm_mm", "strength_ssim", "strength_noise_sd", "strength_noise_estimator"),
        *("strength_dice", "strength_hd95_mm", "strength_msd_mm", "strength_volume_ratio"),
    ]
    assert (found["strength_rmse"], found["strength_sd_difference"]) == (0.0, 0.0)
    assert (found["strength_added_fwhm_mm"], found["strength_ssim"]) == (0.0, 1.0)
    assert math.isnan(found["strength_difference_frequency"])
    assert (found["strength_dice"], found["strength_hd95_mm"], found["strength_volume_ratio"]) == (
        1.0,
        0.0,
        1.0,
    )
    assert found["strength_noise_sd"] == pytest.approx(5.0, rel=0.1)
    assert found["strength_noise_estimator"] == "hh1"


def test_added_noise_is_measured_twice():
    noisy = REFERENCE.with_image(REFERENCE.voxels + 12.0 * white(MASK.shape, np.random.default_rng(1)))
    found = image_strength(REFERENCE, noisy)
    assert found["strength_rmse"] == pytest.approx(12.0, rel=0.1)
    assert found["strength_sd_difference"] == pytest.approx(12.0, rel=0.1)
    assert found["strength_noise_sd"] == pytest.approx(13.0, rel=0.1)


def test_offset_is_rmse_without_sd_and_outside_the_roi_nothing_counts():
    shifted = REFERENCE.with_image(REFERENCE.voxels + np.where(MASK, 3.0, 100.0))
    found = image_strength(REFERENCE, shifted)
    assert found["strength_rmse"] == pytest.approx(3.0)
    assert found["strength_sd_difference"] == pytest.approx(0.0, abs=1e-12)


def test_known_noise_is_not_estimated_again():
    found = image_strength(REFERENCE, REFERENCE, noise=NoiseEstimate(7.5, "declared"))
    assert (found["strength_noise_sd"], found["strength_noise_estimator"]) == (7.5, "declared")


def test_half_the_mask_in_mm():
    half = MASK.copy()
    half[10:] = False
    found = mask_strength(REFERENCE, REFERENCE.with_mask(half))
    ratio = half.sum() / MASK.sum()
    assert found["strength_volume_ratio"] == pytest.approx(ratio)
    assert found["strength_dice"] == pytest.approx(2 * ratio / (1 + ratio))
    assert found["strength_hd95_mm"] > 10.0


def test_changed_acquisition_grid_leaves_only_the_volume():
    coarse = REFERENCE.grid.with_spacing((2.0, 2.0, 4.0), (20, 20, 10))
    other = REFERENCE.with_image(REFERENCE.voxels[::2, ::2, ::2], grid=coarse).with_mask(MASK[::2, ::2, ::2])
    found = measure(REFERENCE, other)
    for name in ("rmse", "sd_difference", "ssim", "added_fwhm_mm", "dice", "hd95_mm", "msd_mm"):
        assert math.isnan(found[f"strength_{name}"])
    assert found["strength_volume_ratio"] == pytest.approx(8 * MASK[::2, ::2, ::2].sum() / MASK.sum())
