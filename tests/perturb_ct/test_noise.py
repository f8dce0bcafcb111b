from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from robustrad.perturbations.ct.attenuation import WATER_PER_MM
from robustrad.perturbations.ct.kernels import SAMPLES
from robustrad.perturbations.ct.noise import CtNoise
from robustrad.perturbations.ct.zcorrelation import slice_taps

from robustrad.core.geometry import Grid
from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.sample import Sample
from tests.perturb_ct.phantoms import model_spectrum, radial_spectrum, radius_map, water


def added(sample: Sample, operator: CtNoise, seed: int) -> np.ndarray:
    result = apply(operator, sample, np.random.default_rng(seed))
    assert isinstance(result, Sample)
    return result.voxels - sample.voxels


@pytest.mark.parametrize("pixel", [0.5, 0.98])
@pytest.mark.parametrize("kernel", SAMPLES)
def test_spectrum_is_ramp_times_apodization(kernel, pixel):
    sample = water(count=128, slices=24, pixel_mm=pixel, diameter_mm=1000.0)
    noise = added(sample, CtNoise(sd=10.0, kernel=kernel, local_sd="uniform"), 1)
    frequency, power = radial_spectrum(noise, pixel)
    model = model_spectrum(kernel, pixel)
    assert np.corrcoef(power, model)[0, 1] > 0.95
    assert power[0] < 0.25 * power.max()
    assert frequency[np.argmax(power)] == pytest.approx(frequency[np.argmax(model)], abs=0.1)


def test_uniform_noise_has_the_sd_asked_for_and_no_mean():
    sample = water(count=128, slices=16, diameter_mm=1000.0)
    noise = added(sample, CtNoise(sd=7.0, local_sd="uniform"), 2)
    assert noise.std() == pytest.approx(7.0, rel=0.01)
    assert abs(noise.mean()) < 0.05


def test_projected_noise_rises_towards_the_center_and_has_the_sd_in_the_middle_of_tissue():
    sample = water(count=160, pixel_mm=1.35, slices=30)
    noise = added(sample, CtNoise(sd=10.0), 3)
    radius = radius_map(160, 1.35)

    def model(at: float) -> float:
        angle = (np.arange(2000) + 0.5) * np.pi / 2000
        path = WATER_PER_MM * 2.0 * np.sqrt(100.0**2 - (at * np.cos(angle)) ** 2)
        return float(np.sqrt(np.mean(np.exp(path))))

    middle = np.median([model(float(r)) for r in 99.9 * np.sqrt((np.arange(100) + 0.5) / 100)])
    for at in (10.0, 50.0, 70.0, 90.0):
        ring = (radius > at - 6.0) & (radius < at + 6.0)
        assert noise[:, ring].std() == pytest.approx(10.0 * model(at) / middle, rel=0.04)


@pytest.mark.parametrize(("thickness", "expected"), [(1.0, 0.0), (2.0, 0.0), (3.0, 1 / 3), (5.0, 0.6)])
def test_neighboring_slices_share_what_their_thickness_overlaps(thickness, expected):
    sample = water(count=96, slices=60, slice_mm=2.0, diameter_mm=1000.0)
    noise = added(sample, CtNoise(sd=10.0, slice_thickness_mm=thickness, local_sd="uniform"), 4)
    assert np.mean(noise[1:] * noise[:-1]) / 100.0 == pytest.approx(expected, abs=0.02)
    assert noise.std() == pytest.approx(10.0, rel=0.02)


def test_slice_weights_make_a_triangular_correlation():
    taps = slice_taps(4.0, 1.0)
    correlation = np.correlate(taps, taps, "full")[len(taps) - 1 :]
    np.testing.assert_allclose(correlation[:5], [1.0, 0.75, 0.5, 0.25, 0.0], atol=2e-3)


def test_relative_sd_counts_in_multiples_of_the_images_noise():
    sample = water(count=64, slices=2, diameter_mm=1000.0)
    operator = CtNoise(relative_sd=0.5, declared_noise_sd=8.0, kernel="bone", local_sd="uniform")
    calibrated = operator.calibrate(sample, np.random.default_rng(0))
    assert calibrated == CtNoise(sd=4.0, kernel="bone", local_sd="uniform")
    noisy = sample.with_image(sample.voxels + added(sample, CtNoise(sd=8.0, local_sd="uniform"), 5))
    found = CtNoise(relative_sd=1.0, local_sd="uniform").calibrate(noisy, np.random.default_rng(0)).sd
    assert found == pytest.approx(8.0, rel=0.12)


def test_zero_changes_nothing_and_needs_nothing_to_be_known():
    cropped = water(count=60, slices=1)
    for operator in (CtNoise(sd=0.0), CtNoise(relative_sd=0.0).calibrate(cropped, np.random.default_rng(0))):
        assert apply(operator, cropped, np.random.default_rng(0)) is cropped


def test_what_is_unknown_is_skipped_with_what_to_declare():
    cropped = water(count=60, slices=1)
    skipped = apply(CtNoise(sd=5.0), cropped, np.random.default_rng(0))
    assert isinstance(skipped, Skipped)
    assert "give body_diameter_mm or local_sd: uniform" in skipped.reason
    assert CtNoise(sd=5.0, body_diameter_mm=200.0).skip(cropped) is None
    empty = Sample(np.zeros((2, 40, 40)), np.ones((2, 40, 40), bool), Grid((40, 40, 2), (1, 1, 1)), "CT")
    assert "declared_noise_sd" in (CtNoise(relative_sd=1.0).skip(empty) or "")


@pytest.mark.parametrize(
    "wrong", [{}, {"sd": 1.0, "relative_sd": 1.0}, {"sd": 1.0, "declared_noise_sd": 2.0}]
)
def test_sd_is_declared_once(wrong):
    with pytest.raises(ValidationError):
        CtNoise(**wrong)
