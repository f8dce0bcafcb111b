from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from robustrad.core.geometry import Grid
from robustrad.demo.phantom import FINE_GRID, FINE_MM, GRID
from robustrad.demo.shapes import LobedShape, draw_shape, gauge, occupancy, smallest

BALL = LobedShape(np.zeros(3), np.eye(3), np.empty((0, 3)), np.empty(0), np.empty(0))


def test_without_lobes_the_gauge_is_the_distance_from_the_center() -> None:
    level, radius = gauge(BALL, GRID)
    index = np.argwhere(np.ones(GRID.shape))
    distance = np.linalg.norm(GRID.points(index.astype(float)), axis=1).reshape(GRID.shape)
    np.testing.assert_allclose(level, distance, atol=1e-9)
    np.testing.assert_allclose(radius, distance, atol=1e-9)


def test_occupancy_of_a_ball_sums_to_its_volume() -> None:
    level, radius = gauge(BALL, FINE_GRID)
    share = occupancy(level, radius, 30.0, FINE_MM)
    assert share.sum() * FINE_MM**3 == pytest.approx(4 / 3 * np.pi * 30**3, rel=2e-3)


def test_a_lobe_points_where_its_direction_says() -> None:
    along_x = LobedShape(
        np.zeros(3), np.eye(3), np.array([[1.0, 0.0, 0.0]]), np.array([0.5]), np.array([8.0])
    )
    mask, _ = smallest(gauge(along_x, GRID)[0], 500)
    points = GRID.points(np.argwhere(mask).astype(float))
    assert points[:, 0].max() > 1.2 * np.abs(points[:, 1:]).max()


def test_the_gauge_is_homogeneous_along_rays() -> None:
    shape = draw_shape(np.random.default_rng(3), wander_mm=0.0)
    near = Grid((10, 10, 10), (1.0, 1.0, 1.0), (2.0, 3.0, 4.0))
    far = Grid((10, 10, 10), (2.5, 2.5, 2.5), (5.0, 7.5, 10.0))
    np.testing.assert_allclose(gauge(shape, far)[0], 2.5 * gauge(shape, near)[0], rtol=1e-12)


@pytest.mark.parametrize("milliliters", [15, 250])
def test_every_shape_is_one_piece_with_its_volume_and_a_margin(milliliters: int) -> None:
    voxels = round(milliliters * 1000 / GRID.voxel_volume)
    for seed in range(40):
        mask, _ = smallest(gauge(draw_shape(np.random.default_rng(seed)), GRID)[0], voxels)
        where = np.argwhere(mask)
        assert mask.sum() == voxels
        assert ndimage.label(mask)[1] == 1
        assert where.min() >= 3
        assert where.max() <= 39 - 3


def surface(shape: LobedShape, voxels: int) -> float:
    """Return the integral of |grad| of the smoothed indicator, in voxel faces."""
    mask, _ = smallest(gauge(shape, GRID)[0], voxels)
    gradient = np.gradient(ndimage.gaussian_filter(mask.astype(float), 1.5))
    return float(np.sqrt(sum(g**2 for g in gradient)).sum())


def test_shapes_are_lobed_and_differ() -> None:
    ball = surface(BALL, 2000)
    ratios = [surface(draw_shape(np.random.default_rng(seed)), 2000) / ball for seed in range(20)]
    assert min(ratios) > 1.0  # of all bodies of one volume the ball has the smallest surface
    assert np.mean(ratios) > 1.04
    assert max(ratios) - min(ratios) > 0.05


def test_smallest_takes_exactly_that_many() -> None:
    values = np.random.default_rng(0).normal(size=(5, 6, 7))
    mask, threshold = smallest(values, 17)
    assert mask.sum() == 17
    assert values[mask].max() == threshold
    assert values[~mask].min() > threshold
