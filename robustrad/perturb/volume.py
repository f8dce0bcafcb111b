"""Masks of an exact voxel count: grown or shrunk by signed distance, connected, nested.

Every mask has one order in which voxels are added and one in which they are taken away; a volume is a prefix
of it. So any two volumes are nested, whatever their levels. The orders follow the signed distance to the
surface, smoothed over a voxel: distances between voxel centers come in a few values (all neighbors along one
axis tie, and of anisotropic voxels those along the shortest come first), while the surface of a lesion is
smooth. Connectivity is kept by what the orders are made from: a flood, and a spanning tree.
"""

from __future__ import annotations

import heapq
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from robustrad.core.geometry import Mask, Triple
from robustrad.core.memory import remembering

Index = NDArray[np.int64]

SMOOTHING = 1.0
"""SD in voxels of the Gaussian that smooths the signed distance."""
SLACK = 5
"""Voxels around what can be reached: the smoothing's radius (4 SD) and one more."""
_FACES = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
_DIAGONALS = [
    (0, 1, 1), (0, 1, -1), (1, 0, 1), (1, 0, -1), (1, 1, 0), (1, -1, 0),
    (1, 1, 1), (1, 1, -1), (1, -1, 1), (1, -1, -1),
]  # fmt: skip


class _Crop(NamedTuple):
    """A part of the image around the mask, with the rank of each voxel from deepest to outermost."""

    box: tuple[slice, slice, slice]
    mask: Mask
    rank: Index


def grow(mask: Mask, spacing_zyx: Triple, *, target: int) -> Mask:
    """Return ``mask`` grown to ``target`` voxels.

    Parameters
    ----------
    mask : ndarray of bool, (z, y, x)
        Not empty.
    spacing_zyx : tuple of 3 float
        Spacing in mm.
    target : int
        Voxels wanted, from those in the mask to those in the image.
    """
    count = int(mask.sum())
    # Of all bodies of a volume a ball must be dilated farthest; cut by three faces of the image, twice.
    radius = 2.0 * (3.0 * count * math.prod(spacing_zyx) / (4.0 * math.pi)) ** (1.0 / 3.0)
    crop = _crop(mask, spacing_zyx, radius * ((target / count) ** (1.0 / 3.0) - 1.0))
    if crop.mask.size < target:
        crop = _crop(mask, spacing_zyx, math.inf)
    return _put(mask, crop.box, _nearest(crop, target))


def shrink(mask: Mask, spacing_zyx: Triple, *, target: int) -> Mask:
    """Return ``mask`` shrunk to ``target`` voxels, from 1 to those in the mask.

    Each connected piece is a tree rooted in its deepest voxel whose branches run through the deepest voxels
    there are. A voxel goes when the deepest voxel that hangs on it goes: a bridge stays as long as there is
    something to hold.
    """
    crop = _crop(mask, spacing_zyx, 0.0)
    return _put(mask, crop.box, _deepest(crop, target))


def _put(mask: Mask, box: tuple[slice, slice, slice], part: Mask) -> Mask:
    whole = mask.copy()
    whole[box] = part
    return whole


def _crop(mask: Mask, spacing_zyx: Triple, reach_mm: float) -> _Crop:
    corners = [(int(i.min()), int(i.max()) + 1) for i in np.nonzero(mask)]
    margins = [size if math.isinf(reach_mm) else math.ceil(reach_mm / step) + SLACK
               for size, step in zip(mask.shape, spacing_zyx, strict=True)]  # fmt: skip
    z, y, x = (slice(max(0, a - m), min(n, b + m))
               for (a, b), m, n in zip(corners, margins, mask.shape, strict=True))  # fmt: skip
    part = np.ascontiguousarray(mask[z, y, x])
    lead = (z.start - corners[0][0], y.start - corners[1][0], x.start - corners[2][0])
    return _Crop((z, y, x), part, _rank(part, lead, spacing_zyx))


@remembering(last=4, largest=1_000_000)
def _rank(part: Mask, lead: tuple[int, int, int], spacing_zyx: Triple) -> Index:
    """Return the rank of each voxel of a crop that begins ``lead`` voxels after the mask's own box."""
    distance = _signed_distance(part, spacing_zyx)
    # Equal distances are told apart by a scramble of the place within the mask's own box: no direction is
    # preferred, and where the lesion lies in the image does not matter.
    places = np.ogrid[tuple(slice(start, start + size) for start, size in zip(lead, part.shape, strict=True))]
    salts = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
    scramble = np.zeros(part.shape, dtype=np.int64)
    for place, salt in zip(places, salts, strict=True):
        scramble += place * salt
    scramble = ((scramble ^ (scramble >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
    rank = np.empty(part.size, dtype=np.int64)
    rank[_order(scramble.ravel(), distance.ravel(), part.ravel())] = np.arange(part.size)
    return rank.reshape(part.shape)


def _order(scramble: Index, distance: NDArray[np.float64], inside: Mask) -> Index:
    """Return the order of the voxels: what is inside first, by distance, then by the 32 bits of the scramble.

    One sort of whole numbers that hold all three is several times faster than three sorts; it needs distances
    that are millionths.
    """
    millionths = np.rint(distance * 1e6)
    lowest, highest = float(millionths.min()), float(millionths.max())
    if highest - lowest < 2**30 and np.array_equal(millionths / 1e6, distance):
        level = (millionths - lowest).astype(np.int64) + (~inside).astype(np.int64) * (1 << 30)
        key = (level << 32) + scramble
        order = np.argsort(key)
        sorted_key = key[order]
        if not np.any(sorted_key[1:] == sorted_key[:-1]):
            return order
    return np.lexsort((scramble, distance, ~inside))  # equal ones stay in the order of their places


def _signed_distance(mask: Mask, spacing_zyx: Triple) -> NDArray[np.float64]:
    """Return the smoothed distance to the surface in units of the smallest spacing, negative inside."""
    if mask.all():
        return -_distance(np.pad(mask, 1), spacing_zyx)[1:-1, 1:-1, 1:-1]
    signed = _distance(~mask, spacing_zyx) - _distance(mask, spacing_zyx)
    smooth = ndimage.gaussian_filter(signed, SMOOTHING, mode="nearest", truncate=4.0)
    return np.asarray(np.round(smooth / min(spacing_zyx), 6))


def _distance(inside: Mask, spacing_zyx: Triple) -> NDArray[np.float64]:
    return np.asarray(ndimage.distance_transform_edt(inside, sampling=spacing_zyx))


def _nearest(crop: _Crop, target: int) -> Mask:
    """Return the mask and the voxels that a flood of rising rank reaches first, ``target`` together."""
    plain = np.asarray(crop.rank < target)
    lowest = crop.rank.copy()
    for axis in range(3):  # of a voxel and its face neighbors
        here, there = (np.moveaxis(rank, axis, 0) for rank in (lowest, crop.rank))
        np.minimum(here[1:], there[:-1], out=here[1:])
        np.minimum(here[:-1], there[1:], out=here[:-1])
    if (lowest < crop.rank)[plain & ~crop.mask].all():
        return plain  # every voxel touches one that came before it: this is the flood
    flooded = crop.mask.copy()
    np.put(flooded, _flood(crop, target - int(crop.mask.sum())), True)
    return flooded


def _deepest(crop: _Crop, target: int) -> Mask:
    """Return the mask without what is taken away first, ``target`` voxels."""
    plain = np.asarray(crop.rank < target)
    pieces, count = ndimage.label(crop.mask)
    diagonal = ndimage.label(crop.mask, structure=np.ones((3, 3, 3)))[1] < count
    if not diagonal and ndimage.label(plain)[1] == len(np.unique(pieces[plain])):
        return plain  # no piece breaks apart: the tree holds no voxel back
    peeled = crop.mask.copy()
    order = _peel(crop, diagonal=diagonal)
    np.put(peeled, order[: len(order) - target], False)
    return peeled


def _flood(crop: _Crop, wanted: int) -> Index:
    """Return flat indices of ``wanted`` voxels in the order in which a flood of rising rank reaches them."""
    padded = np.pad(crop.mask, 1, constant_values=True)
    rank = np.pad(crop.rank, 1).ravel()
    steps = [padded.shape[1] * padded.shape[2], padded.shape[2], 1]
    shore = ndimage.binary_dilation(crop.mask) & ~crop.mask
    seen = padded.ravel().copy()
    frontier = np.flatnonzero(np.pad(shore, 1))
    seen[frontier] = True
    heap = sorted(zip(rank[frontier].tolist(), frontier.tolist(), strict=True))
    found: list[int] = []
    while len(found) < wanted:
        _, place = heapq.heappop(heap)
        found.append(place)
        for step in steps:
            for neighbor in (place - step, place + step):
                if not seen[neighbor]:
                    seen[neighbor] = True
                    heapq.heappush(heap, (int(rank[neighbor]), neighbor))
    z, y, x = np.unravel_index(found, padded.shape)
    return np.ravel_multi_index((z - 1, y - 1, x - 1), crop.mask.shape)


def _peel(crop: _Crop, *, diagonal: bool) -> Index:
    """Return flat indices of the mask's voxels in the order in which they are taken away.

    ``diagonal`` tells whether pieces are held together by diagonal neighbors somewhere.
    """
    inside = np.flatnonzero(crop.mask)
    count = len(inside)
    depth = np.empty(count, dtype=np.int64)  # 0: the first to go, were it not for connectivity
    depth[np.argsort(-crop.rank.ravel()[inside])] = np.arange(count)
    order, parents = breadth_first_order(_tree(crop.mask, depth, diagonal=diagonal), count, directed=False)
    held = [*depth.tolist(), count]
    parent_of = parents.tolist()
    for node in order[:0:-1].tolist():
        up = parent_of[node]
        held[up] = max(held[up], held[node])
    position = np.empty(count + 1, dtype=np.int64)
    position[order] = np.arange(count + 1)
    return np.asarray(inside[np.lexsort((-position[:count], np.asarray(held[:count])))])


def _tree(mask: Mask, depth: Index, *, diagonal: bool) -> coo_array:
    """Return the spanning tree of the mask's voxels, its pieces tied to node n by their deepest voxels.

    Branches across a face come before diagonal ones, so that pieces joined by faces stay joined by faces.
    """
    count = len(depth)
    number = np.full(mask.shape, -1, dtype=np.int64)
    number[mask] = np.arange(count)
    ends, kinds = [], []
    for kind, offset in [(0, face) for face in _FACES] + [(1, other) for other in _DIAGONALS if diagonal]:
        pairs = _pairs(number, offset)
        ends.append(pairs)
        kinds.append(np.full(pairs.shape[1], kind))
    pieces, _ = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    piece = pieces[mask]
    by_depth = np.argsort(depth)
    deepest = np.zeros(piece.max() + 1, dtype=np.int64)
    deepest[piece[by_depth]] = by_depth
    ends.append(np.stack([deepest[1:], np.full(len(deepest) - 1, count)]))
    kinds.append(np.full(len(deepest) - 1, 2))
    a, b = np.concatenate(ends, axis=1)
    depths = np.append(depth, count)
    low, high = np.minimum(depths[a], depths[b]), np.maximum(depths[a], depths[b])
    cost = np.empty(len(a))
    cost[np.lexsort((-high, -low, np.concatenate(kinds)))] = np.arange(1, len(a) + 1)
    graph = coo_array((cost, (a, b)), shape=(count + 1, count + 1)).tocsr()
    return minimum_spanning_tree(graph)


def _pairs(number: Index, offset: tuple[int, int, int]) -> Index:
    """Return the numbers (2, m) of all pairs of mask voxels that lie ``offset`` apart."""
    here = tuple(slice(max(0, -o), n - max(0, o)) for o, n in zip(offset, number.shape, strict=True))
    there = tuple(slice(max(0, o), n + min(0, o)) for o, n in zip(offset, number.shape, strict=True))
    a, b = number[here], number[there]
    both = (a >= 0) & (b >= 0)
    return np.stack([a[both], b[both]])
