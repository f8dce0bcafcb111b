"""What each of the first operators does, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from robustrad.core.identity import generator
from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.registry import kinds
from robustrad.perturb.sample import Sample, Sampling
from tests.perturb.noise_models import smooth
from tests.perturb.shapes import ball, sample_of

RNG = np.random.default_rng(0)
OPERATORS = kinds()
SIGMAS = (0.2, 0.28, 0.5, 1.0, 2.0, 3.0)


def do(kind, sample, rng=RNG, **scalars):
    operator = OPERATORS[kind](**scalars)
    result = apply(operator.calibrate(sample, RNG), sample, rng)
    assert isinstance(result, Sample)
    return result


# Noise


def test_noise_has_the_sd_asked_for_and_no_mean():
    sample = sample_of(np.ones((30, 60, 60), dtype=bool))
    added = do("gaussian_noise", sample, sd=12.0).voxels
    assert added.std() == pytest.approx(12.0, rel=0.01)
    assert abs(added.mean()) < 4 * 12.0 / math.sqrt(added.size)


def test_relative_noise_is_calibrated_on_the_image_and_stored():
    image = 8.0 * smooth((20, 64, 64), np.random.default_rng(2), fwhm=2.0) + 40.0
    sample = sample_of(ball((20, 64, 64), 6.0), image)
    operator = OPERATORS["gaussian_noise"](relative_sd=0.5).calibrate(sample, RNG)
    assert operator.sd == pytest.approx(4.0, rel=0.1)
    assert operator.record() == {
        "version": 1, "kind": "gaussian_noise", "sd": operator.sd,
        "relative_sd": None, "declared_noise_sd": None,
    }  # fmt: skip


def test_declared_noise_replaces_the_estimate():
    sample = sample_of(ball((9, 9, 9), 3.0))
    operator = OPERATORS["gaussian_noise"](relative_sd=0.5, declared_noise_sd=30.0).calibrate(sample, RNG)
    assert operator.sd == 15.0


def test_noise_that_cannot_be_estimated_is_skipped_with_the_remedy():
    sample = sample_of(ball((9, 9, 9), 3.0))
    operator = OPERATORS["gaussian_noise"](relative_sd=1.0)
    found = apply(operator.calibrate(sample, RNG), sample, RNG)
    assert isinstance(found, Skipped)
    assert "declared_noise_sd" in found.reason
    assert operator.skip(sample) == found.reason


def test_levels_share_one_noise_field():
    """The seed leaves the level out: twice the SD is twice the same field."""
    sample = sample_of(ball((9, 9, 9), 3.0))
    weak, strong = (
        do("gaussian_noise", sample, generator(0, "P1", "noise", 0, 1), sd=sd).voxels for sd in (1.0, 2.0)
    )
    np.testing.assert_allclose(strong, 2 * weak, rtol=1e-12)


@pytest.mark.parametrize(
    "scalars", [{}, {"sd": 1.0, "relative_sd": 1.0}, {"sd": -1.0}, {"sd": 1.0, "declared_noise_sd": 2.0},
                {"sd": math.nan}, {"relative_sd": 1.0, "declared_noise_sd": 0.0}],
)  # fmt: skip
def test_contradictory_noise_is_refused(scalars):
    with pytest.raises(ValidationError):
        OPERATORS["gaussian_noise"](**scalars)


# Blur


def spot(shape, sigma_zyx):
    """A Gaussian spot in the middle, sigma in voxels."""
    axes = np.ogrid[tuple(map(slice, shape))]
    return np.exp(-sum(((g - n // 2) / s) ** 2 / 2 for g, n, s in zip(axes, shape, sigma_zyx, strict=True)))


def variance_along(image, axis):
    profile = image.sum(axis=tuple(a for a in range(3) if a != axis))
    places = np.arange(len(profile))
    mean = (profile * places).sum() / profile.sum()
    return (profile * (places - mean) ** 2).sum() / profile.sum()


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (5.47, 5.47, 3.27), (0.98, 0.98, 5.0)], ids=str)
def test_blur_adds_the_sd_asked_for(sigma, spacing):
    """Of a resolved spot the variances add: sigma voxels of x in-plane, other numbers of voxels along z."""
    shape = (97, 65, 65)
    image = spot(shape, (1.2, 1.2, 1.2))
    fwhm, fwhm_z = (sigma * step * math.sqrt(8 * math.log(2)) for step in (spacing[0], spacing[2]))
    sample = sample_of(ball(shape, 3.0), image, spacing=spacing)
    blurred = do("gaussian_blur", sample, fwhm_mm=fwhm, fwhm_z_mm=fwhm_z).voxels
    for axis in range(3):
        added = math.sqrt(variance_along(blurred, axis) - variance_along(image, axis))
        assert added == pytest.approx(sigma, rel=0.02)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_blur_of_a_point_has_the_exact_transfer_function(sigma):
    """A point's low-frequency spectrum tells its SD, also where sampling cannot resolve it."""
    point = np.zeros((3, 3, 129))
    point[:, :, 64] = 1.0
    sample = sample_of(np.ones_like(point, dtype=bool), point)
    profile = do("gaussian_blur", sample, fwhm_mm=sigma * math.sqrt(8 * math.log(2))).voxels[1, 1]
    for frequency in (1 / 129, 2 / 129, 4 / 129):
        transfer = abs((profile * np.exp(-2j * np.pi * frequency * np.arange(129))).sum())
        assert math.sqrt(-math.log(transfer) / 2) / math.pi / frequency == pytest.approx(sigma, rel=0.02)


def test_isotropic_blur_in_mm_is_anisotropic_in_voxels():
    image = spot((65, 65, 65), (1.5, 1.5, 1.5))
    sample = sample_of(ball((65, 65, 65), 3.0), image, spacing=(2.0, 2.0, 4.0))
    blurred = do("gaussian_blur", sample, fwhm_mm=8.0).voxels
    added = [math.sqrt(variance_along(blurred, axis) - variance_along(image, axis)) for axis in range(3)]
    sigma_mm = 8.0 / math.sqrt(8 * math.log(2))
    assert added == pytest.approx([sigma_mm / 4, sigma_mm / 2, sigma_mm / 2], rel=0.02)


def test_blur_keeps_mean_and_constant_and_reflects_at_the_faces():
    image = np.random.default_rng(3).normal(size=(10, 12, 14))
    sample = sample_of(ball((10, 12, 14), 3.0), image)
    assert do("gaussian_blur", sample, fwhm_mm=5.0).voxels.mean() == pytest.approx(image.mean(), abs=1e-12)
    np.testing.assert_allclose(
        do("gaussian_blur", sample.with_image(np.full(image.shape, 7.0)), fwhm_mm=5.0).voxels, 7.0
    )
    mirrored = np.pad(image, [(0, s) for s in image.shape], mode="symmetric")
    frequencies = np.meshgrid(*map(np.fft.fftfreq, mirrored.shape), indexing="ij")
    sigma = 3.0 / math.sqrt(8 * math.log(2))
    transfer = np.exp(-2 * (np.pi * sigma) ** 2 * sum(f**2 for f in frequencies))
    periodic = np.fft.ifftn(np.fft.fftn(mirrored) * transfer).real[:10, :12, :14]
    np.testing.assert_allclose(do("gaussian_blur", sample, fwhm_mm=3.0).voxels, periodic, atol=1e-12)


def test_blurs_add_in_squares():
    sample = sample_of(ball((10, 12, 14), 3.0), np.random.default_rng(3).normal(size=(10, 12, 14)))
    twice = do("gaussian_blur", do("gaussian_blur", sample, fwhm_mm=3.0), fwhm_mm=4.0)
    np.testing.assert_allclose(twice.voxels, do("gaussian_blur", sample, fwhm_mm=5.0).voxels, atol=1e-12)


def test_blur_along_z_alone():
    sample = sample_of(ball((10, 12, 14), 3.0), np.random.default_rng(3).normal(size=(10, 12, 14)))
    blurred = do("gaussian_blur", sample, fwhm_mm=0.0, fwhm_z_mm=4.0).voxels
    np.testing.assert_allclose(blurred.mean(axis=0), sample.voxels.mean(axis=0), atol=1e-12)
    assert blurred.std() < 0.8 * sample.voxels.std()


# Grid and discretization


def test_grid_operators_only_wish():
    sample = sample_of(ball((9, 9, 9), 3.0))
    chained = do("rotation", do("subvoxel_shift", do("voxel_size", sample, spacing_mm=[4, 4, 4]),
                                fraction=[0.25, 0.5, -0.75]), angle_deg=-6)  # fmt: skip
    assert chained.sampling == Sampling((4.0, 4.0, 4.0), (0.25, 0.5, -0.75), -6.0)
    assert chained.voxels.tobytes() == sample.voxels.tobytes()


@pytest.mark.parametrize(("kind", "scalars"), [
    ("voxel_size", {"spacing_mm": [2, 2]}), ("voxel_size", {"spacing_mm": [0, 2, 2]}),
    ("subvoxel_shift", {"fraction": [1, 0, 0]}), ("rotation", {"angle_deg": 181}),
    ("gaussian_blur", {"fwhm_mm": -1}),
    ("volume_change", {"fraction": -1}), ("volume_change", {"fraction": 1.5}),
    ("fixed_bin_width", {"width": 0}), ("fixed_bin_count", {"count": 1}), ("fixed_bin_count", {"count": 2.5}),
])  # fmt: skip
def test_scalars_out_of_range_are_refused(kind, scalars):
    with pytest.raises(ValidationError):
        OPERATORS[kind](**scalars)


def test_bin_operators_exclude_each_other():
    sample = sample_of(ball((9, 9, 9), 3.0)).with_settings({"binWidth": 25.0, "label": 1})
    counted = do("fixed_bin_count", sample, count=32)
    assert counted.settings == {"binWidth": None, "binCount": 32, "label": 1}
    assert do("fixed_bin_width", counted, width=10.0).settings == {
        "binWidth": 10.0,
        "binCount": None,
        "label": 1,
    }
