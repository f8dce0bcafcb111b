"""Contours of tools and of careless hands: smoothed, thresholded, shifted, longer or shorter."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import ndimage

from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.pieces import without_crumbs
from robustrad.perturb.registry import find
from robustrad.perturb.surface import dice
from tests.perturb.shapes import lobed
from tests.perturb_delineation.lesions import CT, OBLIQUE, PET, distances, draws, dumbbell, of, sphere

ContourSmoothing, MaskShift, PoleSlices, ThresholdContour = (
    find(kind, where="tests")
    for kind in ("contour_smoothing", "mask_shift", "pole_slices", "threshold_contour")
)


def once(operator, sample, seed=0):
    return apply(operator, sample, np.random.default_rng(seed))


# Smoothing


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), PET, CT], ids=str)
def test_smoothing_keeps_a_ball_and_its_volume(spacing):
    sample = sphere(20.0, spacing=spacing)
    smooth = once(ContourSmoothing(fwhm_mm=8.0), sample).mask
    assert smooth.sum() == pytest.approx(sample.mask.sum(), rel=0.01)
    assert dice(smooth, sample.mask) > 0.98


def test_smoothing_keeps_the_voxels_that_have_most_of_the_mask_around_them():
    """Voxel by voxel: the sum of a Gaussian of distances in mm over the mask."""
    spacing = (2.0, 1.5, 3.0)
    sample = of(np.pad(lobed(1)[::2, ::2, ::2], 4), spacing=spacing)
    inside = np.argwhere(sample.mask) * spacing[::-1]
    everywhere = np.indices(sample.mask.shape).reshape(3, -1).T * spacing[::-1]

    def brute(fwhm_mm):
        sd = fwhm_mm / math.sqrt(8.0 * math.log(2.0))
        squares = ((everywhere[:, None] - inside[None]) ** 2).sum(axis=2)
        near = np.exp(-squares / (2.0 * sd**2)).sum(axis=1)
        return (near >= np.sort(near)[-len(inside)]).reshape(sample.mask.shape)

    smooth = once(ContourSmoothing(fwhm_mm=8.0), sample).mask
    assert dice(smooth, brute(8.0)) > 0.99
    assert dice(smooth, brute(12.0)) < 0.98
    assert dice(smooth, brute(5.0)) < 0.98


def test_smoothing_takes_off_a_spike_and_fills_a_notch():
    sample = sphere(15.0)
    z, y, x = (size // 2 for size in sample.mask.shape)
    mask = sample.mask.copy()
    mask[z, y, x + 12 : x + 24] = True  # 1 mm thick, 8 mm out of the ball
    mask[z, y - 15 : y - 10, x] = False
    smooth = once(ContourSmoothing(fwhm_mm=8.0), sample.with_mask(mask)).mask
    assert not smooth[z, y, x + 18 : x + 24].any()
    assert smooth[z, y - 14 : y - 10, x].all()


def test_smoothing_lessens_the_surface_and_more_so_with_its_width():
    sample = of(np.pad(lobed(1), 12), spacing=(2.0, 2.0, 3.0))
    faces = []
    for width in (0.0, 4.0, 6.0, 8.0):
        mask = once(ContourSmoothing(fwhm_mm=width), sample).mask
        faces.append(sum(int(np.diff(mask, axis=axis).sum()) for axis in range(3)))
        assert mask.sum() == pytest.approx(sample.mask.sum(), rel=0.1)
    assert all(a > b for a, b in itertools.pairwise(faces)), faces


def test_smoothing_that_tears_a_mask_apart_is_skipped():
    found = once(ContourSmoothing(fwhm_mm=12.0), of(dumbbell()))
    assert isinstance(found, Skipped)
    assert "break apart" in found.reason


# Thresholds


@pytest.mark.parametrize(("scalars", "level"), [
    ({"fraction_of_max": 0.41}, 0.41 * 8), ({"suv": 2.5}, 2.5), ({"suv": 4.0}, 4.0),
    ({"above_background": 0.5}, 4.5),
])  # fmt: skip
def test_threshold_gives_the_isocontour_of_the_image(scalars, level):
    """The ball's profile falls from 8 to 1 (background): the isocontour is known everywhere."""
    sample = sphere(20.0, spacing=CT, room=2.2)
    radii = distances(sample.grid, (30.0, -20.0, 7.0))
    voxels = np.interp(radii, [15.0, 27.0], [8.0, 1.0])
    found = once(ThresholdContour(**scalars), sample.with_image(voxels)).mask
    np.testing.assert_array_equal(found, voxels >= level)


def test_threshold_sees_the_perturbed_image():
    sample = sphere(15.0)
    scaled = sample.with_image(0.5 * sample.voxels)
    assert (
        once(ThresholdContour(suv=2.5), scaled).mask.sum()
        < once(ThresholdContour(suv=2.5), sample).mask.sum()
    )
    relative = ThresholdContour(fraction_of_max=0.41)
    np.testing.assert_array_equal(once(relative, scaled).mask, once(relative, sample).mask)


def test_threshold_stays_with_the_given_lesion():
    """A hotter organ apart from it does not count; one that touches it is followed only so far."""
    sample = sphere(10.0, room=5.0)
    z, y, x = (size // 2 for size in sample.mask.shape)
    voxels = sample.voxels.copy()
    voxels[z - 3 : z + 4, y - 3 : y + 4, x + 16 : x + 22] = 40.0
    plain = once(ThresholdContour(suv=4.0), sample).mask
    np.testing.assert_array_equal(once(ThresholdContour(suv=4.0), sample.with_image(voxels)).mask, plain)
    voxels[z - 3 : z + 4, y - 3 : y + 4, x : x + 45] = 8.0
    leaking = once(ThresholdContour(suv=4.0, reach_mm=12.0), sample.with_image(voxels)).mask
    assert leaking.sum() > plain.sum()
    assert distances(sample.grid, (30.0, -20.0, 7.0))[leaking].max() <= 10.0 + 12.0 + 1.0


def test_threshold_that_no_voxel_reaches_is_skipped():
    found = once(ThresholdContour(suv=9.0), sphere(10.0))
    assert isinstance(found, Skipped)
    assert found.reason == "the highest value in the mask is 7.99, the threshold 9"


def test_lesion_of_many_hot_spots_breaks_apart():
    sample = sphere(12.0)
    spots = np.zeros(sample.mask.shape, dtype=bool)
    spots[::4, ::4, ::4] = True
    found = once(ThresholdContour(fraction_of_max=0.41), sample.with_image(1.0 + 9.0 * spots))
    assert isinstance(found, Skipped)
    assert "break apart" in found.reason


def test_background_needs_an_image_around_the_lesion():
    sample = of(np.ones((4, 5, 6), dtype=bool), voxels=np.full((4, 5, 6), 3.0))
    assert "no background" in ThresholdContour(above_background=0.5).skip(sample)


@pytest.mark.parametrize("scalars", [{}, {"suv": 2.5, "fraction_of_max": 0.41}, {"fraction_of_max": 1.2}])
def test_one_threshold_is_declared(scalars):
    with pytest.raises(ValidationError):
        ThresholdContour(**scalars)


# Shift


def center_of(sample, mask):
    return sample.grid.points(np.argwhere(mask).mean(axis=0)[None])[0]


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), PET], ids=str)
@pytest.mark.parametrize("distance", [0.7, 3.0, 10.0])
def test_centroid_moves_by_the_distance_in_any_direction(distance, spacing):
    sample = sphere(20.0, spacing=spacing, direction=OBLIQUE, room=2.2)
    start = center_of(sample, sample.mask)
    moves = np.array([
        center_of(sample, mask) - start for mask in draws(MaskShift(distance_mm=distance), sample, 12)
    ])  # fmt: skip
    np.testing.assert_allclose(np.linalg.norm(moves, axis=1), distance, rtol=0.1, atol=0.3)
    assert (moves.min(axis=0) < 0).all()
    assert (moves.max(axis=0) > 0).all()


def test_shift_keeps_size_and_shares_its_direction_over_distances():
    sample = sphere(15.0, spacing=CT, room=2.5)
    start = center_of(sample, sample.mask)
    short, long = (draws(MaskShift(distance_mm=d), sample, 1)[0] for d in (3.0, 9.0))
    assert short.sum() == long.sum() == sample.mask.sum()
    np.testing.assert_allclose(
        3 * (center_of(sample, short) - start), center_of(sample, long) - start, atol=0.6
    )


def test_shift_has_the_dice_of_two_balls():
    """Two balls of radius r at distance d overlap by 1 - 3d / (4r) + d^3 / (16 r^3)."""
    sample = sphere(20.0)
    for distance in (2.0, 6.0):
        expected = 1 - 3 * distance / 80 + distance**3 / (16 * 20**3)
        for mask in draws(MaskShift(distance_mm=distance), sample, 2):
            assert dice(mask, sample.mask) == pytest.approx(expected, abs=0.01)


def test_shift_out_of_the_image_is_drawn_again_and_in_the_end_refused():
    sample = sphere(10.0, room=1.1)
    found = once(MaskShift(distance_mm=60.0), sample)
    assert found == Skipped("the mask would vanish, in 16 draws in a row")


# Poles


def ends(mask):
    slices = np.flatnonzero(mask.any(axis=(1, 2)))
    return slices[0], slices[-1]


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), CT], ids=str)
def test_signed_poles_move_both_ends_by_whole_slices(spacing):
    sample = sphere(15.0, spacing=spacing, room=2.2)
    first, last = ends(sample.mask)
    for mean in (-6.0, 6.0):
        mask = draws(PoleSlices(mean_mm=mean), sample, 1)[0]
        count = round(mean / spacing[2])
        assert ends(mask) == (first - count, last + count)
        inner = slice(max(first, first - count), min(last, last + count) + 1)
        np.testing.assert_array_equal(mask[inner], sample.mask[inner])
        if mean > 0:
            assert all(np.array_equal(mask[k], sample.mask[first]) for k in range(first - count, first))
            assert all(np.array_equal(mask[k], sample.mask[last]) for k in range(last, last + count + 1))


def test_random_poles_have_the_sd_in_mm_and_move_independently():
    sample = sphere(20.0, spacing=(2.0, 2.0, 1.0), room=2.0)
    first, last = ends(sample.mask)
    moves = np.array([
        (first - a, b - last) for a, b in map(ends, draws(PoleSlices(sd_mm=4.0), sample, 300))
    ])  # fmt: skip
    assert moves.std(axis=0) == pytest.approx([4.0, 4.0], rel=0.15)
    assert abs(moves.mean(axis=0)).max() < 0.9
    assert abs(np.corrcoef(moves.T)[0, 1]) < 0.2


def test_no_slices_beyond_the_image():
    sample = sphere(10.0, room=1.05)
    mask = draws(PoleSlices(mean_mm=40.0), sample, 1)[0]
    assert ends(mask) == (0, len(mask) - 1)


def test_lesion_shorter_than_what_is_cut_is_refused():
    found = once(PoleSlices(mean_mm=-12.0), sphere(10.0))
    assert found == Skipped("the mask would vanish, in 16 draws in a row")


# Pieces


def test_crumbs_fall_off_and_only_they():
    ball = sphere(8.0).mask
    after = ball.copy()
    after[0, 0, 0] = True
    found = without_crumbs(ball, after)
    assert found.broken is None
    np.testing.assert_array_equal(found.mask, ball)


def test_pieces_that_were_there_stay():
    two = dumbbell()
    two[:, :, 30:40] = False
    found = without_crumbs(two, ndimage.binary_dilation(two))
    assert found.broken is None
    np.testing.assert_array_equal(found.mask, ndimage.binary_dilation(two))


def test_breaking_and_vanishing_are_told():
    whole = dumbbell()
    cut = whole.copy()
    cut[:, :, 30:40] = False
    assert "break apart" in without_crumbs(whole, cut).broken
    half = cut.copy()
    half[:, :, 35:] = False
    assert without_crumbs(cut, half).broken == "a piece of the mask would vanish"
    assert without_crumbs(cut, np.zeros_like(cut)).broken == "the mask would vanish"
