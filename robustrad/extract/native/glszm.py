"""Zones: connected voxels of one gray level, found by union-find over runs of the scan."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare, inner
from robustrad.extract.native.extremes import larger
from robustrad.extract.native.frame import Frame, Work
from robustrad.extract.native.roi import Ints

Floats = NDArray[np.float64]

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


class Zones(NamedTuple):
    """The gray level size zone matrix, only with sizes that occur.

    Attributes
    ----------
    counts : ndarray of float64, (g s,) at least
        Zones of each level and size, the size fastest.
    sizes : ndarray of int64, (s,)
        The sizes that occur, rising.
    """

    counts: Floats
    sizes: Ints


def zone_table(known: int, base: Frame, work: Work) -> Zones:
    """Return the zones.

    Parameters
    ----------
    known : int
        How many gray levels occur.
    base : Frame
        Layout and directions.
    work : Work
        With the gray levels laid out, and like neighbors; see ``look_around``.
    """
    most = int(np.sqrt(2.0 * work.zones.shape[1])) + 1  # sizes that differ: they add up to all voxels
    table, sizes = np.empty(known * most), np.empty(most, dtype=np.int64)
    layout = base.layout
    different = _label(
        *(work.volume, work.alike, layout.starts, layout.lengths, base.joins.back, base.joins.chosen),
        *(work.labels, work.zones, known, table, sizes),
    )
    return Zones(table, sizes[:different])


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
    if b < a:
        a, b = b, a
    parent[b] = a
    return a


@bare
def _label(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    volume: NDArray[Any],
    alike: NDArray[np.uint16],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    back: NDArray[np.uint32],
    joined: NDArray[np.uint32],
    label: NDArray[np.int32],
    zones: NDArray[np.int32],
    known: int,
    table: Floats,
    sizes: Ints,
) -> int:
    # ``zones`` holds parent, size and level of every zone, and for every size first whether it occurs, then
    # its column, and zeros again at the end. Returns how many sizes occur.
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
                size[used] = 0
                level[used] = volume[i]
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
    largest = 0
    for z in range(1, used + 1):
        if parent[z] == z:
            seen[size[z]] = 1
            largest = larger(largest, size[z])
    different = 0
    for s in range(1, largest + 1):
        if seen[s] > 0:
            seen[s] = different
            sizes[different] = s
            different += 1
    for cell in range(known * different):
        table[cell] = 0.0
    for z in range(1, used + 1):
        if parent[z] == z:
            table[(level[z] - 1) * different + seen[size[z]]] += 1
    for s in range(different):
        seen[sizes[s]] = 0
    return different
