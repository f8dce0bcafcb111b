"""Zones: connected voxels of one gray level, found by union-find over runs of the scan."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare, inner
from robustrad.extract.native.angles import Angles
from robustrad.extract.native.emphases import Table, emphases, named
from robustrad.extract.native.roi import Volume

NAMES = {
    "small": "SmallAreaEmphasis",
    "large": "LargeAreaEmphasis",
    "gray_nonuniformity": "GrayLevelNonUniformity",
    "gray_nonuniformity_normalized": "GrayLevelNonUniformityNormalized",
    "size_nonuniformity": "SizeZoneNonUniformity",
    "size_nonuniformity_normalized": "SizeZoneNonUniformityNormalized",
    "percentage": "ZonePercentage",
    "gray_variance": "GrayLevelVariance",
    "size_variance": "ZoneVariance",
    "entropy": "ZoneEntropy",
    "low_gray": "LowGrayLevelZoneEmphasis",
    "high_gray": "HighGrayLevelZoneEmphasis",
    "small_low": "SmallAreaLowGrayLevelEmphasis",
    "small_high": "SmallAreaHighGrayLevelEmphasis",
    "large_low": "LargeAreaLowGrayLevelEmphasis",
    "large_high": "LargeAreaHighGrayLevelEmphasis",
}


def zone_table(
    levels: NDArray[np.int32],
    alike: NDArray[np.int32],
    layout: Volume,
    gray: NDArray[np.int64],
    directions: Angles,
) -> Table:
    """Return the gray level size zone matrix, only with sizes that occur.

    Parameters
    ----------
    levels : ndarray of int32, flat padded volume
        Positions of gray levels, 1-based; 0 outside the ROI.
    alike : ndarray of int32, flat padded volume
        Bit a is set where the voxel before along direction a has the same level.
    layout : Volume
        Its row segments and strides.
    gray : ndarray of int64, (g,)
        The gray levels that occur.
    directions : ndarray of int64, (a, 3)
        One of each opposite pair of neighbors, pointing forward in memory.
    """
    offsets = directions @ np.asarray(layout.strides)
    joined = _joined(tuple(map(tuple, directions.tolist())))
    back = np.zeros(16, dtype=np.uint32)
    back[1 : len(offsets) + 1] = offsets
    zones = np.zeros((4, int(layout.lengths.sum()) + 1), dtype=np.int32)
    label = np.zeros(len(levels), dtype=np.int32)
    used = _label(levels, alike, layout.starts, layout.lengths, back, joined, label, zones)
    sizes = np.flatnonzero(zones[3])
    zones[3, sizes] = np.arange(len(sizes))
    counts = np.zeros((len(gray), len(sizes)))
    _tabulate(zones, used, counts)
    return Table(counts, gray.astype(np.float64), sizes.astype(np.float64))


def glszm_features(table: Table) -> dict[str, float]:
    """Return the GLSZM features by PyRadiomics' names."""
    return named(emphases(table), NAMES)


@lru_cache(maxsize=32)
def _joined(directions: tuple[tuple[int, ...], ...]) -> NDArray[np.uint32]:
    # For every set of like neighbors the few that must be joined: those that touch a chosen one belong to it
    # already. Neighbors that touch many others are chosen first.
    steps = np.asarray(directions, dtype=np.int64)
    allowed = {*directions, *(tuple(-step for step in direction) for direction in directions)}
    touching = np.array([[tuple((a - b).tolist()) in allowed for a in steps] for b in steps])
    return _choices(touching, np.argsort(-touching.sum(axis=1), kind="stable"))


def _choices(touching: NDArray[np.bool_], order: NDArray[np.int64]) -> NDArray[np.uint32]:
    # The chosen directions, counted from 1, four bits each: at most five of thirteen do not touch each other.
    count = len(order)
    left = np.arange(1 << count)
    chosen = np.zeros(1 << count, dtype=np.uint32)
    shift = np.zeros(1 << count, dtype=np.int64)
    for a in order.tolist():
        hit = left >> a & 1
        chosen |= (hit * (a + 1) << shift).astype(np.uint32)
        shift += 4 * hit
        covered = 1 << a | sum(1 << b for b in range(count) if touching[a, b])
        left = np.where(hit == 1, left & ~covered, left)
    return chosen


@inner
def _root(parent: NDArray[np.int32], label: np.int32) -> np.int32:
    while parent[label] != label:
        parent[label] = parent[parent[label]]
        label = parent[label]
    return label


@inner
def _united(parent: NDArray[np.int32], one: np.int32, other: np.int32) -> np.int32:
    a = _root(parent, one)
    b = _root(parent, other)
    parent[max(a, b)] = min(a, b)
    return np.int32(min(a, b))


@bare
def _label(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    levels: NDArray[np.int32],
    alike: NDArray[np.int32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    back: NDArray[np.uint32],
    joined: NDArray[np.uint32],
    label: NDArray[np.int32],
    zones: NDArray[np.int32],
) -> int:
    # Fills parent, size and level of every zone (``zones``), and marks the sizes that occur (its last row).
    parent = zones[0]
    size = zones[1]
    level = zones[2]
    seen = zones[3]
    used = 0
    for k in range(starts.shape[0]):
        first = np.uint32(starts[k])
        for step in range(lengths[k]):
            i = np.uint32(first + np.uint32(step))
            code = joined[np.uint32(alike[i])]
            if code == 0:
                used += 1
                mine = np.int32(used)
                parent[used] = mine
                level[used] = levels[i]
            else:
                mine = label[np.uint32(i - back[code & np.uint32(15)])]
                code >>= np.uint32(4)
                while code != 0:
                    other = label[np.uint32(i - back[code & np.uint32(15)])]
                    code >>= np.uint32(4)
                    if other != mine:
                        mine = _united(parent, mine, other)
            label[i] = mine
            size[mine] += 1
    # A parent is always older than its child, so one sweep from the youngest gathers all sizes.
    for z in range(used, 0, -1):
        if parent[z] != z:
            size[parent[z]] += size[z]
    for z in range(1, used + 1):
        if parent[z] == z:
            seen[size[z]] = 1
    return used


@bare
def _tabulate(zones: NDArray[np.int32], used: int, counts: NDArray[np.float64]) -> None:
    # The last row of ``zones`` holds the column of every size by now.
    for z in range(1, used + 1):
        if zones[0, z] == z:
            counts[zones[2, z] - 1, zones[3, zones[1, z]]] += 1
