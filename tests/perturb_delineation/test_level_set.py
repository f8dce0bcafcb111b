"""The surface between voxels, and how far two surfaces are apart."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.perturb.level_set import cut, level_set, put, radius_mm, thinned
from robustrad.perturb.strength import mask_strength
from robustrad.perturb.surface import surface_gap
from tests.perturb.shapes import lobed
from tests.perturb_delineation.lesions import CT, ISOTROPIC, PET, distances, of, sphere


@pytest.mark.parametrize("spacing", [ISOTROPIC, CT, PET], ids=str)
def test_distance_to_a_ball_is_known_within_a_fraction_of_a_voxel(spacing):
    sample = sphere(20.0, spacing=spacing)
    level = level_set(sample.mask, sample.grid.spacing_zyx, reach_mm=6.0)
    truth = distances(sample.grid, (30.0, -20.0, 7.0))[level.box] - 20.0
    near = np.abs(truth) < 6.0
    error = (level.distance - truth)[near]
    assert abs(error.mean()) < 0.15 * min(spacing)
    assert error.std() < 0.25 * max(spacing)
    assert np.polyfit(truth[near], level.distance[near], 1)[0] == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("seed", range(4))
def test_sign_is_the_mask(seed):
    mask = lobed(seed)
    level = level_set(mask, (3.0, 1.0, 2.0), reach_mm=4.0)
    np.testing.assert_array_equal(level.distance < 0, mask[level.box])
    assert (level.distance != 0).all()
    np.testing.assert_array_equal(put(mask, level.box, level.distance < 0), mask)


def test_where_the_lesion_lies_in_the_image_does_not_matter():
    mask = np.pad(lobed(1), 12)
    one = level_set(mask, ISOTROPIC, reach_mm=3.0).distance
    other = level_set(np.roll(mask, (2, -3, 4), (0, 1, 2)), ISOTROPIC, reach_mm=3.0).distance
    np.testing.assert_array_equal(one, other)


def test_cut_and_thinned_level_sets_are_parts_of_the_whole():
    sample = sphere(12.0, room=3.0)
    whole = level_set(sample.mask, ISOTROPIC, reach_mm=15.0)
    small = cut(whole, reach_mm=4.0)
    np.testing.assert_array_equal(sample.mask[small.box], small.mask)
    assert small.distance.size < 0.5 * whole.distance.size
    assert (whole.distance <= 4.0).sum() == (small.distance <= 4.0).sum()
    thin = thinned(whole, most=whole.mask.size // 8)
    np.testing.assert_array_equal(sample.mask[thin.box], thin.mask)
    assert thin.mask.sum() == pytest.approx(whole.mask.sum() / 8, rel=0.1)


def test_radius_is_that_of_the_ball():
    sample = sphere(20.0, spacing=CT)
    assert radius_mm(sample.mask, sample.grid.spacing_zyx) == pytest.approx(20.0, rel=0.01)


def test_mean_surface_distance_equals_brute_force():
    a, b, spacing = lobed(1, (10, 12, 14)), lobed(2, (10, 12, 14)), (3.0, 1.0, 2.0)
    points = []
    for mask in (a, b):
        padded = np.pad(mask, 1)
        inner = np.ones_like(mask)
        for axis in range(3):
            for step in (1, -1):
                inner &= np.roll(padded, step, axis)[1:-1, 1:-1, 1:-1]
        points.append(np.argwhere(mask & ~inner) * spacing)
    apart = np.linalg.norm(points[0][:, None] - points[1], axis=2)
    both = np.concatenate([apart.min(axis=0), apart.min(axis=1)])
    assert surface_gap(a, b, spacing_zyx=spacing).mean == pytest.approx(both.mean(), rel=1e-12)


def test_concentric_balls_are_apart_by_their_radii_on_average():
    small, large = sphere(12.0, room=2.5), sphere(16.0, room=1.0)
    radii = distances(small.grid, (30.0, -20.0, 7.0))
    found = mask_strength(small, small.with_mask(radii <= 16.0))
    assert found["strength_msd_mm"] == pytest.approx(4.0, abs=0.4)
    assert mask_strength(large, large)["strength_msd_mm"] == 0.0


def test_distance_to_nothing_is_not_defined():
    mask = of(lobed(1)).mask
    assert all(np.isnan(surface_gap(mask, np.zeros_like(mask), spacing_zyx=ISOTROPIC)))
