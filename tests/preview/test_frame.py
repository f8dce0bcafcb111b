"""The right slice and the right place, on any grid."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.core.geometry import Grid
from robustrad.preview.frame import ASPECT, Frame
from tests.preview.lesions import GRID, lesion


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
