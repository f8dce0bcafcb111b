"""Borders: what is told of the grid is what counting its voxels one by one finds."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from robustrad.core.geometry import Grid
from robustrad.extract.engine import RegionRefusedError
from robustrad.extract.sampling import lay_grid, sample_mask
from robustrad.perturb.sample import Sampling
from tests.extract.phantom import OBLIQUE, lesion

BEYOND = "lies beyond the image"
IMAGE, _ = lesion(shape=(10, 14, 12), direction=OBLIQUE, spacing=(1.2, 1.7, 3.0))
GRID = Grid.of(IMAGE)


def block(low: tuple[int, int, int], high: tuple[int, int, int]) -> sitk.Image:
    """A cuboid ROI on the image's grid; (z, y, x), the last included."""
    inside = np.zeros(GRID.shape, np.uint32)
    inside[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))] = 1
    return GRID.image(inside)


ENDS = st.tuples(*[st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).map(sorted) for n in GRID.shape])


@settings(deadline=None, max_examples=60)
@given(
    ends=ENDS,
    pad=st.integers(0, 4),
    shift=st.sampled_from([0.0, 0.25, 0.5]),
    turn=st.sampled_from([0.0, 9.0]),
)
def test_a_grid_is_told_to_leave_the_image_where_one_of_its_voxels_does(ends, pad, shift, turn):
    mask = block(*zip(*ends, strict=True))
    options = {"resampledPixelSpacing": [1.5, 1.5, 2.0], "padDistance": pad}
    laid = lay_grid(GRID, mask, options, sampling=Sampling(shift=(shift, shift, 0.0), rotation_deg=turn))
    beyond = False
    for place in np.ndindex(*laid.grid.shape):
        point = laid.grid.points(np.array([place], dtype=float))[0].tolist()
        if laid.transform is not None:
            point = laid.transform.TransformPoint(point)
        at = np.array(IMAGE.TransformPhysicalPointToContinuousIndex(point))
        beyond |= bool((at < -0.5 - 1e-6).any() or (at > np.array(GRID.size) - 0.5 + 1e-6).any())
    assert any(BEYOND in note for note in laid.notes) == beyond


@pytest.mark.parametrize("spacing", [0.37, 0.7])  # no center falls on the border of a voxel
def test_the_voxels_that_the_grid_cuts_off_are_those_that_a_wider_one_holds(spacing):
    image, mask = lesion()
    options = {"resampledPixelSpacing": [spacing] * 3, "padDistance": 0}
    laid = lay_grid(Grid.of(image), mask, options)
    low = laid.grid.points(np.full((1, 3), -6.0))[0]
    size = tuple(n + 12 for n in laid.grid.size)
    wider = replace(laid, grid=replace(laid.grid, size=size, origin=tuple(float(v) for v in low)))
    held = [np.count_nonzero(sitk.GetArrayFromImage(sample_mask(mask, to))) for to in (wider, laid)]
    told = [int(found[1]) for note in laid.notes if (found := re.match(r"(\d+) voxels of the ROI", note))]
    assert held[0] > held[1]
    assert told == [held[0] - held[1]]


def test_a_box_may_leave_the_image_by_the_rounding_of_headers_alone():
    mask = block((2, 3, 0), (7, 9, 6))
    along_x = np.array(GRID.direction).reshape(3, 3)[:, 0] * GRID.spacing[0]
    options = {"resampledPixelSpacing": [2.0, 2.0, 2.0]}
    for part in (0.0, 0.9e-3, 1.1e-3):
        moved = sitk.Image(mask)
        moved.SetOrigin((np.array(mask.GetOrigin()) - part * along_x).tolist())
        if part <= 1e-3:
            assert lay_grid(GRID, moved, options).grid.size
        else:
            with pytest.raises(RegionRefusedError, match="bounding box of the ROI leaves the image"):
                lay_grid(GRID, moved, options)
