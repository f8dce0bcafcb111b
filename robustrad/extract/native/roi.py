"""The cropped region of interest as the texture kernels want it: row segments of a padded volume."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import kernel

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Box(NamedTuple):
    """A bounding box in array indices, (z, y, x); ``stop`` is exclusive."""

    start: tuple[int, int, int]
    stop: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Size along z, y, x."""
        (a, b, c), (d, e, f) = self
        return d - a, e - b, f - c

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Slices that crop an array to this box."""
        a, b, c = (slice(low, high) for low, high in zip(self.start, self.stop, strict=True))
        return a, b, c


class Roi(NamedTuple):
    """A mask cropped to its bounding box.

    Attributes
    ----------
    mask : ndarray of bool, (z, y, x)
        The cropped mask.
    voxels : int
        Number of voxels inside.
    rows : ndarray of int64, (r, 4)
        Segments of consecutive inside voxels, in array order: z, y, first x, length.
    """

    mask: Bools
    voxels: int
    rows: Ints


class Volume(NamedTuple):
    """A padded flat volume: where the row segments lie in it, and its strides."""

    size: int
    strides: tuple[int, int, int]
    starts: Ints
    lengths: Ints


def bounding_box(mask: Bools) -> Box | None:
    """Return the box of the True voxels, or None if there are none."""
    found = np.array([-1, -1, mask.shape[1], -1, mask.shape[2], -1])
    _find_bounds(mask, found)
    if found[0] < 0:
        return None
    a, b, c, d, e, f = (int(v) for v in found)
    return Box((a, c, e), (b + 1, d + 1, f + 1))


def crop(mask: Bools, box: Box) -> Roi:
    """Return the mask cropped to ``box`` with its row segments."""
    cropped = np.ascontiguousarray(mask[box.slices])
    depth, height, width = cropped.shape
    rows = np.empty((depth * height * (width // 2 + 1), 4), dtype=np.int64)
    rows = rows[: _list_rows(cropped, rows)].copy()
    return Roi(cropped, int(rows[:, 3].sum()), rows)


def padded(roi: Roi, reach: tuple[int, int, int]) -> Volume:
    """Return the layout of a flat volume with ``reach`` empty voxels around the ROI along z, y, x."""
    depth, height, width = (size + 2 * pad for size, pad in zip(roi.mask.shape, reach, strict=True))
    strides = (height * width, width, 1)
    z, y, x, lengths = (np.ascontiguousarray(column) for column in roi.rows.T)
    starts = (z + reach[0]) * strides[0] + (y + reach[1]) * strides[1] + x + reach[2]
    return Volume(depth * height * width, strides, starts, lengths)


@kernel
def _find_bounds(mask: Bools, found: Ints) -> None:
    depth, height, width = mask.shape
    for z in range(depth):
        for y in range(height):
            first = 0
            while first < width and not mask[z, y, first]:
                first += 1
            if first == width:
                continue
            last = width - 1
            while not mask[z, y, last]:
                last -= 1
            if found[0] < 0:
                found[0] = z
            found[1] = z
            found[2] = min(found[2], y)
            found[3] = max(found[3], y)
            found[4] = min(found[4], first)
            found[5] = max(found[5], last)


@kernel
def _list_rows(mask: Bools, rows: Ints) -> int:
    depth, height, width = mask.shape
    n = 0
    for z in range(depth):
        for y in range(height):
            x = 0
            while x < width:
                if not mask[z, y, x]:
                    x += 1
                    continue
                first = x
                while x < width and mask[z, y, x]:
                    x += 1
                rows[n, 0] = z
                rows[n, 1] = y
                rows[n, 2] = first
                rows[n, 3] = x - first
                n += 1
    return n


def gather(image: NDArray[Any], rows: Ints, count: int) -> NDArray[Any]:
    """Return the values inside, in array order; ``image`` is cropped to the box."""
    values = np.empty(count, dtype=image.dtype)
    _gather(image, rows, values)
    return values


def scatter(values: NDArray[np.int32], starts: Ints, lengths: Ints, size: int) -> NDArray[np.int32]:
    """Return a flat volume of zeros with ``values`` laid into its row segments."""
    volume = np.zeros(size, dtype=np.int32)
    _scatter(values, starts, lengths, volume)
    return volume


@kernel
def _gather(image: NDArray[Any], rows: Ints, values: NDArray[Any]) -> None:
    n = 0
    for k in range(rows.shape[0]):
        z, y, x, length = rows[k]
        for i in range(length):
            values[n + i] = image[z, y, x + i]
        n += length


@kernel
def _scatter(values: NDArray[np.int32], starts: Ints, lengths: Ints, volume: NDArray[np.int32]) -> None:
    n = 0
    for k in range(starts.shape[0]):
        start = starts[k]
        for i in range(lengths[k]):
            volume[start + i] = values[n + i]
        n += lengths[k]
