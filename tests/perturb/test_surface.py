"""Overlap and surface distances against closed forms and a brute-force second opinion."""

from __future__ import annotations

import math

import numpy as np
import pytest

from robustrad.perturb.surface import dice, hd95, surface
from tests.perturb.shapes import ball, lobed


def brute_force(a, b, spacing_zyx):
    """HD95 by all pairs of surface voxels, surfaces by looking at each voxel's six neighbors."""

    def points(mask):
        found = []
        for z, y, x in np.argwhere(mask):
            for step in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)):
                p = (z + step[0], y + step[1], x + step[2])
                if any(not 0 <= i < n for i, n in zip(p, mask.shape, strict=True)) or not mask[p]:
                    found.append((z, y, x))
                    break
        return np.array(found) * np.array(spacing_zyx)

    one, other = points(a), points(b)
    pairs = np.linalg.norm(one[:, None] - other[None], axis=2)
    return max(np.percentile(pairs.min(axis=1), 95), np.percentile(pairs.min(axis=0), 95))


@pytest.mark.parametrize("spacing_zyx", [(1.0, 1.0, 1.0), (3.27, 5.47, 5.47), (5.0, 0.98, 0.98)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_hd95_equals_brute_force(seed, spacing_zyx):
    a, b = lobed(seed, (12, 14, 16)), lobed(seed + 10, (12, 14, 16))
    assert hd95(a, b, spacing_zyx=spacing_zyx) == pytest.approx(brute_force(a, b, spacing_zyx), rel=1e-12)


def test_shifted_mask_is_as_far_as_the_shift_in_mm():
    a = np.zeros((10, 12, 14), dtype=bool)
    a[3:6, 4:8, 3:5] = True
    b = np.roll(a, 3, axis=2)
    assert hd95(a, b, spacing_zyx=(5.0, 1.0, 2.0)) == pytest.approx(6.0)


def test_concentric_balls_differ_by_their_radii():
    a, b = ball((41, 41, 41), 12.0), ball((41, 41, 41), 16.0)
    assert hd95(a, b, spacing_zyx=(1.0, 1.0, 1.0)) == pytest.approx(4.0, abs=0.7)
    assert dice(a, b) == pytest.approx(2 * 12**3 / (12**3 + 16**3), abs=0.01)


def test_one_far_voxel_in_a_thousand_does_not_count():
    a = ball((60, 41, 41), 14.0)
    b = a.copy()
    b[0, 0, 0] = True
    assert hd95(a, b, spacing_zyx=(1.0, 1.0, 1.0)) == 0.0


def test_equal_disjoint_and_empty():
    a, none = ball((9, 9, 9), 3.0), np.zeros((9, 9, 9), dtype=bool)
    assert (dice(a, a), hd95(a, a, spacing_zyx=(1.0, 1.0, 1.0))) == (1.0, 0.0)
    assert dice(a, np.roll(none, 1) | ~ball((9, 9, 9), 4.0)) == 0.0
    assert math.isnan(hd95(a, none, spacing_zyx=(1.0, 1.0, 1.0)))
    assert math.isnan(dice(none, none))


def test_distance_is_symmetric_and_overlap_too():
    a, b = lobed(4), lobed(5)
    assert hd95(a, b, spacing_zyx=(1.0, 2.0, 3.0)) == hd95(b, a, spacing_zyx=(1.0, 2.0, 3.0))
    assert dice(a, b) == dice(b, a)


def test_border_of_the_image_is_surface():
    full = np.ones((5, 5, 5), dtype=bool)
    assert surface(full).sum() == 125 - 27
