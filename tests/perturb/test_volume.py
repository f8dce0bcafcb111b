"""Volume changes: exact, nested, connected, close to the surface; on lobed, thin and broken masks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.registry import kinds
from robustrad.perturb.sample import Sample
from robustrad.perturb.surface import surface_distances
from robustrad.perturb.volume import _order, grow, shrink
from tests.perturb.shapes import ball, lobed, pieces, sample_of, scattered, thin

VolumeChange = kinds()["volume_change"]
RNG = np.random.default_rng(0)
SPACINGS = ((1.0, 1.0, 1.0), (5.5, 5.5, 3.27), (0.98, 0.98, 5.0), (1.0, 2.0, 3.0))


def changed(mask, fraction, spacing=(1.0, 1.0, 1.0)):
    result = apply(VolumeChange(fraction=fraction), sample_of(mask, spacing=spacing), RNG)
    assert isinstance(result, Sample)
    return result.mask


masks = st.one_of(
    st.builds(lobed, st.integers(0, 500), share=st.sampled_from((0.05, 0.15, 0.3))),
    st.builds(thin, st.integers(0, 500)),
    st.builds(scattered, st.integers(0, 500), share=st.sampled_from((0.02, 0.1))),
)


@settings(max_examples=60, deadline=None)
@given(
    mask=masks,
    fractions=st.lists(st.floats(-0.9, 1.0), min_size=2, max_size=2),
    spacing=st.sampled_from(SPACINGS),
)
def test_volume_is_exact_nested_and_keeps_pieces_together(mask, fractions, spacing):
    count = int(mask.sum())
    results = []
    for fraction in sorted(fractions):
        target = round(count * (1 + fraction))
        if not 1 <= target <= mask.size:
            return
        result = changed(mask, fraction, spacing)
        assert result.sum() == target
        assert not (result & ~mask).any() if fraction <= 0 else not (mask & ~result).any()
        for diagonal in (False, True):
            assert pieces(result, diagonal=diagonal) <= pieces(mask, diagonal=diagonal)
        results.append(result)
    assert not (results[0] & ~results[1]).any()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 500), spacing=st.sampled_from(SPACINGS))
def test_all_levels_of_a_ladder_are_nested(seed, spacing):
    mask = lobed(seed)
    ladder = [changed(mask, f, spacing) for f in (-0.8, -0.5, -0.3, -0.1, -0.05, 0.05, 0.1, 0.3, 0.5, 1.0)]
    for smaller, larger in pairwise(ladder):
        assert not (smaller & ~larger).any()


def test_diagonally_joined_mask_stays_joined():
    mask = np.zeros((4, 9, 9), dtype=bool)
    mask[1:3, 1:4, 1:4] = mask[1:3, 4:7, 4:7] = True  # they meet along an edge
    assert pieces(mask, diagonal=False) == 2
    for fraction in (-0.2, -0.5, -0.8):
        assert pieces(changed(mask, fraction), diagonal=True) == 1


def test_dumbbell_shrinks_at_both_ends_and_keeps_its_bridge():
    mask = np.zeros((11, 11, 31), dtype=bool)
    mask[:, :, :11] = ball((11, 11, 11), 5)
    mask[:, :, 20:] = ball((11, 11, 11), 5)
    mask[5, 5, 5:26] = True
    left = changed(mask, -0.3)
    assert pieces(left, diagonal=False) == 1
    assert left[5, 5, 5:26].all()
    ends = left[:, :, :11].sum(), left[:, :, 20:].sum()
    assert abs(int(ends[0]) - int(ends[1])) <= 8
    assert min(ends) > 0.6 * ball((11, 11, 11), 5).sum()


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("fraction", [-0.3, -0.1, 0.1, 0.3])
def test_ball_changes_evenly_all_around(spacing, fraction):
    """A ball of volume V (1 + f) is the answer: every voxel beyond half a voxel's diagonal of it is right."""
    spacing_zyx = spacing[::-1]
    shape = tuple(int(2 * 24 / step) + 7 for step in spacing_zyx)
    mask = ball(shape, 16.0, spacing_zyx)
    result = changed(mask, fraction, spacing)
    radius = (3 * result.sum() * np.prod(spacing) / (4 * np.pi)) ** (1 / 3)
    slack = 0.75 * np.linalg.norm(spacing)
    assert not (ball(shape, radius - slack, spacing_zyx) & ~result).any()
    assert not (result & ~ball(shape, radius + slack, spacing_zyx)).any()


def test_change_has_no_preferred_direction():
    mask = ball((31, 31, 31), 10.2)
    for fraction in (-0.2, -0.1, -0.03, 0.03, 0.1, 0.2):
        center = np.argwhere(changed(mask, fraction)).mean(axis=0)
        np.testing.assert_allclose(center, 15.0, atol=0.03)


def test_growth_stays_at_the_surface():
    mask = lobed(3, (30, 30, 30), share=0.1)
    grown = changed(mask, 0.2)
    assert surface_distances(grown, mask, spacing_zyx=(1.0, 1.0, 1.0)).max() <= 2.0


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 100), shift=st.tuples(*[st.integers(6, 12)] * 3), fraction=st.floats(-0.5, 0.5))
def test_place_in_the_image_does_not_matter(seed, shift, fraction):
    small = lobed(seed, (10, 11, 12))
    pad = [(12, 12)] * 3
    moved = [(s, 24 - s) for s in shift]
    here, there = changed(np.pad(small, pad), fraction), changed(np.pad(small, moved), fraction)
    rolled = np.roll(here, [s - 12 for s in shift], axis=(0, 1, 2))
    np.testing.assert_array_equal(rolled, there)


def test_image_border_is_not_a_surface():
    mask = np.zeros((10, 20, 20), dtype=bool)
    mask[:5] = True
    np.testing.assert_array_equal(
        changed(mask, -0.2), np.arange(10)[:, None, None] < np.full((10, 20, 20), 4)
    )
    np.testing.assert_array_equal(changed(mask, 0.4), np.arange(10)[:, None, None] < np.full((10, 20, 20), 7))


def test_mask_that_fills_the_image_shrinks_from_the_border():
    mask = np.ones((6, 7, 8), dtype=bool)
    left = changed(mask, -0.6)
    assert pieces(left, diagonal=False) == 1
    assert left[2:4, 3, 3:5].all()


def test_growth_into_every_voxel_and_shrinkage_to_one():
    mask = lobed(1, (8, 8, 8), share=0.6)
    assert grow(mask, (1.0, 1.0, 1.0), target=mask.size).all()
    one = shrink(mask, (1.0, 1.0, 1.0), target=1)
    assert one.sum() == 1
    assert (one & mask).any()


def test_nothing_left_and_no_room_are_skipped_with_their_numbers():
    nothing = apply(VolumeChange(fraction=-0.9), sample_of(ball((5, 5, 5), 1.0)), RNG)
    tiny = np.zeros((5, 5, 5), dtype=bool)
    tiny[2, 2, 2] = True
    assert isinstance(apply(VolumeChange(fraction=-0.6), sample_of(tiny), RNG), Skipped)
    assert isinstance(nothing, Sample)  # 7 voxels: one is left
    full = apply(VolumeChange(fraction=0.5), sample_of(np.ones((4, 4, 4), dtype=bool)), RNG)
    assert isinstance(full, Skipped)
    assert "64" in full.reason
    assert "96" in full.reason


@pytest.mark.parametrize("exact", [True, False])
def test_voxels_are_ordered_as_by_three_sorts(exact: bool) -> None:
    rng = np.random.default_rng(0)
    for most in (2, 2**32):  # with many equal scrambles, and with hardly any
        scramble, inside = rng.integers(0, most, 5000), rng.random(5000) < 0.5
        distance = rng.integers(-40, 40, 5000) / 10.0
        distance = np.round(distance, 6) if exact else distance + 1e-9 * rng.random(5000)
        np.testing.assert_array_equal(
            _order(scramble, distance, inside), np.lexsort((scramble, distance, ~inside))
        )
