"""Stationary wavelet decomposition, level by level, as PyRadiomics takes it from PyWavelets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pywt
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.roi import Box, Ints, Roi

Array = NDArray[Any]


class Band(NamedTuple):
    """One sub-band: its image type's name and its values in the ROI."""

    name: str
    values: Array


class _Filters(NamedTuple):
    low: Array
    high: Array


class _Sums(NamedTuple):
    """For every output along an axis (n, taps): samples and both filters, in the order of summation."""

    source: Ints
    low: Array
    high: Array


def wavelet_bands(
    image: Array,
    box: Box,
    roi: Roi,
    *,
    wavelet: str = "coif1",
    level: int = 1,
    start_level: int = 0,
    flat: int | None = None,
) -> Iterator[Band]:
    """Yield the sub-bands in PyRadiomics' order, the approximation of the last level at the end.

    Parameters
    ----------
    image : ndarray, (z, y, x)
        The padded crop; float32 is decomposed in float32, everything else in float64.
    box : Box
        Of the ROI in ``image``.
    roi : Roi
        The ROI in ``box``.
    wavelet : str
        A discrete wavelet of PyWavelets.
    level, start_level : int
        Levels to return, and levels to go down before.
    flat : int or None
        Array axis that is not decomposed (``force2Ddimension`` where ``force2D``).
    """
    data = np.ascontiguousarray(image, dtype=np.float32 if image.dtype == np.float32 else np.float64)
    filters = _filters(wavelet, data.dtype.char)
    axes = [axis for axis in (2, 1, 0) if axis != flat]
    levels = start_level + level
    if levels > 1:  # odd sides get one wrapped sample, which later levels see as a sample of its own
        data = np.pad(data, [(0, size % 2) for size in data.shape], "wrap")
    for step in range(levels):
        if step >= start_level:
            number = step - start_level + 1
            prefix = "wavelet" if number == 1 else f"wavelet{number}"
            bands = _bands(data, axes, filters, box, roi)
            for name in [name for name in bands if "H" in name]:
                yield Band(f"{prefix}-{name}", bands[name])
        if step + 1 < levels:
            data = _approximation(data, axes, filters)
        else:
            name = "L" * len(axes)
            yield Band(f"{'wavelet' if level == 1 else f'wavelet{level}'}-{name}", bands[name])


@lru_cache(maxsize=32)
def _filters(wavelet: str, kind: str) -> _Filters:
    # The response to an impulse: in float32 PyWavelets rounds its filters in ways of its own.
    taps = pywt.Wavelet(wavelet).dec_len
    impulse = np.zeros(2 * taps, dtype=kind)
    impulse[taps] = 1
    low, high = pywt.swt(impulse, wavelet, level=1)[0]
    own = slice(taps // 2, taps // 2 + taps)
    return _Filters(low[own].copy(), high[own].copy())


def _bands(data: Array, axes: list[int], filters: _Filters, box: Box, roi: Roi) -> dict[str, Array]:
    sums = [
        _sums(data.shape[axis], box.start[axis], box.stop[axis], filters if axis in axes else None)
        for axis in range(3)
    ]
    first = [int(one.source.min()) for one in sums]
    data = data[tuple(slice(a, int(one.source.max()) + 1) for a, one in zip(first, sums, strict=True))]
    sums = [one._replace(source=one.source - a) for a, one in zip(first, sums, strict=True)]
    parts = {"": np.ascontiguousarray(data)}
    for axis in axes[:-1]:
        split = {}
        for name, part in parts.items():
            split[name + "L"], split[name + "H"] = _split(part, axis, sums[axis])
        parts = split
    bands = {}
    for name, part in parts.items():
        low_band, high_band = _split_roi(part, *sums[axes[-1]], roi.rows, roi.voxels, axes[-1] == 0)
        bands[name + "L"], bands[name + "H"] = low_band, high_band
    return bands


def _approximation(data: Array, axes: list[int], filters: _Filters) -> Array:
    for axis in axes:
        size = data.shape[axis]
        data = _split(data, axis, _sums(size, 0, size, filters))[0]
    return data


def _sums(size: int, low: int, high: int, filters: _Filters | None) -> _Sums:
    if filters is None:
        source = np.arange(low, high, dtype=np.int64)[:, None]
        return _Sums(source, np.ones(source.shape), np.ones(source.shape))
    taps = len(filters.low)
    period = size + size % 2
    output = np.arange(low, high)[:, None]
    tap = np.tile(np.arange(taps), (high - low, 1))
    # Taps that reach beyond the far end are summed first, the farthest last: PyWavelets' order.
    beyond = output + taps // 2 - tap >= period
    order = np.argsort(np.where(beyond, -1 - tap, tap), axis=1, kind="stable")
    tap = np.take_along_axis(tap, order, axis=1)
    source = (output + taps // 2 - tap) % period
    source = np.where(source < size, source, 0).astype(np.int64)
    return _Sums(source, filters.low[tap], filters.high[tap])


def _split(data: Array, axis: int, sums: _Sums) -> tuple[Array, Array]:
    depth, height, width = data.shape
    if axis == 2:
        return _split_rows(data, *sums)
    if axis == 1:
        return _split_middle(data, *sums)
    low, high = _split_middle(data.reshape(1, depth, height * width), *sums)
    return low.reshape(-1, height, width), high.reshape(-1, height, width)


def _split_rows(data: Array, source: Ints, low: Array, high: Array) -> tuple[Array, Array]:
    depth, height, width = data.shape
    both = np.empty((2, depth * height, len(source)), dtype=data.dtype)
    _add_rows(data.reshape(depth * height, width), source, low, high, both)
    smooth, detail = both.reshape(2, depth, height, -1)
    return smooth, detail


def _split_middle(data: Array, source: Ints, low: Array, high: Array) -> tuple[Array, Array]:
    outer, length, width = data.shape
    size = len(source)
    both = np.empty((2, outer * size * width), dtype=data.dtype)
    grid = np.empty((outer * size, 5), dtype=np.int64)
    grid[:, 0] = np.repeat(np.arange(outer) * length, size)
    grid[:, 1] = np.tile(np.arange(size), outer)
    grid[:, 2] = 0
    grid[:, 3] = width
    grid[:, 4] = np.arange(outer * size) * width
    _convolve(data.reshape(-1, width), source, low, high, grid, 1, both)
    smooth, detail = both.reshape(2, outer, size, width)
    return smooth, detail


def _split_roi(  # noqa: PLR0917  # mirrors the kernels
    data: Array, source: Ints, low: Array, high: Array, rows: Ints, count: int, upright: bool
) -> tuple[Array, Array]:
    height, width = data.shape[1:]
    both = np.empty((2, count), dtype=data.dtype)
    grid = np.empty((len(rows), 5), dtype=np.int64)
    z, y = rows[:, 0], rows[:, 1]
    grid[:, 0], grid[:, 1] = (y, z) if upright else (z * height, y)
    grid[:, 2:4] = rows[:, 2:]
    grid[:, 4] = np.cumsum(rows[:, 3]) - rows[:, 3]
    _convolve(data.reshape(-1, width), source, low, high, grid, height if upright else 1, both)
    return both[0], both[1]


@bare
def _add_rows(lines: Array, source: Ints, low: Array, high: Array, both: Array) -> None:
    size, taps = source.shape
    for k in range(lines.shape[0]):
        for i in range(size):
            one = lines[k, source[i, 0]] * low[i, 0]
            two = lines[k, source[i, 0]] * high[i, 0]
            for j in range(1, taps):
                value = lines[k, source[i, j]]
                one += low[i, j] * value
                two += high[i, j] * value
            both[0, k, i] = one
            both[1, k, i] = two


@bare
def _convolve(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    lines: Array, source: Ints, low: Array, high: Array, segments: Ints, step: int, both: Array
) -> None:
    # Of every segment: line of its first sample, output along the axis, first column, length, place.
    # Two lines a turn: half the traffic, and every sum in PyWavelets' order.
    for k in range(segments.shape[0]):
        line, i, first, length, place = segments[k]
        smooth = both[0, place : place + length]
        detail = both[1, place : place + length]
        for x in range(length):
            smooth[x] = 0
            detail[x] = 0
        for j in range(0, source.shape[1], 2):
            one = lines[line + source[i, j] * step, first : first + length]
            two = lines[line + source[i, j + 1] * step, first : first + length]
            l1, l2 = low[i, j], low[i, j + 1]
            h1, h2 = high[i, j], high[i, j + 1]
            for x in range(length):
                smooth[x] = (smooth[x] + l1 * one[x]) + l2 * two[x]
                detail[x] = (detail[x] + h1 * one[x]) + h2 * two[x]
