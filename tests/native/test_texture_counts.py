"""Pairs, runs, neighborhoods and zones of random regions against brute force, voxel by voxel."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest
from scipy import ndimage

from robustrad.extract.native.discretize import Levels, discretize, histogram, lay_bins
from robustrad.extract.native.frame import Frame, TextureSettings, Work, frame, is_wide, workspace
from robustrad.extract.native.glszm import zone_table
from robustrad.extract.native.neighbors import look_around
from robustrad.extract.native.pairs import count_pairs_and_runs
from robustrad.extract.native.roi import Box, crop
from robustrad.extract.native.sets import BLOCK, MOST

SHAPES = ((1, 5, 6), (7, 1, 3), (6, 9, 8), (3, 4, 150), (12, 40, 70))


class Laid(NamedTuple):
    """A random region with its levels laid out, and the same as an array: 0 outside, else place and level."""

    base: Frame
    work: Work
    levels: Levels
    places: np.ndarray
    tones: np.ndarray


def _laid(
    shape: tuple[int, int, int], bins: int, *, gaps: bool = False, settings: TextureSettings | None = None
) -> Laid:
    rng = np.random.default_rng([*shape, bins])
    smooth = ndimage.gaussian_filter(rng.normal(size=shape), (0.6, 0.6, 2.0))
    mask = rng.random(shape) < 0.85
    mask[0, 0, 0] = mask[-1, -1, -1] = True
    values = np.floor(bins * (smooth - smooth.min()) / np.ptp(smooth) * 0.9999)[mask]
    if gaps:
        values = values // 3 * 3.0
    base = frame(crop(mask, Box((0, 0, 0), shape)), settings or TextureSettings())
    bounds = lay_bins(values.min(), values.max(), width=1.0)
    work = workspace(base, wide=is_wide(len(bounds.edges), base))
    levels = discretize(values, bounds, base.layout, work)
    tones = np.zeros(shape, dtype=np.int64)
    tones[mask] = values - values.min() + 1
    places = np.zeros(shape, dtype=np.int64)
    places[mask] = np.searchsorted(levels.gray, tones[mask]) + 1
    return Laid(base, work, levels, places, tones)


def _neighbor(array: np.ndarray, voxel: tuple[int, ...], step: list[int]) -> int:
    place = tuple(a + b for a, b in zip(voxel, step, strict=True))
    inside = all(0 <= at < size for at, size in zip(place, array.shape, strict=True))
    return int(array[place]) if inside else 0


def test_levels_are_those_of_the_histogram() -> None:
    values = np.random.default_rng(0).normal(0, 30, 4000)
    bins = lay_bins(values.min(), values.max(), width=7.0)
    mask = np.ones((10, 20, 20), dtype=bool)
    base = frame(crop(mask, Box((0, 0, 0), mask.shape)), TextureSettings())
    found = discretize(values, bins, base.layout, workspace(base, wide=False))
    expected = histogram(values, bins)
    np.testing.assert_array_equal(found.gray, expected.gray)
    np.testing.assert_array_equal(found.counts, expected.counts)
    np.testing.assert_allclose(found.spread, expected.spread, rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("bins", [1, 2, 5, MOST, MOST + 4, 300])
def test_pairs_and_runs_are_those_of_a_walk_along_every_line(shape: tuple[int, int, int], bins: int) -> None:
    laid = _laid(shape, bins, gaps=bins == 5)
    known = len(laid.levels.gray)
    wide, width = known + 1, laid.base.longest + 2
    tables = count_pairs_and_runs(laid.levels.counts, laid.base, laid.work)
    for table, step in zip(tables, laid.base.near.tolist(), strict=True):
        pairs = np.zeros((wide, wide), dtype=np.int64)
        runs = np.zeros((wide, width), dtype=np.int64)
        number = np.zeros(shape, dtype=np.int64)
        for voxel in map(tuple, np.argwhere(laid.places).tolist()):  # the one before comes earlier
            own, back = laid.places[voxel], [-a for a in step]
            before = _neighbor(laid.places, voxel, back)
            pairs[before, own] += 1
            number[voxel] = _neighbor(number, voxel, back) + 1 if before == own else 1
            runs[own, number[voxel]] += 1
        np.testing.assert_array_equal(table[: wide * wide].reshape(wide, wide)[1:, 1:], pairs[1:, 1:])
        np.testing.assert_array_equal(table[wide * wide :].reshape(wide, width)[1:, 1:], runs[1:, 1:])


def test_sets_are_counted_over_many_blocks() -> None:
    laid = _laid((20, 60, 90), 4)
    assert laid.work.volume.size > 2 * 64 * BLOCK
    many = count_pairs_and_runs(laid.levels.counts, laid.base, laid.work)
    wide = len(laid.levels.gray) + 1
    for table, (dz, dy, dx) in zip(many, laid.base.near.tolist(), strict=True):
        padded = np.pad(laid.places, 1)
        moved = np.roll(padded, (dz, dy, dx), axis=(0, 1, 2))
        expected = np.bincount((moved * wide + padded).ravel(), minlength=wide * wide)
        found = table[: wide * wide].reshape(wide, wide)
        np.testing.assert_array_equal(found[1:, 1:], expected.reshape(wide, wide)[1:, 1:])


@pytest.mark.parametrize("distances", [(1,), (2,), (1, 3)])
@pytest.mark.parametrize(("bins", "alpha"), [(4, 0), (4, 1), (40, 0), (300, 0), (300, 2)])
def test_neighborhoods_are_those_of_every_voxel(distances: tuple[int, ...], bins: int, alpha: int) -> None:
    settings = TextureSettings(distances=distances, alpha=alpha)
    laid = _laid((6, 9, 8), bins, gaps=bins == 40, settings=settings)
    found = look_around(len(laid.levels.gray), laid.base, laid.work, alpha)
    dependences, gaps = np.zeros(found.dependences.shape), np.zeros(found.gaps.shape)
    for voxel in map(tuple, np.argwhere(laid.tones).tolist()):
        tone, row = int(laid.tones[voxel]), laid.places[voxel] - 1
        others = [_neighbor(laid.tones, voxel, step) for step in laid.base.around.tolist()]
        inside = [other for other in others if other > 0]
        dependences[row, sum(abs(other - tone) <= alpha for other in inside)] += 1
        gaps[row, len(inside)] += abs(len(inside) * tone - sum(inside))
    np.testing.assert_array_equal(found.dependences, dependences)
    np.testing.assert_array_equal(found.gaps, gaps)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("bins", [2, 6, 300])
def test_zones_are_connected_components_and_leave_no_trace(shape: tuple[int, int, int], bins: int) -> None:
    laid = _laid(shape, bins)
    known = len(laid.levels.gray)
    look_around(known, laid.base, laid.work, 0)
    expected: Counter[tuple[int, int]] = Counter()
    for place in range(1, known + 1):
        label, _ = ndimage.label(laid.places == place, structure=np.ones((3, 3, 3)))
        expected.update((place - 1, int(size)) for size in np.bincount(label.ravel())[1:])
    for _ in range(2):  # the room is used again for the next image
        zones = zone_table(known, laid.base, laid.work)
        table = zones.counts[: known * len(zones.sizes)].reshape(known, -1)
        found = {(i, int(zones.sizes[j])): int(table[i, j]) for i, j in np.argwhere(table).tolist()}
        assert found == expected
