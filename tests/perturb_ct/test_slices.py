from __future__ import annotations

import numpy as np
import pytest
from robustrad.perturbations.ct.slices import SliceThickness

from robustrad.core.geometry import Grid
from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.sample import Sample


def stack(values: np.ndarray, spacing: float) -> Sample:
    voxels = np.broadcast_to(values[:, None, None], (len(values), 4, 4)).astype(np.float64)
    mask = np.ones(voxels.shape, bool)
    return Sample(voxels, mask, Grid((4, 4, len(values)), (1.0, 1.0, spacing), origin=(5.0, 6.0, 7.0)), "CT")


def thicker(sample: Sample, operator: SliceThickness) -> Sample:
    result = apply(operator, sample, np.random.default_rng(0))
    assert isinstance(result, Sample)
    return result


def test_a_whole_multiple_is_the_mean_of_its_slices():
    values = np.random.default_rng(0).normal(size=12)
    result = thicker(stack(values, 1.5), SliceThickness(thickness_mm=4.5))
    np.testing.assert_allclose(result.voxels[:, 0, 0], values.reshape(4, 3).mean(axis=1), rtol=1e-12)
    assert result.grid.size == (4, 4, 4)
    assert result.grid.spacing == (1.0, 1.0, 4.5)
    assert result.grid.origin == pytest.approx((5.0, 6.0, 7.0 + 1.5))


def test_other_ratios_weight_slices_by_their_overlap():
    values = np.arange(1.0, 6.0)
    result = thicker(stack(values, 2.0), SliceThickness(thickness_mm=5.0))
    expected = [(1 * 2 + 2 * 2 + 3 * 1) / 5, (3 * 1 + 4 * 2 + 5 * 2) / 5]
    np.testing.assert_allclose(result.voxels[:, 0, 0], expected, rtol=1e-12)


@pytest.mark.parametrize("profile", ["box", "triangle"])
def test_the_profile_has_the_thickness_as_its_full_width_at_half_maximum(profile):
    fine, width = 0.1, 4.0
    thickness = SliceThickness(thickness_mm=width, profile=profile, increment_mm=2.0)
    response = []
    for at in range(150, 250):
        plate = np.zeros(400)
        plate[at] = 1.0
        response.append(thicker(stack(plate, fine), thickness).voxels[9, 0, 0])
    above = np.flatnonzero(np.asarray(response) >= 0.5 * max(response) - 1e-12)
    assert (above[-1] - above[0] + 1) * fine == pytest.approx(width, abs=0.15)
    tail = np.count_nonzero(response) * fine
    assert tail == pytest.approx(width if profile == "box" else 2 * width, abs=0.2)


def test_means_are_kept_and_a_ramp_stays_a_ramp():
    ramp = np.arange(30.0)
    result = thicker(stack(ramp, 1.0), SliceThickness(thickness_mm=4.0, increment_mm=2.0, profile="triangle"))
    inner = result.voxels[2:-2, 0, 0]
    np.testing.assert_allclose(np.diff(inner), 2.0, rtol=1e-9)
    assert inner[0] == pytest.approx(result.grid.origin[2] - 7.0 + 2 * 2.0)


def test_noise_falls_with_the_square_root_of_the_slices_averaged():
    noise = np.random.default_rng(1).normal(0.0, 10.0, (40, 64, 64))
    sample = Sample(noise, np.ones(noise.shape, bool), Grid((64, 64, 40), (1.0, 1.0, 1.0)), "CT")
    assert thicker(sample, SliceThickness(thickness_mm=4.0)).voxels.std() == pytest.approx(5.0, rel=0.02)


def test_the_last_slice_is_the_mean_of_what_there_is_and_the_mask_is_carried_over():
    sample = stack(np.full(7, 3.0), 2.0)
    result = thicker(sample, SliceThickness(thickness_mm=5.0))
    assert result.grid.size[2] == 3
    np.testing.assert_allclose(result.voxels, 3.0, rtol=1e-12)
    assert result.mask.shape == result.voxels.shape
    assert result.mask[:2].all()


@pytest.mark.parametrize("same", [{"thickness_mm": 0.0}, {"thickness_mm": 2.0}])
def test_the_images_own_slices_change_nothing(same):
    sample = stack(np.arange(5.0), 2.0)
    assert apply(SliceThickness(**same), sample, np.random.default_rng(0)) is sample


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"thickness_mm": 1.0}, "only thicker and wider"),
        ({"thickness_mm": 4.0, "increment_mm": 1.0}, "only thicker and wider"),
        ({"thickness_mm": 20.0}, "fewer than two"),
    ],
)
def test_what_averaging_cannot_do_is_skipped(wish, reason):
    skipped = apply(SliceThickness(**wish), stack(np.arange(5.0), 2.0), np.random.default_rng(0))
    assert isinstance(skipped, Skipped)
    assert reason in skipped.reason
