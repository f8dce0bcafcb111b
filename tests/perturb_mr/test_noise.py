from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError
from robustrad.perturbations.mr.noise import RicianNoise

from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.sample import Sample
from tests.perturb_mr.phantoms import body


def noisy(sample: Sample, operator: RicianNoise, seed: int = 0) -> Sample:
    result = apply(operator, sample, np.random.default_rng(seed))
    assert isinstance(result, Sample)
    return result


def test_air_follows_the_rayleigh_law():
    sample = body(slices=12)
    air = noisy(sample, RicianNoise(sd=5.0)).voxels[sample.voxels == 0.0]
    assert air.mean() == pytest.approx(5.0 * math.sqrt(math.pi / 2.0), rel=0.02)
    assert air.std() == pytest.approx(5.0 * math.sqrt(2.0 - math.pi / 2.0), rel=0.02)


def test_bright_tissue_is_gaussian_with_a_small_rise():
    sample = body(slices=20)
    tissue = noisy(sample, RicianNoise(sd=5.0), 1).voxels[sample.voxels == 100.0]
    assert tissue.std() == pytest.approx(5.0, rel=0.02)
    assert tissue.mean() - 100.0 == pytest.approx(25.0 / 200.0, abs=0.05)


def test_the_second_moment_grows_by_twice_the_variance_at_any_signal():
    sample = body(slices=20, air=4.0)
    after = noisy(sample, RicianNoise(sd=5.0), 2).voxels
    for signal in (4.0, 100.0):
        found = np.mean(after[sample.voxels == signal] ** 2)
        assert found == pytest.approx(signal**2 + 50.0, rel=0.02)


def test_relative_sd_counts_in_multiples_of_the_images_noise():
    sample = noisy(body(count=128, slices=8), RicianNoise(sd=4.0), 3)
    found = RicianNoise(relative_sd=0.5).calibrate(sample, np.random.default_rng(0)).sd
    assert found == pytest.approx(2.0, rel=0.1)
    declared = RicianNoise(relative_sd=0.5, declared_noise_sd=6.0)
    assert declared.calibrate(sample, np.random.default_rng(0)) == RicianNoise(sd=3.0)


def test_zero_changes_nothing():
    sample = body(slices=1)
    for operator in (
        RicianNoise(sd=0.0),
        RicianNoise(relative_sd=0.0).calibrate(sample, np.random.default_rng(0)),
    ):
        assert apply(operator, sample, np.random.default_rng(0)) is sample


def test_an_image_with_negative_values_is_no_magnitude():
    sample = body(slices=1)
    skipped = apply(RicianNoise(sd=1.0), sample.with_image(sample.voxels - 50.0), np.random.default_rng(0))
    assert isinstance(skipped, Skipped)
    assert "goes down to -50" in skipped.reason


@pytest.mark.parametrize("wrong", [{}, {"sd": -1.0}, {"sd": 1.0, "relative_sd": 1.0}])
def test_sd_is_declared_once(wrong):
    with pytest.raises(ValidationError):
        RicianNoise(**wrong)
