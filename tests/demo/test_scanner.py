"""The scanner is measured as a physicist would: edge, uniform phantom, calibration phantom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, optimize, special

from robustrad.demo.phantom import FINE_MM, FOLD, SPACING_MM
from robustrad.demo.scanner import FWHM_PER_SD, REFERENCE, Scanner, SiteEffect, acquire, binned, scanner_at

FINE = (80, 80, 80)
QUIET = replace(REFERENCE, noise_sd=0.0)


def scan(activity: NDArray[np.float64], scanner: Scanner, *, seed: int = 0) -> NDArray[np.float64]:
    return acquire(
        activity,
        scanner,
        rng=np.random.default_rng(seed),
        fine_mm=FINE_MM,
        fold=FOLD,
        noise_sd=scanner.noise_sd,
    )


def edge_fwhm(scanner: Scanner) -> float:
    """Fit an edge, averaged over the voxel's box, to a slanted-edge profile; return its FWHM in mm."""
    z, y, x = np.meshgrid(*[FINE_MM * (np.arange(80) - 39.5)] * 3, indexing="ij")
    normal = np.array([0.9, 0.35, 0.25])
    normal /= np.linalg.norm(normal)
    along = normal[0] * x + normal[1] * y + normal[2] * z
    activity = 10.0 * np.clip(0.5 + along / FINE_MM, 0, 1)
    image = scan(activity, scanner)[10:30, 10:30, 10:30].ravel()
    position = binned(along, FOLD)[10:30, 10:30, 10:30].ravel()
    near = np.abs(position) < 20
    sd = optimize.curve_fit(
        lambda p, s: 5 + 5 * special.erf(p / (s * np.sqrt(2))), position[near], image[near], p0=[4.0]
    )[0][0]
    box = SPACING_MM**2 / 12  # variance of the voxel's box along any direction
    return float(np.sqrt(sd**2 - box) * FWHM_PER_SD)


@pytest.mark.parametrize(("site", "effect"), [("A", "psf"), ("B", "psf"), ("B", "noise"), ("B", None)])
def test_psf_measured_on_an_edge(site: str, effect: SiteEffect | None) -> None:
    scanner = scanner_at(site, effect)
    assert edge_fwhm(replace(scanner, noise_sd=0.0)) == pytest.approx(scanner.fwhm_mm, rel=0.03)


def test_a_point_keeps_its_activity_and_spreads_by_the_psf() -> None:
    activity = np.zeros(FINE)
    activity[40, 40, 40] = 1000.0
    image = scan(activity, QUIET)
    axis = SPACING_MM * np.arange(40)
    weight = image.sum(axis=(1, 2)) / image.sum()
    center = (axis * weight).sum()
    variance = ((axis - center) ** 2 * weight).sum()
    blur = (6.0 / FWHM_PER_SD) ** 2
    assert image.sum() * FOLD**3 == pytest.approx(1000.0, rel=1e-6)
    # and each fine voxel moves 1 mm to the center of its image voxel, one way or the other
    assert variance == pytest.approx(blur + 1.0, rel=1e-3)


@pytest.mark.parametrize("suv", [2.0, 8.0])
@pytest.mark.parametrize("effect", [None, "noise"])
def test_noise_grows_with_the_root_of_activity(suv: float, effect: SiteEffect | None) -> None:
    scanner = scanner_at("B", effect)
    image = scan(np.full(FINE, suv), scanner)
    assert image.mean() == pytest.approx(suv, rel=0.01)
    assert image.std() == pytest.approx(scanner.noise_sd * np.sqrt(suv), rel=0.03)


@pytest.mark.parametrize("fwhm", [6.0, 10.0])
def test_noise_has_the_correlation_of_the_psf(fwhm: float) -> None:
    """White noise under a Gaussian of SD s has correlation exp(-d^2 / (4 s^2))."""
    noise = scan(np.full(FINE, 8.0), replace(REFERENCE, fwhm_mm=fwhm)) - 8.0
    measured = np.mean([(noise * np.roll(noise, 1, axis)).mean() for axis in range(3)]) / noise.var()
    expected = np.exp(-(SPACING_MM**2) / (4 * (fwhm / FWHM_PER_SD) ** 2))
    assert measured == pytest.approx(expected, abs=0.04)


def test_calibration_is_a_gain_and_an_offset() -> None:
    activity = np.random.default_rng(0).uniform(1, 10, FINE)
    at_a, at_b = (scan(activity, scanner_at(site, "calibration")) for site in "AB")
    slope, intercept = np.polyfit(at_a.ravel(), at_b.ravel(), 1)
    assert slope == pytest.approx(1.3, abs=1e-9)
    assert intercept == pytest.approx(0.1, abs=1e-9)


def test_no_value_is_negative_and_none_is_lost() -> None:
    image = scan(np.full(FINE, 0.01), replace(REFERENCE, noise_sd=1.0))
    assert image.min() == 0.0
    assert np.isfinite(image).all()


def test_a_small_hot_ball_loses_contrast_to_partial_volume() -> None:
    z, y, x = np.meshgrid(*[FINE_MM * (np.arange(80) - 39.5)] * 3, indexing="ij")
    radius = np.sqrt(x**2 + y**2 + z**2)
    peaks = [scan(1.0 * (radius <= r), QUIET).max() for r in (4.0, 8.0, 20.0)]
    assert peaks[0] < 0.75
    assert peaks[0] < peaks[1] < peaks[2]
    assert peaks[2] == pytest.approx(1.0, abs=0.01)


def test_binning_is_the_mean_of_blocks() -> None:
    values = np.random.default_rng(0).normal(size=(8, 8, 8))
    np.testing.assert_allclose(binned(values, 2), ndimage.uniform_filter(values, 2, origin=-1)[::2, ::2, ::2])


def test_only_site_b_is_changed() -> None:
    effects: tuple[SiteEffect, ...] = ("psf", "noise", "calibration")
    for effect in effects:
        assert scanner_at("A", effect) == REFERENCE
        assert scanner_at("B", effect) != REFERENCE
    assert scanner_at("B", None) == REFERENCE
