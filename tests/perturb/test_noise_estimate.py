"""The noise estimate finds the truth within 10 %: white, correlated, ramp; flat and structured images."""

from __future__ import annotations

import math

import numpy as np
import pytest

from robustrad.perturb.noise_estimate import estimate_noise
from robustrad.perturb.noise_patches import in_windows
from tests.perturb.noise_models import NOISES, anatomy, ramp, smooth, white

SD = 10.0
FLAT, MILD, STRONG, EDGES = (0.0, 0.0), (50.0, 12.5), (200.0, 50.0), (1000.0, 30.0)
"""Contrast of organs and SD of the smooth variation, at a noise SD of 10."""


def error(noise, shape, background, seed, offset=40.0):
    rng = np.random.default_rng(seed)
    voxels = SD * NOISES[noise](shape, rng) + offset
    if any(background):
        voxels += anatomy(shape, rng, edges=background[0], variation=background[1])
    return estimate_noise(voxels, modality="CT").sd / SD - 1.0


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("background", [FLAT, MILD, STRONG, EDGES], ids=["flat", "mild", "strong", "edges"])
def test_within_ten_percent_in_a_small_image(noise, background):
    errors = [error(noise, (40, 40, 40), background, seed) for seed in range(3)]
    assert np.abs(errors).max() < 0.10, errors


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("background", [FLAT, STRONG], ids=["flat", "strong"])
def test_within_ten_percent_in_few_slices(noise, background):
    assert abs(error(noise, (3, 192, 192), background, 0)) < 0.10


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(
    ("shape", "seeds"),
    [((40, 40, 40), 10), ((3, 256, 256), 5), ((24, 160, 160), 5), ((40, 512, 512), 1)],
    ids=str,
)
def test_within_ten_percent_over_sizes_backgrounds_and_seeds(noise, shape, seeds):
    for background in (FLAT, MILD, STRONG, EDGES):
        errors = [error(noise, shape, background, seed) for seed in range(seeds)]
        print(
            f"{shape} {noise:16} {background} mean {np.mean(errors):+.3f} worst {max(errors, key=abs):+.3f}"
        )
        assert np.abs(errors).max() < 0.10, (background, errors)


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISES)
def test_small_crops_are_unbiased_and_scatter_more(noise):
    """32,000 voxels of smooth noise are too few for 10 % each time: no bias, and a scatter that is known."""
    for background in (FLAT, MILD, STRONG, EDGES):
        errors = [error(noise, (10, 80, 40), background, seed) for seed in range(10)]
        print(f"{noise:16} {background} mean {np.mean(errors):+.3f} worst {max(errors, key=abs):+.3f}")
        assert abs(np.mean(errors)) < 0.05, (background, errors)
        assert np.sqrt(np.mean(np.square(errors))) < 0.08, (background, errors)


def test_white_noise_is_read_from_wavelets_and_correlated_noise_from_patches():
    rng = np.random.default_rng(1)
    plain = estimate_noise(white((12, 96, 96), rng))
    assert plain.estimator == "hh1"
    assert plain.autocorrelation < 0.1
    blurred = estimate_noise(smooth((12, 96, 96), rng, fwhm=2.0))
    assert blurred.estimator == "patches"
    # Of a Gaussian of SD s the autocorrelation at one pixel is exp(-1 / (4 s^2)).
    assert blurred.autocorrelation == pytest.approx(math.exp(-2 * math.log(2) / 2**2), abs=0.03)


def test_wavelets_alone_would_miss_correlated_noise_by_far():
    """Why patches are there: with the threshold wide open the estimate is 20 % of the truth."""
    from robustrad.perturb import noise_estimate

    voxels = smooth((12, 96, 96), np.random.default_rng(0), fwhm=2.0)
    raw = np.median(np.abs(noise_estimate._hh1(voxels, None))) / 0.6745
    assert raw == pytest.approx(0.2, abs=0.05)
    assert estimate_noise(voxels).sd == pytest.approx(1.0, rel=0.1)


def test_scale_and_offset_carry_over():
    voxels = ramp((8, 96, 96), np.random.default_rng(2))
    one = estimate_noise(voxels)
    other = estimate_noise(250.0 * voxels - 3000.0)
    assert other.sd == pytest.approx(250.0 * one.sd, rel=1e-9)
    assert (other.estimator, other.n) == (one.estimator, one.n)


def test_declared_noise_overrides():
    found = estimate_noise(np.zeros((4, 20, 20)), declared=12.5)
    assert found == (12.5, "declared", pytest.approx(math.nan, nan_ok=True), 0, "image", 0)


@pytest.mark.parametrize("modality", ["CT", "PT", "MR"])
def test_tissue_counts_and_air_does_not(modality):
    """A body with noise 10 in air with noise 2 (CT: -1000 HU; else about 0): most voxels are air."""
    rng = np.random.default_rng(3)
    shape = (20, 96, 96)
    y, x = np.ogrid[:96, :96]
    body = np.broadcast_to((y - 48) ** 2 + (x - 48) ** 2 < 28**2, shape)
    inside, outside = (40.0, -1000.0) if modality == "CT" else (100.0, 0.0)
    noise = smooth(shape, rng, fwhm=1.5)
    voxels = np.where(body, inside + 10.0 * noise, outside + np.abs(2.0 * noise))
    assert body.mean() < 0.3
    found = estimate_noise(voxels, modality=modality)
    assert found.region == "tissue"
    assert found.sd == pytest.approx(10.0, rel=0.1)


def test_body_mask_says_where_to_look():
    rng = np.random.default_rng(4)
    body = np.zeros((10, 80, 80), dtype=bool)
    body[:, :, 40:] = True
    voxels = smooth(body.shape, rng, fwhm=2.0) * np.where(body, 10.0, 1.0)
    found = estimate_noise(voxels, body=body)
    assert found.region == "body mask"
    assert found.sd == pytest.approx(10.0, rel=0.1)


@pytest.mark.parametrize("padding", [0.0, -7.3])
@pytest.mark.parametrize("noise", ["white", "fwhm 2.0", "ramp hann"])
def test_padding_is_not_noise(noise, padding):
    voxels = np.full((16, 120, 120), padding)
    voxels[:, 40:80, 20:100] = 5.0 * NOISES[noise]((16, 40, 80), np.random.default_rng(5))
    assert estimate_noise(voxels).sd == pytest.approx(5.0, rel=0.1)


@pytest.mark.parametrize("size", [(40, 41), (41, 40), (9, 90)], ids=str)
def test_odd_and_narrow_images(size):
    shape = (30, *size)
    body = np.ones(shape, dtype=bool)
    body[:, :, -3:] = False
    voxels = np.where(body, 5.0 * white(shape, np.random.default_rng(6)), 1000.0)
    assert estimate_noise(voxels, body=body).sd == pytest.approx(5.0, rel=0.1)


@pytest.mark.parametrize(
    "voxels", [np.zeros((4, 40, 40)), np.arange(216.0).reshape(6, 6, 6)], ids=["constant", "tiny"]
)
def test_what_cannot_be_estimated_is_nan(voxels):
    found = estimate_noise(voxels)
    assert math.isnan(found.sd)
    assert found.estimator == "none"


def test_same_image_gives_the_same_estimate():
    voxels = ramp((6, 80, 80), np.random.default_rng(6))
    assert estimate_noise(voxels) == estimate_noise(voxels.copy())


@pytest.mark.parametrize(("size", "step"), [(1, 1), (5, 2), (6, 2), (8, 4), (12, 6)])
def test_windows_are_counted_as_numpys_sliding_ones(size: int, step: int) -> None:
    mask = np.random.default_rng(size).random((3, 25, 31)) < 0.8
    windows = np.lib.stride_tricks.sliding_window_view(mask, (size, size), axis=(1, 2))[:, ::step, ::step]
    np.testing.assert_array_equal(in_windows(mask, size, step), windows.sum(axis=(3, 4)))
