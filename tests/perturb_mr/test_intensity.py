from __future__ import annotations

import numpy as np
import pytest
from robustrad.perturbations.mr.intensity import IntensityNormalization
from robustrad.perturbations.mr.magnitude import foreground

from robustrad.core.geometry import Grid
from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.sample import Sample
from tests.perturb_mr.phantoms import body

METHODS = ("zscore", "percentiles", "white_stripe")


@pytest.fixture(scope="module")
def patient() -> Sample:
    sample = body(count=128, slices=8)
    noise = np.random.default_rng(0).normal(0.0, 6.0, sample.voxels.shape)
    return sample.with_image(np.abs(sample.voxels + noise * (sample.voxels > 0)))


def normalized(sample: Sample, method: str, unit: float = 100.0) -> np.ndarray:
    operator = IntensityNormalization(method=method, unit=unit)
    result = apply(operator, sample, np.random.default_rng(0))
    assert isinstance(result, Sample)
    return result.voxels


def test_zscore_gives_tissue_mean_zero_and_sd_one_unit(patient):
    tissue = normalized(patient, "zscore")[patient.voxels > 50.0]
    assert tissue.mean() == pytest.approx(0.0, abs=1e-9)
    assert tissue.std() == pytest.approx(100.0, rel=1e-9)


def test_percentiles_put_the_tissues_range_on_one_unit(patient):
    tissue = normalized(patient, "percentiles", 50.0)[patient.voxels > 50.0]
    assert np.percentile(tissue, [1.0, 99.0]) == pytest.approx([0.0, 50.0], abs=1e-9)


def test_white_stripe_centers_on_the_commonest_tissue_and_ignores_the_lesion(patient):
    after = normalized(patient, "white_stripe")
    center = np.interp(0.0, *(np.sort(v.ravel()) for v in (after, patient.voxels)))
    assert center == pytest.approx(100.0, abs=2.0)
    brighter = patient.with_image(np.where(patient.mask, patient.voxels * 3.0, patient.voxels))
    outside = ~patient.mask
    np.testing.assert_allclose(normalized(brighter, "white_stripe")[outside], after[outside], rtol=1e-9)
    assert np.abs(normalized(brighter, "zscore") - normalized(patient, "zscore"))[outside].max() > 1.0


@pytest.mark.parametrize(("air", "haze"), [(0.0, 0.0), (4.0, 3.0), (15.0, 5.0)])
def test_air_is_no_tissue_whether_empty_or_hazy(patient, air, haze):
    noise = np.abs(np.random.default_rng(1).normal(air, haze, patient.voxels.shape))
    hazy = patient.with_image(np.where(patient.voxels > 50.0, patient.voxels, noise))
    np.testing.assert_array_equal(foreground(hazy), patient.voxels > 50.0)


def test_an_image_without_air_is_tissue_everywhere():
    rng = np.random.default_rng(2)
    voxels = np.where(rng.random((8, 40, 40)) < 0.6, 250.0, 1000.0) + rng.normal(0.0, 20.0, (8, 40, 40))
    grid = Grid((40, 40, 8), (1.0, 1.0, 3.0))
    assert foreground(Sample(voxels, voxels < 0.0, grid, "MR")).all()


@pytest.mark.parametrize("method", METHODS)
def test_the_scanners_gain_drops_out(patient, method):
    np.testing.assert_allclose(
        normalized(patient.with_image(patient.voxels * 7.5), method), normalized(patient, method), atol=1e-6
    )


@pytest.mark.parametrize("method", METHODS)
def test_only_the_scale_changes(patient, method):
    fit = np.polyfit(patient.voxels.ravel(), normalized(patient, method).ravel(), 1)
    np.testing.assert_allclose(np.polyval(fit, patient.voxels), normalized(patient, method), atol=1e-6)
    assert fit[0] > 0


def test_none_changes_nothing(patient):
    assert apply(IntensityNormalization(method="none"), patient, np.random.default_rng(0)) is patient


@pytest.mark.parametrize("method", METHODS)
def test_too_little_tissue_and_no_contrast_are_skipped(patient, method):
    small = apply(IntensityNormalization(method=method), body(count=20, slices=1), np.random.default_rng(0))
    assert isinstance(small, Skipped)
    assert "fewer than 1000" in small.reason
    flat = patient.with_image(np.where(patient.voxels > 50.0, 100.0, 0.0))
    even = apply(IntensityNormalization(method=method), flat, np.random.default_rng(0))
    assert isinstance(even, Skipped)
    assert "one intensity" in even.reason
