"""Likeness of images: structural similarity by its definition; frequencies and widths by closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from robustrad.perturb.likeness import spectral, ssim
from robustrad.perturb.registry import find
from tests.perturb.shapes import ball, sample_of

GaussianBlur = find("gaussian_blur", where="tests")
SHAPE = (24, 100, 100)
MASK = ball(SHAPE, 10.0)
SPACING = (3.0, 1.5, 1.5)  # z, y, x


def textured(seed: int = 0) -> np.ndarray:
    """Texture, a lesion with soft edges, and some noise."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.standard_normal(SHAPE), 1.5)
    return ndimage.gaussian_filter(6.0 * MASK, 1.0) + 20.0 * smooth + 0.3 * rng.standard_normal(SHAPE)


def white(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(SHAPE)


def blurred(image: np.ndarray, fwhm_mm: float) -> np.ndarray:
    sample = sample_of(MASK, image, spacing=SPACING[::-1])
    return GaussianBlur(fwhm_mm=fwhm_mm).apply(sample, np.random.default_rng(0)).voxels


def test_ssim_is_the_mean_of_its_definition_over_the_voxels_of_the_roi():
    before, after, mask = textured(), textured() + 0.8 * white(), ball(SHAPE, 5.0)
    span = np.ptp(before[mask])
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    found = []
    for z, y, x in np.argwhere(mask):
        cube = (slice(z - 3, z + 4), slice(y - 3, y + 4), slice(x - 3, x + 4))
        one, other = (image[cube].ravel() - before[mask].min() for image in (before, after))
        (a, c), (_, b) = np.cov(one, other)
        m, n = one.mean(), other.mean()
        found.append((2 * m * n + c1) * (2 * c + c2) / ((m * m + n * n + c1) * (a + b + c2)))
    np.testing.assert_allclose(ssim(before, after, mask), np.mean(found), rtol=1e-10)


def test_equal_images_are_alike_and_noise_makes_them_less_so():
    image = textured()
    found = [ssim(image, image + sd * white(), MASK) for sd in (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)]
    assert found[0] == 1.0
    assert found == sorted(found, reverse=True)
    assert math.isnan(ssim(np.ones(SHAPE), white(), MASK))


def test_ssim_does_not_depend_on_the_zero_of_the_scale():
    image, other = textured(), textured() + white()
    assert ssim(image - 1000.0, other - 1000.0, MASK) == pytest.approx(ssim(image, other, MASK), rel=1e-9)


def test_mean_frequency_of_white_noise_is_that_of_the_square():
    """The mean distance from the center of a square of side 1 is 0.3826."""
    found = spectral(textured(), textured() + white(), MASK, spacing_zyx=SPACING).mean_frequency
    assert found == pytest.approx(0.38260 / 1.5, rel=0.02)


@pytest.mark.parametrize("fwhm", [4.0, 8.0])
def test_mean_frequency_of_blurred_noise_is_that_of_its_gaussian_spectrum(fwhm):
    """Power exp(-4 pi^2 sigma^2 f^2) in a plane: Rayleigh's law, mean sqrt(pi / 2) / (2 sqrt(2) pi sigma)."""
    noise = blurred(white(), fwhm)
    sigma = fwhm / math.sqrt(8 * math.log(2))
    found = spectral(textured(), textured() + noise, MASK, spacing_zyx=SPACING).mean_frequency
    assert found == pytest.approx(math.sqrt(math.pi / 2) / (2 * math.sqrt(2) * math.pi * sigma), rel=0.06)


@pytest.mark.parametrize("fwhm", [2.0, 3.0, 4.5, 6.0, 9.0])
def test_a_blur_is_measured_whatever_the_scale_and_under_noise(fwhm):
    image = textured()
    after = blurred(image, fwhm)
    for shown in (after, 1.3 * after + 5.0, after + 0.3 * white()):
        found = spectral(image, shown, MASK, spacing_zyx=SPACING)
        assert found.added_fwhm_mm == pytest.approx(fwhm, rel=0.08)


@pytest.mark.parametrize("fwhm", [2.0, 3.0])
def test_sharpening_has_the_negative_width_of_the_blur_that_it_undoes(fwhm):
    image = textured()
    found = spectral(blurred(image, fwhm), image, MASK, spacing_zyx=SPACING)
    assert found.added_fwhm_mm == pytest.approx(-fwhm, rel=0.1)


def test_what_is_no_blur_has_next_to_no_width():
    image = textured()
    assert spectral(image, image, MASK, spacing_zyx=SPACING).added_fwhm_mm == 0.0
    assert math.isnan(spectral(image, image, MASK, spacing_zyx=SPACING).mean_frequency)
    assert abs(spectral(image, 1.2 * image, MASK, spacing_zyx=SPACING).added_fwhm_mm) < 0.05
    assert abs(spectral(image, image + white(), MASK, spacing_zyx=SPACING).added_fwhm_mm) < 0.7


def test_an_image_smaller_than_the_part_is_taken_whole():
    image = textured()[:, 40:60, 40:70]
    mask = MASK[:, 40:60, 40:70]
    found = spectral(image, image + white()[:, 40:60, 40:70], mask, spacing_zyx=SPACING)
    assert found.mean_frequency == pytest.approx(0.38260 / 1.5, rel=0.05)
