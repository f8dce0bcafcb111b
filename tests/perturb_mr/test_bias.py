from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robustrad.perturbations.mr.bias import WAVES, BiasField, _waves

from robustrad.core.geometry import Grid
from robustrad.perturb.apply import apply
from robustrad.perturb.sample import Sample
from tests.perturb_mr.phantoms import body

FLAT = Sample(
    np.full((10, 40, 50), 100.0), np.ones((10, 40, 50), bool), Grid((50, 40, 10), (3.0, 3.0, 6.0)), "MR"
)


def field(operator: BiasField, seed: int, sample: Sample = FLAT) -> np.ndarray:
    result = apply(operator, sample, np.random.default_rng(seed))
    assert isinstance(result, Sample)
    return result.voxels / sample.voxels


@pytest.mark.parametrize("percent", [10.0, 40.0, 100.0])
def test_the_field_runs_over_its_peak_to_peak_about_one(percent):
    bias = field(BiasField(peak_to_peak_percent=percent), 1)
    assert bias.max() == pytest.approx(1.0 + percent / 200.0, rel=1e-9)
    assert bias.min() == pytest.approx(1.0 - percent / 200.0, rel=1e-9)


def test_the_mean_of_the_roi_over_400_draws_is_unchanged():
    sample = body(count=48, slices=3)
    operator = BiasField(peak_to_peak_percent=40.0)
    means = [
        operator.apply(sample, np.random.default_rng(seed)).voxels[sample.mask].mean() for seed in range(400)
    ]
    assert np.std(means) > 1.0
    assert np.mean(means) == pytest.approx(sample.voxels[sample.mask].mean(), rel=0.01)


def test_opposite_amplitudes_make_the_opposite_field():
    rng = np.random.default_rng(2)
    frequencies, amplitudes = rng.normal(0.0, 0.01, (WAVES, 3)), rng.normal(size=(WAVES, 2))
    np.testing.assert_allclose(
        _waves(FLAT.grid, frequencies, -amplitudes), -_waves(FLAT.grid, frequencies, amplitudes), atol=1e-9
    )


def test_the_field_is_a_sum_of_waves_in_world_coordinates():
    turned = Grid(
        (7, 6, 5), (2.0, 3.0, 4.0), (10.0, -5.0, 7.0), (0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    )
    rng = np.random.default_rng(3)
    frequencies, amplitudes = rng.normal(0.0, 0.05, (4, 3)), rng.normal(size=(4, 2))
    index = np.argwhere(np.ones(turned.shape))
    phase = turned.points(index.astype(np.float64)) @ frequencies.T
    expected = (np.cos(phase) @ amplitudes[:, 0] + np.sin(phase) @ amplitudes[:, 1]).reshape(turned.shape)
    np.testing.assert_allclose(_waves(turned, frequencies, amplitudes), expected, atol=1e-10)


def test_correlation_over_distance_is_gaussian_of_the_length_asked_for():
    long = Grid((60, 1, 1), (5.0, 5.0, 5.0))
    rng = np.random.default_rng(4)
    draws = np.stack(
        [
            _waves(long, rng.normal(0.0, 1.0 / 50.0, (WAVES, 3)), rng.normal(size=(WAVES, 2))).ravel()
            for _ in range(2000)
        ]
    )
    for lag, distance in ((5, 25.0), (10, 50.0), (20, 100.0)):
        found = np.mean(draws[:, lag:] * draws[:, :-lag]) / np.mean(draws**2)
        assert found == pytest.approx(np.exp(-((distance / 50.0) ** 2) / 2.0), abs=0.05)


def test_levels_share_one_field():
    mild = field(BiasField(peak_to_peak_percent=10.0), 5) - 1.0
    strong = field(BiasField(peak_to_peak_percent=30.0), 5) - 1.0
    np.testing.assert_allclose(strong, 3.0 * mild, atol=1e-12)


def test_an_even_coil_and_an_image_of_one_voxel_change_nothing():
    assert apply(BiasField(peak_to_peak_percent=0.0), FLAT, np.random.default_rng(0)) is FLAT
    point = replace(
        FLAT, voxels=np.ones((1, 1, 1)), mask=np.ones((1, 1, 1), bool), grid=Grid((1, 1, 1), (1, 1, 1))
    )
    assert BiasField(peak_to_peak_percent=20.0).apply(point, np.random.default_rng(0)) is point
