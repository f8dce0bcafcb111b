from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from robustrad.core.errors import ProtocolError
from robustrad.core.geometry import Grid
from robustrad.extract.analysis_grid import AnalysisGrid, bounding_box, sample_image, sample_mask
from robustrad.extract.engine import RegionRefusedError
from robustrad.extract.sampling import lay_grid
from robustrad.perturb.sample import Sampling
from tests.extract.phantom import OBLIQUE, lesion, orthonormal

with warnings.catch_warnings(action="ignore"):
    from radiomics import imageoperations


def laid(
    image: sitk.Image, mask: sitk.Image, options: dict[str, Any], **wish: Any
) -> tuple[AnalysisGrid, sitk.Image, sitk.Image]:
    grid = lay_grid(Grid.of(image), mask, options, sampling=Sampling(**wish))
    interpolator = options.get("interpolator", "sitkBSpline")
    return grid, sample_image(image, grid, interpolator), sample_mask(mask, grid)


def assert_same(ours: sitk.Image, theirs: sitk.Image) -> None:
    assert Grid.of(ours) == Grid.of(theirs)
    assert ours.GetPixelID() == theirs.GetPixelID()
    assert sitk.GetArrayFromImage(ours).tobytes() == sitk.GetArrayFromImage(theirs).tobytes()


def array(image: sitk.Image) -> np.ndarray[Any, Any]:
    return sitk.GetArrayFromImage(image)


SMALL = lesion(shape=(9, 14, 12), direction=OBLIQUE, spacing=(1.2, 1.7, 3.0))
spacings = st.floats(0.4, 4.0).map(lambda v: round(v, 3))


@settings(deadline=None, max_examples=60)
@given(
    new=st.tuples(*[st.one_of(spacings, st.just(0.0))] * 3),
    old=st.tuples(spacings, spacings, spacings),
    pad=st.integers(0, 8),
    oblique=st.booleans(),
    integer=st.booleans(),
    at=st.tuples(st.integers(0, 8), st.integers(0, 7), st.integers(0, 6)),
    size=st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)),
    interpolator=st.sampled_from(["sitkBSpline", "sitkLinear", "sitkNearestNeighbor"]),
)
def test_with_no_shift_and_no_rotation_it_is_pyradiomics_own_grid_bit_for_bit(
    new: Any, old: Any, pad: int, oblique: bool, integer: bool, at: Any, size: Any, interpolator: str
) -> None:
    image, _ = lesion(
        shape=(10, 12, 13),
        spacing=old,
        direction=OBLIQUE if oblique else None,
        kind=np.int16 if integer else np.float64,
    )
    inside = np.zeros((10, 12, 13), np.uint32)
    inside[tuple(slice(a, a + n) for a, n in zip(reversed(at), reversed(size), strict=True))] = 1
    mask = Grid.of(image).image(inside)
    options = {"resampledPixelSpacing": new, "padDistance": pad, "interpolator": interpolator}
    theirs = imageoperations.resampleImage(image, mask, label=1, **options)
    grid, *ours = laid(image, mask, options)
    for one, other in zip(ours, theirs, strict=True):
        assert_same(one, other)
    assert Grid.of(ours[0]) == grid.grid


def test_where_the_image_has_the_spacing_already_it_is_cropped_and_not_interpolated() -> None:
    image, mask = lesion(spacing=(2.0, 2.0, 2.0))
    options = {"resampledPixelSpacing": [2, 2, 2.0000001], "padDistance": 2}
    grid, ours, region = laid(image, mask, options)
    assert not grid.interpolate
    theirs = imageoperations.resampleImage(image, mask, label=1, **options)
    np.testing.assert_array_equal(array(ours), array(theirs[0]))
    np.testing.assert_array_equal(array(region), array(theirs[1]))
    np.testing.assert_allclose(ours.GetOrigin(), grid.grid.origin, rtol=0, atol=1e-9)


def test_a_mask_on_another_grid_lays_the_grid_as_in_pyradiomics() -> None:
    image, _ = lesion(spacing=(1.5, 1.5, 3.0))
    _, mask = lesion(spacing=(1.5, 1.5, 3.0), shape=(12, 24, 22))
    mask.SetOrigin([o + 2.3 for o in image.GetOrigin()])
    for spacing in ((2, 2, 2), (1.5, 1.5, 3)):
        options = {"resampledPixelSpacing": spacing, "padDistance": 1}
        _, *ours = laid(image, mask, options)
        for one, other in zip(
            ours, imageoperations.resampleImage(image, mask, label=1, **options), strict=True
        ):
            assert_same(one, other)


def test_without_resampling_the_image_is_untouched_and_whole_or_cropped() -> None:
    image, mask = lesion()
    grid, same, _ = laid(image, mask, {})
    assert grid == AnalysisGrid(Grid.of(image), False, Grid.of(image))
    assert same is image
    grid, cropped, _ = laid(image, mask, {"preCrop": True, "padDistance": 3, "interpolator": None})
    box = bounding_box(mask)
    low = np.maximum(box.lower - 3, 0)
    high = np.minimum(box.lower + box.size + 3, image.GetSize())
    x, y, z = (slice(a, b) for a, b in zip(low, high, strict=True))
    np.testing.assert_array_equal(array(cropped), array(image)[z, y, x])


def test_the_wished_spacing_replaces_the_settings() -> None:
    image, mask = lesion()
    one, *_ = laid(image, mask, {"resampledPixelSpacing": [1, 1, 1]}, spacing_mm=(2.0, 2.5, 0.0))
    two, *_ = laid(image, mask, {"resampledPixelSpacing": [2, 2.5, 0]})
    assert one == two
    assert one.grid.spacing == (2.0, 2.5, 3.0)


def test_a_whole_turn_and_a_zero_shift_are_the_reference_bit_for_bit() -> None:
    image, mask = lesion(direction=OBLIQUE)
    options = {"resampledPixelSpacing": [1.2, 1.2, 1.2]}
    reference, *images = laid(image, mask, options)
    for degrees in (0.0, -0.0, 360.0, -720.0):
        other, *others = laid(image, mask, options, rotation_deg=degrees, shift=(0.0, -0.0, 0.0))
        assert (other.grid, other.transform) == (reference.grid, None)
        for one, two in zip(images, others, strict=True):
            assert_same(one, two)


@settings(deadline=None, max_examples=60)
@given(
    f=st.tuples(*[st.floats(-1.5, 1.5).map(lambda v: round(v, 3))] * 3),
    new=st.tuples(spacings, spacings, spacings),
    pad=st.integers(0, 4),
    border=st.booleans(),
)
def test_a_shift_moves_the_lattice_by_its_fraction_and_keeps_the_whole_region(
    f: Any, new: Any, pad: int, border: bool
) -> None:
    image, mask = SMALL
    if border:
        mask = Grid.of(image).image(np.ones(Grid.of(image).shape, np.uint32))
    pad = max(pad, int(np.max(np.array(image.GetSpacing()) / new) / 2))  # see the next test
    options = {"resampledPixelSpacing": new, "padDistance": pad}
    still = lay_grid(Grid.of(image), mask, options)
    moved = lay_grid(Grid.of(image), mask, options, sampling=Sampling(shift=f))
    steps = _steps(still.grid, moved.grid.origin) - np.array(f)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
    assert _holds_all_centers(moved, mask)
    if not border:
        assert _reach_beyond(moved, mask) <= 1e-6


@pytest.mark.parametrize("wish", [{}, {"shift": (0.25, 0.5, 0.75)}, {"rotation_deg": 25.0}])
def test_region_voxels_that_pyradiomics_margin_cuts_off_are_counted(wish: Any) -> None:
    image, mask = SMALL
    narrow, _, few = laid(
        image, mask, {"resampledPixelSpacing": (0.31, 0.31, 0.31), "padDistance": 0}, **wish
    )
    wide, _, all_ = laid(image, mask, {"resampledPixelSpacing": (0.31, 0.31, 0.31), "padDistance": 9}, **wish)
    cut = np.count_nonzero(array(all_)) - np.count_nonzero(array(few))
    assert cut > 0
    assert any(note.startswith(f"{cut} voxels of the ROI lie beyond") for note in narrow.notes)
    assert not any("voxels of the ROI" in note for note in wide.notes)


@settings(deadline=None, max_examples=40)
@given(
    degrees=st.floats(-180, 180).map(lambda v: round(v, 2)),
    f=st.tuples(*[st.floats(-0.9, 0.9)] * 3),
    pad=st.integers(0, 4),
)
def test_a_rotation_keeps_the_whole_region_whatever_the_angle(degrees: float, f: Any, pad: int) -> None:
    image, mask = SMALL
    # No center of this lattice falls onto a face between voxels, where rounding would choose the nearest.
    options = {"resampledPixelSpacing": (1.47, 1.47, 1.47), "padDistance": pad}
    turned, _, region = laid(image, mask, options, rotation_deg=degrees, shift=f)
    assert _reach_beyond(turned, mask) <= 1e-6
    _, _, wider = laid(image, mask, {**options, "padDistance": pad + 9}, rotation_deg=degrees, shift=f)
    assert np.count_nonzero(array(region)) == np.count_nonzero(array(wider)) > 0


def _steps(grid: Grid, points: Any) -> Any:
    """Return world points as continuous indices (x, y, z) of ``grid``."""
    back = np.linalg.inv(np.array(grid.direction).reshape(3, 3))
    return (np.asarray(points) - grid.origin) @ back.T / grid.spacing


def _corners(mask: sitk.Image) -> Any:
    """Return the world points of all corners of all ROI voxels."""
    inside = np.argwhere(array(mask)).astype(float)
    offsets = np.array(np.meshgrid(*[(-0.5, 0.5)] * 3)).reshape(3, 8).T
    return Grid.of(mask).points((inside[:, None] + offsets).reshape(-1, 3))


def _forward(laid_: AnalysisGrid, points: Any) -> Any:
    if laid_.transform is None:
        return points
    inverse = laid_.transform.GetInverse()
    return np.array([inverse.TransformPoint(point) for point in np.asarray(points).tolist()])


def _reach_beyond(laid_: AnalysisGrid, mask: sitk.Image) -> float:
    """Return by how many voxels the ROI, voxel corners included, leaves the analysis grid."""
    steps = _steps(laid_.grid, _forward(laid_, _corners(mask)))
    over = np.maximum(-0.5 - steps, steps - (np.array(laid_.grid.size) - 0.5))
    return float(over.max())


def _holds_all_centers(laid_: AnalysisGrid, mask: sitk.Image) -> bool:
    """Return whether the grid holds every center of its lattice that lies in the ROI's bounding box."""
    steps = _steps(laid_.grid, _corners(mask))
    first, last = np.ceil(steps.min(axis=0) + 1e-6), np.floor(steps.max(axis=0) - 1e-6)
    return bool(np.all(first >= 0) and np.all(last <= np.array(laid_.grid.size) - 1))


@pytest.mark.parametrize("shift", [(1.0, 0.0, 0.0), (0.0, -2.0, 3.0)])
def test_whole_shifts_on_the_images_own_lattice_are_slices_of_the_image(shift: Any) -> None:
    image, mask = lesion(spacing=(2.0, 2.0, 2.0))
    options = {"resampledPixelSpacing": [2, 2, 2], "padDistance": 2}
    still, *_ = laid(image, mask, options)
    moved, values, region = laid(image, mask, options, shift=shift)
    assert moved.interpolate
    start = np.round(_steps(Grid.of(image), moved.grid.origin)).astype(int)
    x, y, z = (slice(a, a + n) for a, n in zip(start, moved.grid.size, strict=True))
    np.testing.assert_allclose(array(values), array(image)[z, y, x], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(array(region), array(mask)[z, y, x])
    assert np.count_nonzero(array(region)) == np.count_nonzero(array(mask))
    assert still.grid.spacing == moved.grid.spacing


@pytest.mark.parametrize(
    ("degrees", "quarters"), [(90.0, 1), (-90.0, 3), (180.0, 2), (270.0, 3), (-630.0, 1)]
)
@pytest.mark.parametrize("direction", [None, OBLIQUE, (1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0)])
def test_quarter_turns_are_those_of_the_array(degrees: float, quarters: int, direction: Any) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(5, 12, 12))
    inside = np.zeros((5, 12, 12), np.uint32)
    inside[1:4, 4:8, 4:8] = rng.integers(0, 2, (3, 4, 4))
    inside[1:4, 4:8, 4:8] |= inside[1:4, 4:8, 4:8][:, ::-1, ::-1]  # its centroid is the center of the plane
    inside[2, 4, 4:8] = inside[2, 7, 4:8] = inside[2, 4:8, 4] = inside[2, 4:8, 7] = 1
    grid = Grid((12, 12, 5), (2.0, 2.0, 3.0), (5.0, -7.0, 9.0))
    if direction:
        turn = orthonormal(direction) if direction is OBLIQUE else direction
        grid = replace(grid, direction=turn)
    image, mask = grid.image(values), grid.image(inside)
    options = {"resampledPixelSpacing": [2, 2, 3], "padDistance": 2}
    turned, ours, region = laid(image, mask, options, rotation_deg=degrees)
    start = np.round(_steps(grid, turned.grid.origin)).astype(int)
    x, y, z = (slice(a, a + n) for a, n in zip(start, turned.grid.size, strict=True))
    # +x towards +y: rows are y, columns x, so that np.rot90 counts from rows to columns
    expected = np.rot90(values, quarters, axes=(2, 1))[z, y, x]
    np.testing.assert_allclose(array(ours), expected, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(array(region), np.rot90(inside, quarters, axes=(2, 1))[z, y, x])


def test_a_positive_rotation_turns_x_towards_y() -> None:
    values = np.zeros((3, 21, 21))
    inside = np.zeros((3, 21, 21), np.uint32)
    inside[:, 10, 4:17] = 1
    values[:, 10, 15:17] = 100.0  # the end at +x
    grid = Grid((21, 21, 3), (1.0, 1.0, 1.0))
    turned, ours, _ = laid(
        grid.image(values), grid.image(inside), {"interpolator": "sitkLinear"}, rotation_deg=30.0
    )
    z, y, x = np.unravel_index(np.argmax(array(ours)), array(ours).shape)
    point = turned.grid.points(np.array([[float(z), float(y), float(x)]]))[0]
    expected = (10 + 5.5 * np.cos(np.pi / 6), 10 + 5.5 * np.sin(np.pi / 6))
    np.testing.assert_allclose(point[:2], expected, atol=1.0)


def test_a_rotation_leaves_the_third_axis_and_the_centroid_where_they_are() -> None:
    image, mask = lesion(direction=OBLIQUE)
    turned, _, region = laid(image, mask, {"resampledPixelSpacing": [1, 1, 1]}, rotation_deg=37.0)
    before = _corners(mask).mean(axis=0)
    np.testing.assert_allclose(_corners(region).mean(axis=0), before, atol=0.15)
    assert turned.transform is not None
    axis = np.array(image.GetDirection()).reshape(3, 3)[:, 2]
    moved = np.array(turned.transform.TransformPoint((before + 7 * axis).tolist()))
    np.testing.assert_allclose(moved, before + 7 * axis, atol=1e-9)


def test_a_grid_that_leaves_the_image_says_so_and_one_that_does_not_is_silent() -> None:
    image, _ = lesion(shape=(12, 16, 16), spacing=(1.0, 1.0, 1.0))
    inside = np.zeros((12, 16, 16), np.uint32)
    inside[2:10, 0:12, 0:12] = 1
    turned, values, _ = laid(image, Grid.of(image).image(inside), {"padDistance": 4}, rotation_deg=20.0)
    assert "beyond the image; those voxels hold 0" in turned.notes[0]
    assert array(values)[0, 0, 0] == 0
    inside[:] = 0
    inside[4:8, 6:10, 6:10] = 1
    quiet, *_ = laid(image, Grid.of(image).image(inside), {"padDistance": 1}, rotation_deg=20.0)
    assert quiet.notes == ()


def test_a_single_slice_keeps_its_spacing_across() -> None:
    image, _ = lesion()
    inside = np.zeros(Grid.of(image).shape, np.uint32)
    inside[6, 8:18, 8:16] = 1
    mask = Grid.of(image).image(inside)
    for wish in ({}, {"shift": (0.5, 0.5, 0.0)}, {"rotation_deg": 5.0}):
        assert laid(image, mask, {"resampledPixelSpacing": [1, 1, 1]}, **wish)[0].grid.spacing == (1, 1, 3.0)


def test_a_region_that_leaves_the_image_is_refused() -> None:
    image, mask = lesion()
    mask.SetOrigin([o + 15 for o in mask.GetOrigin()])
    with pytest.raises(RegionRefusedError, match="leaves the image"):
        laid(image, mask, {"resampledPixelSpacing": [1, 1, 1]})


def test_an_empty_mask_is_refused() -> None:
    image, mask = lesion()
    with pytest.raises(RegionRefusedError, match="empty"):
        laid(image, mask * 0, {"resampledPixelSpacing": [1, 1, 1]})


@pytest.mark.parametrize(
    "wish", [{"shift": (0.5, 0.0, 0.0)}, {"rotation_deg": 1.0}, {"spacing_mm": (1.0, 1.0, 1.0)}]
)
def test_a_grid_cannot_vary_where_interpolation_is_switched_off(wish: Any) -> None:
    image, mask = lesion()
    with pytest.raises(ProtocolError, match="interpolator"):
        laid(image, mask, {"interpolator": None}, **wish)
