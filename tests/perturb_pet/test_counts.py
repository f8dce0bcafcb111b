from __future__ import annotations

import math

import numpy as np
import pytest
from robustrad.perturbations.pet.counts import PetCounts, blurred_sd, gamma_factors
from scipy import stats

from robustrad.perturb.noise_estimate import estimate_noise
from tests.perturb_pet.phantoms import FWHM_PER_SD, applied, pet

LEVELS = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 16.0])
SPACING = (4.0, 4.0, 3.0)


def steps() -> np.ndarray:
    """Return slabs of even uptake along z, one for each of LEVELS."""
    return np.repeat(LEVELS, 6)[:, None, None] * np.ones((1, 40, 40))


def slabs(voxels: np.ndarray) -> np.ndarray:
    """Return the voxels by level, (level, n)."""
    return voxels.reshape(len(LEVELS), -1)


def draws(operator: PetCounts, image: np.ndarray, count: int) -> np.ndarray:
    sample = pet(image, SPACING)
    return np.stack([applied(operator, sample, seed).voxels for seed in range(count)])


@pytest.mark.parametrize("exponent", [1.0, 1.5, 2.0])
def test_variance_follows_the_mean_with_the_exponent(exponent):
    operator = PetCounts(fraction=0.5, cov_at_suv1=0.15, variance_exponent=exponent)
    variances = np.mean([slabs(d).var(axis=1) for d in draws(operator, steps(), 8)], axis=0)
    slope, intercept = np.polyfit(np.log(LEVELS), np.log(variances), 1)
    assert slope == pytest.approx(exponent, rel=0.05)
    assert math.exp(intercept) == pytest.approx(0.15**2, rel=0.05)  # at SUV 1 and half of the counts


@pytest.mark.parametrize("exponent", [1.0, 2.0])
@pytest.mark.parametrize("fraction", [0.8, 0.5, 0.25, 0.1])
def test_added_variance_follows_the_counts_that_are_left(fraction, exponent):
    operator = PetCounts(fraction=fraction, cov_at_suv1=0.1, variance_exponent=exponent)
    found = draws(operator, np.full((30, 40, 40), 3.0), 6)
    expected = 0.1**2 * 3.0**exponent * (1.0 / fraction - 1.0)
    assert np.mean((found - 3.0) ** 2) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_the_mean_of_every_region_stays(exponent):
    operator = PetCounts(fraction=0.5, cov_at_suv1=0.15, variance_exponent=exponent)
    means = slabs(draws(operator, steps(), 16).mean(axis=0)).mean(axis=1)
    np.testing.assert_allclose(means, LEVELS, rtol=0.005)


@pytest.mark.parametrize("shape", [0.3, 1.0, 10.0, 1000.0])
def test_factors_obey_the_gamma_law(shape):
    """Against scipy's own quantiles, ranks kept; mean 1 and variance 1 / shape by quadrature."""
    ranks = (np.arange(200_000) + 0.5) / 200_000
    normal = stats.norm.ppf(ranks)
    found = gamma_factors(normal, np.full_like(normal, shape))
    inner = slice(200, -200)
    np.testing.assert_allclose(
        found[inner], stats.gamma.ppf(ranks[inner], shape, scale=1.0 / shape), rtol=0.01, atol=1e-5
    )
    assert found.mean() == pytest.approx(1.0, abs=5e-4)
    assert found.var() == pytest.approx(1.0 / shape, rel=5e-3)


def test_factors_of_many_shapes_at_once_are_those_of_each_alone():
    normal = np.tile(np.linspace(-3.0, 3.0, 61), 40)
    shapes = np.repeat(np.geomspace(0.3, 3000.0, 40), 61)
    together = gamma_factors(normal, shapes)
    alone = stats.gamma.ppf(stats.norm.cdf(normal), shapes, scale=1.0 / shapes)
    np.testing.assert_allclose(together, alone, rtol=0.002, atol=5e-4)


def test_nothing_turns_negative_and_nothing_is_clipped_even_at_few_counts():
    operator = PetCounts(fraction=0.02, cov_at_suv1=0.2, variance_exponent=1.0)
    found = draws(operator, np.full((20, 30, 30), 1.0), 12)  # shape 0.51: strongly skewed
    assert found.min() >= 0.0
    assert found.mean() == pytest.approx(1.0, abs=0.02)
    assert found.var() == pytest.approx(0.04 * 49.0, rel=0.07)
    signed = draws(PetCounts(fraction=0.5, cov_at_suv1=0.1), np.full((8, 9, 10), -2.0), 1)
    assert signed.max() < 0.0


@pytest.mark.parametrize("fwhm", [0.0, 5.0, 8.0])
def test_noise_is_correlated_by_the_point_spread_function(fwhm):
    """White noise through a Gaussian of sigma has the autocorrelation exp(-d^2 / (4 sigma^2))."""
    operator = PetCounts(fraction=0.5, cov_at_suv1=0.05, psf_fwhm_mm=fwhm)
    noise = draws(operator, np.full((40, 48, 48), 5.0), 3) - 5.0
    for axis, step in ((1, 3.0), (2, 4.0), (3, 4.0)):
        size = noise.shape[axis]
        one, other = noise.take(range(size - 1), axis), noise.take(range(1, size), axis)
        found = float(np.mean(one * other) / np.mean(noise**2))
        frequency = np.linspace(0.0, 0.5, 2001)
        power = np.exp(-((2.0 * np.pi * fwhm / FWHM_PER_SD / step * frequency) ** 2))
        expected = np.trapezoid(power * np.cos(2.0 * np.pi * frequency), frequency)
        expected /= np.trapezoid(power, frequency)
        assert found == pytest.approx(expected, abs=0.03)


def test_noise_at_the_borders_is_as_strong_as_inside():
    noise = draws(PetCounts(fraction=0.5, cov_at_suv1=0.1, psf_fwhm_mm=8.0), np.ones((8, 40, 40)), 40) - 1.0
    sd = noise.std(axis=(0, 2, 3))
    np.testing.assert_allclose(sd, 0.1, rtol=0.06)
    assert blurred_sd(40, 1.5)[0] > 1.3 * blurred_sd(40, 1.5)[20]  # what is divided out


def test_units_of_activity_give_the_same_noise():
    image = steps()[:, :6, :6]
    suv = draws(PetCounts(fraction=0.5, cov_at_suv1=0.1, variance_exponent=1.0), image, 1)
    scaled = PetCounts(fraction=0.5, cov_at_suv1=0.1, variance_exponent=1.0, suv_unit=5000.0)
    np.testing.assert_allclose(draws(scaled, image * 5000.0, 1), suv * 5000.0, rtol=1e-9)


def test_total_noise_is_that_of_the_fraction_of_the_counts():
    """A noisy image of cov c, read back by the project's own estimate: c sqrt(1 / d) in all."""
    rng = np.random.default_rng(5)
    noisy = 4.0 * (1.0 + 0.1 * rng.standard_normal((24, 64, 64)))
    operator = PetCounts(fraction=0.25, cov_at_suv1=0.1, psf_fwhm_mm=0.0)
    after = applied(operator, pet(noisy, SPACING))
    assert estimate_noise(after.voxels, modality="PT").sd == pytest.approx(4.0 * 0.1 * 2.0, rel=0.05)


def test_fewer_counts_share_one_noise_field():
    image = steps()[:, :8, :8]
    mild, strong = (
        draws(PetCounts(fraction=fraction, cov_at_suv1=0.1), image, 1) - image for fraction in (0.8, 0.25)
    )
    assert np.corrcoef(mild.ravel(), strong.ravel())[0, 1] > 0.95


def test_all_counts_change_nothing():
    sample = pet(steps(), SPACING)
    assert applied(PetCounts(fraction=1.0, cov_at_suv1=0.1), sample) is sample
