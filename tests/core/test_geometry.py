"""Grids: two orders of axes, corner alignment as PyRadiomics', carrying masks, telling differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import SimpleITK as sitk

from robustrad.core.geometry import Grid, carry_mask, voxels_of

TURNED = (0.0, -1.0, 0.0, 0.8, 0.0, -0.6, 0.6, 0.0, 0.8)
GRID = Grid((5, 6, 7), (1.5, 2.0, 3.0), (10.0, -20.0, 30.0), TURNED)


def test_a_grid_survives_simpleitk():
    assert Grid.of(GRID.blank()) == GRID
    assert Grid.of(GRID.image(np.zeros(GRID.shape))) == GRID


def test_arrays_are_zyx_and_geometry_is_xyz():
    array = np.arange(210.0).reshape(GRID.shape)
    image = GRID.image(array)
    assert GRID.shape == (7, 6, 5)
    assert GRID.spacing_zyx == (3.0, 2.0, 1.5)
    assert image.GetPixel(1, 2, 3) == array[3, 2, 1]
    np.testing.assert_array_equal(voxels_of(image), array)


def test_booleans_become_eight_bits():
    assert GRID.image(np.ones(GRID.shape, dtype=bool)).GetPixelID() == sitk.sitkUInt8


def test_points_are_simpleitks():
    index = np.array([[0.0, 0.0, 0.0], [3.0, 2.0, 1.0], [6.5, 0.25, 4.0]])
    expected = [GRID.blank().TransformContinuousIndexToPhysicalPoint(row[::-1].tolist()) for row in index]
    np.testing.assert_allclose(GRID.points(index), expected, atol=1e-12)


def test_voxel_volume():
    assert GRID.voxel_volume == pytest.approx(9.0)


@pytest.mark.parametrize("spacing", [(3.0, 3.0, 3.0), (1.0, 1.0, 1.0), (0.7, 4.0, 2.2)])
def test_other_spacing_keeps_the_outer_corner(spacing):
    other = GRID.with_spacing(spacing, (4, 4, 4))
    corner = np.array([[-0.5, -0.5, -0.5]])
    np.testing.assert_allclose(other.points(corner), GRID.points(corner), atol=1e-12)


@pytest.mark.parametrize("spacing", [(3.0, 3.0, 3.0), (1.0, 1.0, 1.0), (2.5, 2.5, 2.5)])
def test_other_spacing_is_pyradiomics_own_grid(spacing):
    """PyRadiomics crops after laying the grid: its origin must be a voxel center of ours."""
    imageoperations = pytest.importorskip("radiomics.imageoperations")
    grid = Grid((30, 32, 28), (1.5, 2.0, 3.0), (10.0, -20.0, 30.0), TURNED)
    mask = np.zeros(grid.shape, dtype=bool)
    mask[8:20, 9:22, 7:21] = True
    image, region = grid.image(np.random.default_rng(0).normal(size=grid.shape)), grid.image(mask)
    resampled, _ = imageoperations.resampleImage(
        image,
        region,
        resampledPixelSpacing=list(spacing),
        interpolator=sitk.sitkBSpline,
        padDistance=2,
        label=1,
    )
    ours = grid.with_spacing(spacing, (40, 40, 40)).blank()
    index = np.array(ours.TransformPhysicalPointToContinuousIndex(resampled.GetOrigin()))
    np.testing.assert_allclose(index, np.round(index), atol=1e-4)
    np.testing.assert_allclose(resampled.GetSpacing(), spacing)


def test_carrying_a_mask_to_its_own_grid_changes_nothing():
    mask = np.random.default_rng(1).random(GRID.shape) < 0.4
    np.testing.assert_array_equal(carry_mask(mask, GRID, GRID), mask)


def test_carrying_a_mask_keeps_a_ball_a_ball():
    fine = Grid((40, 40, 40), (1.0, 1.0, 1.0), (-7.0, 3.0, 11.0))
    z, y, x = np.ogrid[:40, :40, :40]
    mask = np.asarray((z - 19.5) ** 2 + (y - 19.5) ** 2 + (x - 19.5) ** 2 <= 12.0**2)
    coarse = fine.with_spacing((2.0, 2.0, 4.0), (20, 20, 10))
    carried = carry_mask(mask, fine, coarse)
    assert carried.shape == (10, 20, 20)
    assert carried.sum() * coarse.voxel_volume == pytest.approx(4 / 3 * math.pi * 12**3, rel=0.05)
    center = coarse.points(np.argwhere(carried).astype(float)).mean(axis=0)
    np.testing.assert_allclose(center, fine.points(np.array([[19.5, 19.5, 19.5]]))[0], atol=1e-9)


def test_half_a_voxel_is_inside_and_beyond_the_image_is_outside():
    old = Grid((4, 1, 1), (1.0, 1.0, 1.0))
    mask = np.array([[[True, True, False, False]]])
    half = Grid((4, 1, 1), (1.0, 1.0, 1.0), (0.5, 0.0, 0.0))
    assert carry_mask(mask, old, half).ravel().tolist() == [True, True, False, False]
    beyond = Grid((4, 1, 1), (1.0, 1.0, 1.0), (-3.0, 0.0, 0.0))
    assert carry_mask(mask, old, beyond).ravel().tolist() == [False, False, False, True]


def test_equal_grids_have_no_differences():
    nearly = Grid((5, 6, 7), (1.5, 2.0, 3.00001), (10.0, -20.0, 30.00001), TURNED)
    assert GRID.differences(nearly) == []


@pytest.mark.parametrize(("change", "told"), [
    ({"size": (5, 6, 8)}, "size 5x6x7 and 5x6x8"),
    ({"spacing": (1.5, 2.0, 2.5)}, "spacing 1.5x2x3 and 1.5x2x2.5"),
    ({"origin": (10.0, -20.0, 31.0)}, "origin 10x-20x30 and 10x-20x31"),
])  # fmt: skip
def test_differences_are_told_with_both_numbers(change, told):
    from dataclasses import replace

    assert GRID.differences(replace(GRID, **change)) == [told]


def test_all_differences_are_told_at_once():
    found = GRID.differences(Grid((1, 1, 1), (1.0, 1.0, 1.0)))
    assert [line.split()[0] for line in found] == ["size", "spacing", "origin", "direction"]
