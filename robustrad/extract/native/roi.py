"""The cropped region of interest as the texture kernels want it: row segments of a padded volume."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    slices = _ends(np.any(np.any(mask, axis=2), axis=1))
    if slices is None:
        return None
    face = np.any(mask[slices[0] : slices[1]], axis=0)  # of the slices that hold voxels only
    y, x = _ends(np.any(face, axis=1)), _ends(np.any(face, axis=0))
    assert y is not None
    assert x is not None
    return Box((slices[0], y[0], x[0]), (slices[1], y[1], x[1]))


def _ends(line: Bools) -> tuple[int, int] | None:
    places = np.flatnonzero(line)
    return (int(places[0]), int(places[-1]) + 1) if places.size else None


def crop(mask: Bools, box: Box) -> Roi:
    """Return the mask cropped to ``box`` with its row segments."""
    cropped = np.ascontiguousarray(mask[box.slices])
    rows = _segments(cropped)
    return Roi(cropped, int(rows[:, 3].sum()), rows)


def _segments(mask: Bools) -> Ints:
    # With an outside voxel at the end of every row no segment runs into the next row.
    depth, height, width = mask.shape
    line = np.zeros((depth * height, width + 1), dtype=np.int8)
    line[:, :width] = mask.reshape(-1, width)
    change = np.diff(line.reshape(-1), prepend=0)
    begins, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    row, x = np.divmod(begins, width + 1)
    z, y = np.divmod(row, height)
    return np.ascontiguousarray(np.stack([z, y, x, ends - begins], axis=1))


def padded(roi: Roi, reach: tuple[int, int, int]) -> Volume:
    """Return the layout of a flat volume with ``reach`` empty voxels around the ROI along z, y, x."""
    depth, height, width = (size + 2 * pad for size, pad in zip(roi.mask.shape, reach, strict=True))
    strides = (height * width, width, 1)
    z, y, x, lengths = (np.ascontiguousarray(column) for column in roi.rows.T)
    starts = (z + reach[0]) * strides[0] + (y + reach[1]) * strides[1] + x + reach[2]
    return Volume(depth * height * width, strides, starts, lengths)
