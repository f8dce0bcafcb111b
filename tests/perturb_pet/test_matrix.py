from __future__ import annotations

import numpy as np
import pytest
from robustrad.perturbations.pet.matrix import PetMatrix

from robustrad.core.geometry import Grid
from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.sample import Sample
from tests.perturb_pet.phantoms import applied, pet

RNG = np.random.default_rng(0)


def test_whole_multiples_are_block_means():
    before = pet(RNG.gamma(2.0, size=(6, 8, 12)), (2.0, 2.0, 3.0))
    after = applied(PetMatrix(spacing_mm=(4.0, 4.0, 9.0)), before)
    blocks = before.voxels.reshape(2, 3, 4, 2, 6, 2).mean(axis=(1, 3, 5))
    np.testing.assert_allclose(after.voxels, blocks, rtol=1e-12)
    assert after.grid.size == (6, 4, 2)
    assert after.grid.spacing == (4.0, 4.0, 9.0)


@pytest.mark.parametrize("spacing", [(2.7, 3.1, 4.4), (5.5, 5.5, 3.0), (2.0, 2.0, 7.3)])
def test_a_new_voxel_is_the_mean_of_what_it_covers(spacing):
    """Oracle: the overlaps of all boxes, one by one, from the corners of both grids in space."""
    before = pet(RNG.gamma(2.0, size=(7, 9, 11)), (2.0, 2.0, 3.0))
    after = applied(PetMatrix(spacing_mm=spacing), before)
    weights = []
    for axis in range(3):
        old, new = _edges(before.grid, axis), _edges(after.grid, axis)
        low = np.maximum(new[:-1, None], old[None, :-1])
        overlap = np.clip(np.minimum(new[1:, None], old[None, 1:]) - low, 0.0, None)
        weights.append(overlap / overlap.sum(axis=1, keepdims=True))
    expected = np.einsum("ck,bj,ai,kji->cba", weights[2], weights[1], weights[0], before.voxels)
    np.testing.assert_allclose(after.voxels, expected, rtol=1e-10)


def test_activity_is_kept_where_voxels_fit_and_an_even_image_stays_even_where_they_do_not():
    before = pet(RNG.gamma(2.0, size=(6, 8, 12)), (2.0, 2.0, 3.0))
    after = applied(PetMatrix(spacing_mm=(3.0, 8.0, 9.0)), before)
    totals = [sample.voxels.sum() * sample.grid.voxel_volume for sample in (before, after)]
    assert totals[1] == pytest.approx(totals[0], rel=1e-12)
    even = applied(PetMatrix(spacing_mm=(5.1, 5.1, 5.1)), pet(np.full((7, 9, 11), 2.5), (2.0, 2.0, 3.0)))
    np.testing.assert_allclose(even.voxels, 2.5, rtol=1e-12)


def test_white_noise_falls_by_the_root_of_the_voxels_averaged():
    before = pet(RNG.normal(size=(20, 40, 40)), (2.0, 2.0, 2.0))
    after = applied(PetMatrix(spacing_mm=(4.0, 4.0, 4.0)), before)
    assert after.voxels.std() == pytest.approx(1.0 / np.sqrt(8.0), rel=0.05)


def test_the_mask_is_carried_over_and_keeps_its_volume():
    z, y, x = np.ogrid[:30, :40, :40]
    ball = (z - 15) ** 2 + (y - 20) ** 2 + (x - 20) ** 2 <= 100
    before = Sample(ball * 5.0, ball, Grid((40, 40, 30), (2.0, 2.0, 2.0)), "PT")
    after = applied(PetMatrix(spacing_mm=(4.0, 4.0, 4.0)), before)
    assert after.mask.shape == after.voxels.shape
    volumes = [sample.mask.sum() * sample.grid.voxel_volume for sample in (before, after)]
    assert volumes[1] == pytest.approx(volumes[0], rel=0.05)
    assert after.voxels[after.mask].min() >= 2.0  # no voxel far from the ball got in


def test_zero_and_the_own_spacing_keep_the_image():
    sample = pet(RNG.normal(size=(4, 5, 6)), (2.0, 2.0, 3.0))
    assert applied(PetMatrix(spacing_mm=(0.0, 0.0, 0.0)), sample) is sample
    assert applied(PetMatrix(spacing_mm=(2.0, 0.0, 3.0)), sample) is sample
    one = applied(PetMatrix(spacing_mm=(0.0, 0.0, 6.0)), sample)
    assert one.grid.spacing == (2.0, 2.0, 6.0)


@pytest.mark.parametrize(("spacing", "told"), [
    ((0.0, 1.5, 0.0), "voxels of 2 mm along y cannot become 1.5 mm"),
    ((0.0, 0.0, 12.0), "one voxel of 12 mm would be left along z"),
])  # fmt: skip
def test_smaller_or_single_voxels_are_skipped(spacing, told):
    sample = pet(RNG.normal(size=(4, 5, 6)), (2.0, 2.0, 3.0))
    skipped = apply(PetMatrix(spacing_mm=spacing), sample, RNG)
    assert isinstance(skipped, Skipped)
    assert told in skipped.reason


def _edges(grid: Grid, axis: int) -> np.ndarray:
    return grid.origin[axis] + (np.arange(grid.size[axis] + 1) - 0.5) * grid.spacing[axis]
