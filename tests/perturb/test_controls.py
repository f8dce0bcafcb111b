"""Negative controls: what each keeps and what it destroys, in which region, and shape in any case."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from robustrad.perturbations.controls import RandomizedVoxels, SampledVoxels, ShuffledVoxels

from robustrad.extract.parameter_file import load_parameters
from robustrad.extract.pyradiomics import PyRadiomicsEngine
from robustrad.extract.settings import Verb, view
from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.sample import Sample
from tests.perturb.noise_models import smooth
from tests.perturb.shapes import ball, lobed, sample_of

CONTROLS = (ShuffledVoxels, SampledVoxels, RandomizedVoxels)
REGIONS = ("roi", "background", "image")
SHAPE = (16, 20, 22)


def suv() -> Sample:
    """A lobed lesion with texture, in SUV between 0 and 1: integers would leave nothing of it."""
    texture = smooth(SHAPE, np.random.default_rng(8), fwhm=3.0)
    return sample_of(lobed(11, SHAPE), 0.5 + 0.1 * texture, spacing=(4.0, 4.0, 5.0))


def inside(sample: Sample, region: str) -> np.ndarray:
    return {"roi": sample.mask, "background": ~sample.mask, "image": np.ones_like(sample.mask)}[region]


def changed(operator, sample: Sample, seed: int = 0) -> Sample:
    result = apply(operator, sample, np.random.default_rng(seed))
    assert isinstance(result, Sample), result
    return result


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("control", CONTROLS)
def test_only_the_region_changes_and_nearly_all_of_it(control, region):
    sample = suv()
    after = changed(control(region=region), sample)
    where = inside(sample, region)
    np.testing.assert_array_equal(after.voxels[~where], sample.voxels[~where])
    assert np.mean(after.voxels[where] != sample.voxels[where]) > 0.98
    np.testing.assert_array_equal(after.mask, sample.mask)


@pytest.mark.parametrize("region", REGIONS)
def test_a_shuffle_keeps_every_value_and_breaks_the_pattern(region):
    sample = suv()
    where = inside(sample, region)
    before, after = sample.voxels[where], changed(ShuffledVoxels(region=region), sample).voxels[where]
    np.testing.assert_array_equal(np.sort(after), np.sort(before))
    assert abs(np.corrcoef(before, after)[0, 1]) < 4.0 / np.sqrt(before.size)


def test_a_sample_has_only_values_that_occur_and_a_bootstrap_s_share_of_them():
    sample = suv()
    before = sample.voxels[sample.mask]
    found = [changed(SampledVoxels(), sample, seed).voxels[sample.mask] for seed in range(20)]
    assert np.isin(found, before).all()
    shares = [np.isin(before, draw).mean() for draw in found]
    assert np.mean(shares) == pytest.approx(1.0 - np.exp(-1.0), abs=0.01)
    assert np.mean(found) == pytest.approx(before.mean(), abs=4.0 * before.std() / np.sqrt(20 * before.size))


@pytest.mark.parametrize("region", REGIONS)
def test_random_voxels_are_uniform_real_numbers_over_the_region_s_own_range(region):
    sample = suv()
    where = inside(sample, region)
    before = sample.voxels[where]
    found = np.concatenate(
        [changed(RandomizedVoxels(region=region), sample, seed).voxels[where] for seed in range(10)]
    )
    low, high = before.min(), before.max()
    assert low <= found.min() <= found.max() <= high
    assert np.unique(found).size > 0.99 * found.size
    scaled = np.sort((found - low) / (high - low))
    deviation = np.abs(scaled - (np.arange(scaled.size) + 0.5) / scaled.size).max()
    assert deviation < 2.0 / np.sqrt(scaled.size)  # Kolmogorov's limit at 1 in 1500


@pytest.mark.parametrize("control", CONTROLS)
def test_a_part_of_the_voxels_changes_and_belongs_to_those_of_a_larger_part(control):
    sample = suv()
    count = int(sample.mask.sum())
    quarter, half = (
        changed(control(fraction=fraction), sample).voxels != sample.voxels for fraction in (0.25, 0.5)
    )
    assert 0.95 * 0.25 * count < quarter.sum() <= round(0.25 * count)
    if control is RandomizedVoxels:  # the others may leave a voxel its value by chance
        assert not (quarter & ~half).any()
    else:
        assert (quarter & ~half).sum() <= 5


@pytest.mark.parametrize("control", CONTROLS)
def test_zero_keeps_the_image_and_tiny_regions_are_skipped(control):
    sample = suv()
    assert changed(control(fraction=0.0), sample) is sample
    one = sample_of(ball((5, 5, 5), 0.5), np.random.default_rng(0).random((5, 5, 5)))
    assert apply(control(), one, np.random.default_rng(0)) == Skipped("1 voxels in roi, fewer than 2")
    full = sample_of(np.ones((3, 3, 3), bool), np.random.default_rng(0).random((3, 3, 3)))
    assert apply(control(region="background"), full, np.random.default_rng(0)) == Skipped(
        "0 voxels in background, fewer than 2"
    )


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("control", CONTROLS)
def test_shape_features_are_those_of_the_reference_to_the_last_bit(control, region):
    """Through the engine, resampled: no shape feature may look at the image."""
    sample = suv()
    shape, reference = (_shape_features(each) for each in (changed(control(region=region), sample), sample))
    assert len(reference) == 14
    assert shape == reference


def _shape_features(sample: Sample) -> dict[str, float]:
    parameters = load_parameters(
        {"setting": {"resampledPixelSpacing": [4.5, 4.5, 4.5]}, "featureClass": {"shape": None}}
    )
    engine = PyRadiomicsEngine()
    prepared = engine.prepare(sample.grid.image(sample.voxels), view(parameters, Verb.PREPARE))
    mask = sitk.Cast(sample.grid.image(sample.mask), sitk.sitkUInt32)
    return engine.region(prepared, mask, view(parameters, Verb.REGION), sampling=sample.sampling).shape
