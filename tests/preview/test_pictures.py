"""The right slice, the right place, the right window, and gray levels as PyRadiomics forms them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from robustrad.core.geometry import Grid
from robustrad.perturb.sample import Sample
from robustrad.preview.frame import ASPECT, Frame
from robustrad.preview.pictures import difference, gray_levels, within
from robustrad.preview.window import Window, rounded_up, window_for, window_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from radiomics import imageoperations

GRID = Grid((60, 50, 20), (2.0, 2.0, 3.0), (-10.0, 5.0, 40.0))


def lesion(
    grid: Grid = GRID, *, modality: str = "PT", background: float = 1.0, inside: float = 6.0
) -> Sample:
    mask = np.zeros(grid.shape, dtype=bool)
    mask[8:13, 20:31, 25:40] = True
    return Sample(np.where(mask, inside, background), mask, grid, modality)


def test_the_slice_is_the_one_through_the_centroid() -> None:
    assert Frame.of(lesion()).slice_index == 10


def test_where_the_centroid_lies_between_two_parts_the_nearest_slice_that_holds_the_lesion_is_taken() -> None:
    sample = lesion()
    mask = sample.mask.copy()
    mask[9:13] = False
    mask[16] = mask[8]
    mask[17] = mask[8]
    frame = Frame.of(sample.with_mask(mask))  # centroid at 13.7, slices 8, 16 and 17
    assert frame.slice_index == 16


def test_the_crop_holds_the_lesion_with_room_around_it_and_stays_within_the_image() -> None:
    frame = Frame.of(lesion())
    left, right, top, bottom = frame.extent
    assert (right - left) / (bottom - top) == pytest.approx(ASPECT)
    assert left < 25 * 2 - 1 - 3
    assert right > 39 * 2 + 1 + 3
    assert top < 20 * 2 - 1 - 3
    assert bottom > 30 * 2 + 1 + 3
    assert left >= -1
    assert right <= 119
    assert top >= -1
    assert bottom <= 99


@pytest.mark.parametrize(
    "other",
    [
        Grid((80, 70, 5), (1.5, 1.5, 2.0), (-12.0, 3.0, 65.5)),
        Grid((30, 25, 9), (4.0, 4.0, 7.0), (-9.0, 6.0, 42.0)),
    ],
)
@pytest.mark.parametrize("direction", [(1, 0, 0, 0, 1, 0, 0, 0, 1), (-1, 0, 0, 0, -1, 0, 0, 0, 1)])
def test_a_plane_of_another_grid_lies_where_it_lies_in_the_patient(
    other: Grid, direction: tuple[float, ...]
) -> None:
    turn = np.array(direction).reshape(3, 3)
    moved = [
        Grid(grid.size, grid.spacing, tuple((turn @ np.array(grid.origin)).tolist()), direction)
        for grid in (GRID, other)
    ]
    frame = Frame.of(lesion(moved[0]))
    index = np.indices(moved[1].shape).reshape(3, -1).T.astype(float)
    world = moved[1].points(index) @ turn  # along the axes of the image
    start = np.array(moved[0].origin) @ turn
    along_x, along_y, along_z = ((world - start)[:, axis].reshape(moved[1].shape) for axis in range(3))
    for values, axis in ((along_x, 1), (along_y, 0)):
        plane = frame.cut(values, moved[1])
        rows, columns = plane.values.shape
        left, right, top, bottom = plane.extent
        first, last, count = (left, right, columns) if axis == 1 else (top, bottom, rows)
        centers = first + (np.arange(count) + 0.5) * (last - first) / count
        expected = np.broadcast_to(centers if axis == 1 else centers[:, None], plane.values.shape)
        np.testing.assert_allclose(plane.values, expected, atol=1e-9)
    depth = frame.cut(along_z, moved[1]).values
    assert np.abs(depth - frame.depth_mm).max() <= moved[1].spacing[2] / 2 + 1e-9


def test_the_patient_is_seen_from_the_feet_however_the_file_stores_him() -> None:
    assert Frame.of(lesion()).mirrored == (False, False)
    flipped = Grid(GRID.size, GRID.spacing, GRID.origin, (-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0))
    assert Frame.of(lesion(flipped)).mirrored == (True, True)
    coronal = Grid(GRID.size, GRID.spacing, GRID.origin, (1.0, 0, 0, 0, 0, 1.0, 0, -1.0, 0))
    assert Frame.of(lesion(coronal)).mirrored == (False, False)  # rows run to the feet
    assert coronal.points(np.array([[0.0, 1.0, 0.0]]))[0][2] < coronal.points(np.zeros((1, 3)))[0][2]


def window(sample: Sample) -> Window:
    return window_of(sample, Frame.of(sample))


def test_pet_is_shown_from_zero_to_the_lesions_highest_value_rounded_up() -> None:
    assert window(lesion(inside=4.3))[:3] == (0.0, 5.0, "gray_r")


def test_a_hot_spot_does_not_hide_the_rest_of_a_pet_lesion() -> None:
    sample = lesion(inside=4.3)
    voxels = sample.voxels.copy()
    voxels[10, 22, 28] = 40.0
    assert window(sample.with_image(voxels)).high == 10.0


def test_ct_is_shown_in_soft_tissue_or_in_lung() -> None:
    assert window(lesion(modality="CT", background=50.0, inside=40.0))[:2] == (-160.0, 240.0)
    assert window(lesion(modality="CT", background=-820.0, inside=40.0))[:2] == (-1350.0, 150.0)
    assert window(lesion(modality="CT", background=-1000.0, inside=40.0)).high == 240.0  # air, not lung


def test_images_without_units_are_shown_by_percentiles_and_rescaled_ones_by_their_own() -> None:
    sample = lesion(modality="MR", background=100.0, inside=900.0)
    usual = window(sample)
    assert (usual.low, usual.high) == (100.0, 900.0)
    frame = Frame.of(sample)
    assert window_for(frame.cut(sample.voxels * 1.2, GRID), usual) is usual
    scaled = window_for(frame.cut((sample.voxels - 500.0) / 400.0, GRID), usual)
    assert (scaled.low, scaled.high) == (-1.0, 1.0)


@pytest.mark.parametrize(("value", "top"), [(7.2, 8.0), (0.97, 1.0), (10.0, 10.0), (0.031, 0.04), (0.0, 1.0)])
def test_scales_end_at_round_numbers(value: float, top: float) -> None:
    assert rounded_up(value) == pytest.approx(top)


@pytest.mark.parametrize(
    "settings", [{"binWidth": 0.25}, {"binWidth": 25}, {"binCount": 32}, {"binCount": 7}]
)
@pytest.mark.parametrize("offset", [0.0, -40.0])
def test_gray_levels_are_those_of_pyradiomics(settings: dict[str, Any], offset: float) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(offset, 30.0 if "binWidth" in settings and settings["binWidth"] == 25 else 2.0, 500)
    inside = np.ones(values.shape, dtype=bool)
    expected, _ = imageoperations.binImage(values.copy(), inside, **settings)
    np.testing.assert_array_equal(gray_levels(values, values, settings), expected)


@pytest.mark.parametrize(
    "settings",
    [
        {"resegmentRange": [2.0, 6.0], "resegmentMode": "absolute"},
        {"resegmentRange": [0.3, 0.8], "resegmentMode": "relative"},
        {"resegmentRange": [1.5], "resegmentMode": "sigma"},
    ],
)
def test_what_resegmentation_keeps_is_found_from_the_values_that_are_left(settings: dict[str, Any]) -> None:
    rng = np.random.default_rng(1)
    voxels, mask = rng.normal(4.0, 2.0, (6, 7, 8)), rng.random((6, 7, 8)) < 0.7
    image, roi = sitk.GetImageFromArray(voxels), sitk.GetImageFromArray(mask.astype(np.uint8))
    kept = sitk.GetArrayFromImage(imageoperations.resegmentMask(image, roi, **settings)) > 0
    assert 0 < kept.sum() < mask.sum()
    np.testing.assert_array_equal(mask & within(voxels, voxels[kept]), kept)


def test_images_on_another_grid_are_compared_where_they_overlap() -> None:
    grid = Grid((30, 20, 10), (2.0, 2.0, 2.0))
    coarse = grid.with_spacing((2.0, 2.0, 5.0), (30, 20, 4))
    ramps = [
        np.broadcast_to(
            g.points(np.indices(g.shape).reshape(3, -1).T.astype(float))[:, 2].reshape(g.shape), g.shape
        )
        for g in (grid, coarse)
    ]
    reference = Sample(ramps[0], ramps[0] > 0, grid)
    apart = difference(reference, ramps[1], coarse)
    assert np.isfinite(apart).any()
    assert np.nanmax(np.abs(apart[1:8])) < 1e-9  # a linear ramp is the same on every grid
