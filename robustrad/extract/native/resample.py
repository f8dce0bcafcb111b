"""Resampling onto the analysis grid: cubic B-spline, linear, nearest.

The grid of an unturned analysis is separable: every output index has one continuous input index per axis, so
an axis is done at a time. The spline coefficients are those of the whole image, so only a box is filtered: a
recursion forgets its start by a factor 0.268 a voxel, to rounding after 28, and the last rounding differences
die out at the same rate over the next 20. A result never depends on which box was filtered.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare, inlined
from robustrad.extract.native.extremes import smaller

Array = NDArray[Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MARGIN = 48
LANES = 64  # rows filtered side by side
_POLE = float(np.sqrt(3.0) - 2.0)
_GAIN = (1.0 - _POLE) * (1.0 - 1.0 / _POLE)
_HORIZON = int(np.ceil(np.log(1e-10) / np.log(abs(_POLE))))  # ITK's tolerance


class Block(NamedTuple):
    """Spline coefficients of a box of the image: ``values`` begins at index ``start``, (z, y, x)."""

    values: Floats
    start: tuple[int, int, int]


class Taps(NamedTuple):
    """How one axis is interpolated.

    Attributes
    ----------
    source : ndarray of int64, (n, t)
        Input indices of every output, mirrored at the border.
    weight : ndarray of float64, (n, t)
        Their weights; all 0 where the output lies outside the image.
    on_grid : ndarray of bool, (n,)
        Outputs that fall on an input voxel.
    """

    source: Ints
    weight: Floats
    on_grid: NDArray[np.bool_]


def spline_taps(position: Floats, size: int) -> Taps:
    """Return the four taps of a cubic B-spline at continuous indices ``position`` of an axis of ``size``."""
    first = np.floor(position.astype(np.float32)).astype(np.int64) - 1
    w = position - (first + 1)
    three = (1.0 / 6.0) * w * w * w
    zero = (1.0 / 6.0) + 0.5 * w * (w - 1.0) - three
    two = w + zero - 2.0 * three
    one = 1.0 - zero - two - three
    index = first[:, None] + np.arange(4)
    if size == 1:
        index = np.zeros_like(index)
    else:
        index = np.where(index < 0, -index, index)
        index = np.where(index >= size - 1, 2 * (size - 1) - index, index)
    near = np.abs(position - np.rint(position)) < 1e-6
    weight = np.stack([zero, one, two, three], axis=1)
    return Taps(np.clip(index, 0, size - 1), _inside(weight, position, size), near)


def linear_taps(position: Floats, size: int) -> Taps:
    """Return the two taps of linear interpolation; beyond the outermost voxel centers that voxel counts."""
    first = np.floor(position).astype(np.int64)
    w = position - first
    index = np.clip(np.stack([first, first + 1], axis=1), 0, size - 1)
    weight = np.stack([1.0 - w, w], axis=1)
    # On a voxel the other tap has no part in the value, not even where it is NaN.
    index[:, 1] = np.where(w == 0.0, index[:, 0], index[:, 1])
    return Taps(index, _inside(weight, position, size), np.zeros(len(position), dtype=np.bool_))


def nearest_taps(position: Floats, size: int) -> Taps:
    """Return the nearest voxel; halves are rounded up."""
    index = np.clip(np.floor(position + 0.5).astype(np.int64), 0, size - 1)[:, None]
    weight = np.ones((len(position), 1))
    return Taps(index, _inside(weight, position, size), np.zeros(len(position), dtype=np.bool_))


def _inside(weight: Floats, position: Floats, size: int) -> Floats:
    inside = (position >= -0.5) & (position < size - 0.5)
    return np.where(inside[:, None], weight, 0.0)


def interpolate(values: Array, taps: tuple[Taps, Taps, Taps], start: tuple[int, int, int]) -> Floats:
    """Return the image on the output grid.

    Parameters
    ----------
    values : ndarray, (z, y, x)
        Voxels (linear, nearest) or spline coefficients; index ``start`` of the image stands first.
    taps : tuple of 3 Taps
        For z, y, x.
    start : tuple of 3 int
        (z, y, x).
    """
    z, y, x = (tap._replace(source=tap.source - low) for tap, low in zip(taps, start, strict=True))
    needed = [slice(int(t.source.min()), int(t.source.max()) + 1) for t in (z, y)]
    z, y = (t._replace(source=t.source - s.start) for t, s in zip((z, y), needed, strict=True))
    part = values[needed[0], needed[1]]
    rows = _rows(np.ascontiguousarray(part), x.source, x.weight)
    middle = _middle(rows, y.source, y.weight)
    depth, height, width = middle.shape
    out = _middle(middle.reshape(1, depth, height * width), z.source, z.weight).reshape(-1, height, width)
    if x.on_grid.any() and y.on_grid.any() and z.on_grid.any():
        # On a voxel the value is a whole number as often as not, and a bin edge another: so to the last bit.
        _exactly(
            part,
            out,
            z.source,
            z.weight,
            z.on_grid,
            y.source,
            y.weight,
            y.on_grid,
            x.source,
            x.weight,
            x.on_grid,
        )
    for axis, tap in enumerate((z, y, x)):
        # Outside the image is 0, whatever the border holds: 0 times NaN would not be.
        np.moveaxis(out, axis, 0)[~tap.weight.any(axis=1)] = 0.0
    return out


def spline_block(image: Array, low: tuple[int, int, int], high: tuple[int, int, int]) -> Block:
    """Return the coefficients of the cubic B-spline through ``image`` for indices low to high (inclusive).

    Parameters
    ----------
    image : ndarray, (z, y, x)
        The whole image.
    low, high : tuple of 3 int
        (z, y, x).
    """
    begin = [max(index - MARGIN, 0) for index in low]
    z, y, x = (
        slice(a, min(index + MARGIN + 1, size))
        for a, index, size in zip(begin, high, image.shape, strict=True)
    )
    # An axis needs its margin only until it is filtered.
    keep_z, keep_y, keep_x = (
        slice(first - a, last - a + 1) for a, first, last in zip(begin, low, high, strict=True)
    )
    values = _filter_rows(image, (z, y, x), keep_x)
    _filter(_NOTHING, 0, 0, 0, 0, values, _NOWHERE)
    values = np.ascontiguousarray(values[:, keep_y])
    depth, height, width = values.shape
    _filter(_NOTHING, 0, 0, 0, 0, values.reshape(1, depth, height * width), _NOWHERE)
    return Block(np.ascontiguousarray(values[keep_z]), low)


def as_pixel_type(values: Floats, dtype: np.dtype[Any]) -> Array:
    """Return interpolated ``values`` in the image's own type: integers are clamped and cut towards zero."""
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        return np.clip(values, limits.min, limits.max).astype(dtype)
    return values.astype(dtype, copy=False)


def _rows(values: Array, index: Ints, weight: Floats) -> Floats:
    depth, height, width = values.shape
    out = np.empty((depth, height, len(index)))
    _add_rows(values.reshape(depth * height, width), index, weight, out.reshape(depth * height, -1))
    return out


def _middle(values: Floats, index: Ints, weight: Floats) -> Floats:
    out = np.zeros((values.shape[0], len(index), values.shape[2]))
    _add_middle(values, index, weight, out)
    return out


@bare
def _add_rows(values: Array, index: Ints, weight: Floats, out: Floats) -> None:
    size, taps = index.shape
    for k in range(values.shape[0]):
        for i in range(size):
            total = 0.0
            for t in range(taps):
                total += weight[i, t] * values[k, index[i, t]]
            out[k, i] = total


@bare
def _add_middle(values: Floats, index: Ints, weight: Floats, out: Floats) -> None:
    outer, size, width = out.shape
    taps = index.shape[1]
    for o in range(outer):
        for i in range(size):
            if taps == 4:
                a, b, c, d = index[i, 0], index[i, 1], index[i, 2], index[i, 3]
                wa, wb, wc, wd = weight[i, 0], weight[i, 1], weight[i, 2], weight[i, 3]
                for x in range(width):
                    out[o, i, x] = (
                        wa * values[o, a, x]
                        + wb * values[o, b, x]
                        + wc * values[o, c, x]
                        + wd * values[o, d, x]
                    )
            else:
                for t in range(taps):
                    w = weight[i, t]
                    for x in range(width):
                        out[o, i, x] += w * values[o, index[i, t], x]


@bare
def _exactly(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    values: Floats,
    out: Floats,
    zi: Ints,
    zw: Floats,
    z_on: NDArray[np.bool_],
    yi: Ints,
    yw: Floats,
    y_on: NDArray[np.bool_],
    xi: Ints,
    xw: Floats,
    x_on: NDArray[np.bool_],
) -> None:
    # The 64 products in ITK's order.
    for z in range(zi.shape[0]):
        if not z_on[z]:
            continue
        for y in range(yi.shape[0]):
            if not y_on[y]:
                continue
            for x in range(xi.shape[0]):
                if not x_on[x]:
                    continue
                total = 0.0
                for c in range(4):
                    for b in range(4):
                        row = values[zi[z, c], yi[y, b]]
                        for a in range(4):
                            total += xw[x, a] * yw[y, b] * zw[z, c] * row[xi[x, a]]
                out[z, y, x] = total


@inlined
def _filter_middle(values: Floats) -> None:
    # Along the second axis, in place; every step runs over a row of the third.
    outer, length, width = values.shape
    factor = _POLE / (_POLE * _POLE - 1.0)
    inverse = 1.0 / _POLE
    for o in range(outer):
        for i in range(length):
            for x in range(width):
                values[o, i, x] *= _GAIN
        # Mirror boundary, as ITK sums it: short lines in full, long ones up to the horizon.
        long = length > _HORIZON
        power = _POLE
        back = 0.0
        if not long:
            back = _POLE ** np.float64(length - 1)
            for x in range(width):
                values[o, 0, x] += back * values[o, length - 1, x]
            back *= back * inverse
        for i in range(1, _HORIZON if long else length - 1):
            for x in range(width):
                values[o, 0, x] += (power + back) * values[o, i, x]
            power *= _POLE
            back *= inverse
        if not long:
            for x in range(width):
                values[o, 0, x] /= 1.0 - power * power
        for i in range(1, length):
            for x in range(width):
                values[o, i, x] += _POLE * values[o, i - 1, x]
        for x in range(width):
            values[o, length - 1, x] = factor * (_POLE * values[o, length - 2, x] + values[o, length - 1, x])
        for i in range(length - 2, -1, -1):
            for x in range(width):
                values[o, i, x] = _POLE * (values[o, i + 1, x] - values[o, i, x])


def _filter_rows(image: Array, part: tuple[slice, slice, slice], keep: slice) -> Floats:
    # Along the rows of a part of the image; only what is kept of them.
    z, y, x = part
    depth, height, length = (axis.stop - axis.start for axis in part)
    plane, row = image.shape[1] * image.shape[2], image.shape[2]
    start = z.start * plane + y.start * row + x.start
    if image.dtype != np.float64 or not image.flags.c_contiguous:
        image = np.array(image[part], dtype=np.float64, order="C")
        plane, row, start = height * length, length, 0
    out = np.empty((depth, height, keep.stop - keep.start))
    flat = image.reshape(-1)
    flat.flags.writeable = False  # as a view of an image is: one signature to compile
    _filter(flat, start, plane, row, keep.start, np.zeros((1, length, LANES)), out)
    return out


_NOTHING = np.zeros(0)
_NOTHING.flags.writeable = False
_NOWHERE = np.zeros((1, 1, 0))


@bare
def _filter(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    image: Floats, start: int, plane: int, row: int, low: int, work: Floats, out: Floats
) -> None:
    # Many rows side by side: turned, filtered, and what is kept turned back. Without an image ``work`` itself
    # is filtered, along its second axis.
    depth, height, kept = out.shape
    _, length, side = work.shape
    for z in range(depth):
        for first in range(0, height, side):
            lanes = smaller(side, height - first)
            begin = start + z * plane + first * row
            if image.shape[0] > 0:
                for few in range(0, lanes, 8):  # rows a power of 2 apart share a place in the cache
                    for i in range(length):
                        for j in range(few, smaller(few + 8, lanes)):
                            work[0, i, j] = image[begin + j * row + i]
            if length > 1:
                _filter_middle(work)
            for j in range(lanes):
                for i in range(kept):
                    out[z, first + j, i] = work[0, low + i, j]
