from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError
from robustrad.perturbations.ct.attenuation import WATER_PER_MM
from robustrad.perturbations.ct.dose import CtDose
from robustrad.perturbations.ct.kernels import CUTOFF_PER_MM, SAMPLES, noise_spectrum

from robustrad.core.geometry import Grid
from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.sample import Sample
from tests.perturb_ct.phantoms import model_spectrum, radial_spectrum, radius_map, water

RADIUS = radius_map(240, 0.9)


@pytest.fixture(scope="module")
def phantom() -> Sample:
    return water(slices=4)


def added(sample: Sample, operator: CtDose, seed: int) -> np.ndarray:
    result = apply(operator, sample, np.random.default_rng(seed))
    assert isinstance(result, Sample)
    return result.voxels - sample.voxels


def ring_sd(noise: np.ndarray, low: float, high: float) -> float:
    return float(noise[:, (low <= RADIUS) & (high > RADIUS)].std())


def full_dose_sd(i0: float, radius: float, *, electronic_sd: float = 0.0) -> float:
    """SD in HU at ``radius`` of 20 cm of water: closed form of parallel-beam filtered back-projection."""
    angle = (np.arange(2000) + 0.5) * np.pi / 2000
    path = WATER_PER_MM * 2.0 * np.sqrt(100.0**2 - (radius * np.cos(angle)) ** 2)
    quanta = i0 * np.exp(-path)
    variance = float(np.mean(1.0 / quanta + (electronic_sd / quanta) ** 2))
    f = np.linspace(0.0, CUTOFF_PER_MM, 4001)
    integral = 2.0 * np.trapezoid(f * noise_spectrum("standard", f), f)
    detector, views = 540.0 / 950.0, 1000
    return 1000.0 / WATER_PER_MM * math.pi * math.sqrt(variance * integral * detector / views)


def full_dose_disk(i0: float, radius: float) -> float:
    """SD in HU over the disk within ``radius``."""
    radii = radius * np.sqrt((np.arange(20) + 0.5) / 20.0)
    return math.sqrt(np.mean([full_dose_sd(i0, float(r)) ** 2 for r in radii]))


@pytest.mark.parametrize(("fraction", "seed"), [(0.5, 1), (0.25, 2), (0.1, 3)])
def test_noise_follows_the_square_root_law_and_keeps_the_mean(phantom, fraction, seed):
    noise = added(phantom, CtDose(fraction=fraction, i0=1e6), seed)
    expected = full_dose_disk(1e6, 40.0) * math.sqrt(1.0 / fraction - 1.0)
    assert ring_sd(noise, 0.0, 40.0) == pytest.approx(expected, rel=0.05)
    assert abs(noise[:, RADIUS < 95.0].mean()) < 0.5
    assert abs(noise[:, RADIUS < 30.0].mean()) < 0.5


def test_noise_rises_towards_the_center_as_the_attenuation_of_its_rays(phantom):
    noise = added(phantom, CtDose(fraction=0.5, i0=1e6), 4)
    for radius in (10.0, 50.0, 70.0, 90.0):
        measured = ring_sd(noise, radius - 5.0, radius + 5.0)
        assert measured == pytest.approx(full_dose_sd(1e6, radius), rel=0.06)
    assert full_dose_sd(1e6, 0.0) / full_dose_sd(1e6, 90.0) > 1.3


def test_electronic_noise_follows_the_two_term_law(phantom):
    operator = CtDose(fraction=0.1, i0=2.5e5, electronic_sd=10.0)
    noise = added(phantom, operator, 5)
    quantum = full_dose_sd(2.5e5, 0.0)
    quanta = 2.5e5 * math.exp(-WATER_PER_MM * 200.0)
    law = math.sqrt(9.0 + 99.0 * 100.0 / quanta)
    assert law == pytest.approx(3.28, abs=0.01)
    assert ring_sd(noise, 0.0, 15.0) / quantum == pytest.approx(law, rel=0.05)


@pytest.mark.parametrize("kernel", SAMPLES)
def test_spectrum_has_the_rise_of_the_ramp_and_the_fall_of_the_kernel(kernel):
    sample = water(count=190, pixel_mm=0.7, diameter_mm=120.0)
    noise = added(sample, CtDose(fraction=0.5, i0=1e6, kernel=kernel), 6)
    frequency, power = radial_spectrum(noise, 0.7)
    assert np.corrcoef(power, model_spectrum(kernel, 0.7))[0, 1] > 0.95
    peak = frequency[np.argmax(power)]
    f = np.linspace(0.0, 0.5 / 0.7, 1000)
    assert peak == pytest.approx(f[np.argmax(noise_spectrum(kernel, f))], abs=0.12)
    assert power[0] < 0.25 * power.max()


def test_slices_are_independent_unless_they_overlap():
    sample = water(count=120, pixel_mm=1.8, slices=20)
    for thickness, expected in ((None, 0.0), (6.0, 0.5)):
        operator = CtDose(fraction=0.5, i0=1e6, slice_thickness_mm=thickness)
        noise = added(sample, operator, 7)[:, sample.mask[0]]
        correlation = np.mean(noise[1:] * noise[:-1]) / np.mean(noise**2)
        assert correlation == pytest.approx(expected, abs=0.05)
        assert noise.std() == pytest.approx(full_dose_sd(1e6, 0.0), rel=0.06)


def test_levels_share_one_noise_field(phantom):
    mild = added(phantom, CtDose(fraction=0.5, i0=1e6), 8)
    strong = added(phantom, CtDose(fraction=0.2, i0=1e6), 8)
    np.testing.assert_allclose(strong, 2.0 * mild, atol=0.01)


@pytest.mark.parametrize("electronic_sd", [0.0, 30.0])
def test_declared_noise_is_what_the_simulated_full_dose_has(phantom, electronic_sd):
    operator = CtDose(fraction=0.5, declared_noise_sd=12.0, electronic_sd=electronic_sd)
    i0 = operator.calibrate(phantom, np.random.default_rng(0)).i0
    radii = np.sqrt((np.arange(200) + 0.5) / 200.0) * 99.9
    tissue = [full_dose_sd(i0, float(radius), electronic_sd=electronic_sd) for radius in radii]
    assert np.median(tissue) == pytest.approx(12.0, rel=0.02)


def test_full_dose_noise_is_found_in_a_noisy_scan(phantom):
    noisy = phantom.with_image(phantom.voxels + added(phantom, CtDose(fraction=0.5, i0=1e6), 9))
    i0 = CtDose(fraction=0.5).calibrate(noisy, np.random.default_rng(0)).i0
    assert i0 is not None
    assert math.sqrt(1e6 / i0) == pytest.approx(1.0, abs=0.1)


def test_full_dose_changes_nothing_and_needs_nothing_to_be_known():
    cropped = water(count=60, slices=1)
    operator = CtDose(fraction=1.0).calibrate(cropped, np.random.default_rng(0))
    assert operator == CtDose(fraction=1.0)
    assert apply(operator, cropped, np.random.default_rng(0)) is cropped


def test_a_cropped_body_is_skipped_with_what_to_declare():
    cropped = water(count=100, slices=1)
    skipped = apply(CtDose(fraction=0.5, i0=1e6), cropped, np.random.default_rng(0))
    assert isinstance(skipped, Skipped)
    assert "give body_diameter_mm" in skipped.reason
    operator = CtDose(fraction=0.5, i0=1e6, body_diameter_mm=200.0)
    noise = added(cropped, operator, 10)
    center = radius_map(100, 0.9) < 30.0
    assert noise[:, center].std() == pytest.approx(full_dose_sd(1e6, 0.0), rel=0.1)


def test_photon_starvation_is_skipped(phantom):
    reason = CtDose(fraction=0.01, i0=2e4).skip(phantom)
    assert reason is not None
    assert reason.startswith("photon starvation")
    assert CtDose(fraction=0.5, i0=1e6).skip(phantom) is None


def test_unknown_noise_is_skipped_with_what_to_declare():
    empty = Sample(
        np.full((2, 40, 40), -1000.0), np.ones((2, 40, 40), bool), Grid((40, 40, 2), (1, 1, 1)), "CT"
    )
    operator = CtDose(fraction=0.5).calibrate(empty, np.random.default_rng(0))
    assert "give declared_noise_sd or i0" in (operator.skip(empty) or "")
    with pytest.raises(ValueError, match="calibrated"):
        operator.apply(empty, np.random.default_rng(0))


@pytest.mark.parametrize("wrong", [{"fraction": 0.0}, {"fraction": 1.5}, {"fraction": 0.5, "kernel": "B30f"}])
def test_impossible_scalars_are_refused(wrong):
    with pytest.raises(ValidationError):
        CtDose(**wrong)
