from __future__ import annotations

import math

import numpy as np
import pytest
from robustrad.perturbations.pet.edges import PetEdges
from scipy.integrate import quad
from scipy.special import erf

from tests.perturb_pet.phantoms import FWHM_PER_SD, applied, blurred_ball, pet

FWHM = 8.0
SIGMA = FWHM / FWHM_PER_SD
TABLE = {0.3: (2, 1), 0.1: (4, 25), 0.03: (6, 40), 0.01: (7, 38)}
"""Overshoot in percent that the docstring tells: straight edge, ball of 2 FWHM."""


def recovery(frequency: float, regularization: float) -> float:
    """Transfer of blur and inverse together: (1 + r) H^2 / (H^2 + r)."""
    squared = math.exp(-((2.0 * math.pi * SIGMA * frequency) ** 2))
    return (1.0 + regularization) * squared / (squared + regularization)


def edge_at(place: float, regularization: float) -> float:
    """Exact response to a step from 0 to 1 at ``place`` mm behind it."""

    def wave(frequency: float) -> float:
        sine = math.sin(2.0 * math.pi * frequency * place) / (math.pi * frequency)
        return recovery(frequency, regularization) * sine

    return 0.5 + quad(wave, 1e-9, 0.6, limit=400)[0]


def ball_center(radius: float, regularization: float) -> float:
    """Exact value in the middle of a ball of 1 in 0."""

    def shell(frequency: float) -> float:
        turn = 2.0 * math.pi * frequency * radius
        transform = (math.sin(turn) - turn * math.cos(turn)) / (2.0 * math.pi**2 * frequency**3)
        return recovery(frequency, regularization) * transform * 4.0 * math.pi * frequency**2

    return quad(shell, 1e-6, 0.6, limit=400)[0]


@pytest.mark.parametrize("regularization", TABLE)
def test_a_straight_edge_overshoots_as_computed_and_as_documented(regularization):
    places = np.arange(256) - 127.5
    edge = 1.0 + 4.0 * 0.5 * (1.0 + erf(places / (SIGMA * math.sqrt(2.0))))
    image = pet(np.broadcast_to(edge, (2, 2, 256)), (1.0, 1.0, 1.0))
    after = applied(PetEdges(psf_fwhm_mm=FWHM, regularization=regularization), image).voxels[0, 0]
    for place in (-6.5, -0.5, 2.5, 7.5, 15.5):
        exact = 1.0 + 4.0 * edge_at(place, regularization)
        assert after[int(place + 127.5)] == pytest.approx(exact, abs=0.01)
    over, under = (after.max() - 5.0) / 4.0, (1.0 - after.min()) / 4.0
    assert over == pytest.approx(under, rel=0.01)
    assert 100.0 * over == pytest.approx(TABLE[regularization][0], abs=0.7)
    assert over < 0.0895  # Gibbs' own: a sharp limit


@pytest.mark.parametrize("regularization", TABLE)
def test_the_middle_of_a_small_ball_overshoots_as_computed_and_as_documented(regularization):
    axis = np.arange(80) - 40.0
    distance = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    image = pet(1.0 + 4.0 * blurred_ball(FWHM, SIGMA, distance), (1.0, 1.0, 1.0))
    after = applied(PetEdges(psf_fwhm_mm=FWHM, regularization=regularization), image).voxels
    contrast = (after[40, 40, 40] - 1.0) / 4.0
    assert contrast == pytest.approx(ball_center(FWHM, regularization), abs=0.01)
    assert 100.0 * (contrast - 1.0) == pytest.approx(TABLE[regularization][1], abs=0.7)


def test_every_frequency_gets_the_declared_response_on_anisotropic_voxels():
    count, spacing = 24, (2.0, 3.0, 4.0)
    operator = PetEdges(psf_fwhm_mm=7.0, regularization=0.05, amount=0.6)
    for modes in ((0, 0, 5), (0, 7, 0), (3, 0, 0), (4, 9, 2)):
        waves = [np.cos(np.pi * k * (np.arange(count) + 0.5) / count) for k in modes]
        image = np.einsum("i,j,k->ijk", *waves)
        f2 = sum((k / (2.0 * count * step)) ** 2 for k, step in zip(modes, spacing[::-1], strict=True))
        blur = math.exp(-2.0 * math.pi**2 * (7.0 / FWHM_PER_SD) ** 2 * f2)
        gain = 1.0 + 0.6 * (1.05 * blur / (blur**2 + 0.05) - 1.0)
        after = applied(operator, pet(10.0 + image, spacing)).voxels
        np.testing.assert_allclose(after, 10.0 + gain * image, atol=1e-12)


def test_amount_goes_straight_from_the_image_to_the_full_inverse_and_keeps_the_mean():
    image = pet(np.random.default_rng(2).gamma(2.0, size=(10, 12, 14)), (4.0, 4.0, 4.0))
    full = applied(PetEdges(psf_fwhm_mm=6.0), image).voxels
    part = applied(PetEdges(psf_fwhm_mm=6.0, amount=0.25), image).voxels
    np.testing.assert_allclose(part, 0.75 * image.voxels + 0.25 * full, atol=1e-12)
    assert full.mean() == pytest.approx(image.voxels.mean(), rel=1e-12)


def test_no_psf_and_no_amount_change_nothing():
    image = pet(np.random.default_rng(2).gamma(2.0, size=(4, 5, 6)))
    assert applied(PetEdges(psf_fwhm_mm=0.0), image) is image
    assert applied(PetEdges(psf_fwhm_mm=6.0, amount=0.0), image) is image
