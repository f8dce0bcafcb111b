"""Stationary wavelet decomposition, level by level, as PyRadiomics takes it from PyWavelets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pywt
from numpy.typing import NDArray

from robustrad.core.jit import kernel
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


@kernel
def _split_rows(data: Array, source: Ints, low: Array, high: Array) -> tuple[Array, Array]:
    depth, height, _ = data.shape
    size, taps = source.shape
    a = np.empty((depth, height, size), dtype=data.dtype)
    d = np.empty((depth, height, size), dtype=data.dtype)
    for z in range(depth):
        for y in range(height):
            row = data[z, y]
            smooth = a[z, y]
            detail = d[z, y]
            for i in range(size):
                one = row[source[i, 0]] * low[i, 0]
                two = row[source[i, 0]] * high[i, 0]
                for j in range(1, taps):
                    value = row[source[i, j]]
                    one += low[i, j] * value
                    two += high[i, j] * value
                smooth[i] = one
                detail[i] = two
    return a, d


@kernel
def _split_middle(data: Array, source: Ints, low: Array, high: Array) -> tuple[Array, Array]:
    outer, _, width = data.shape
    size = source.shape[0]
    a = np.empty((outer, size, width), dtype=data.dtype)
    d = np.empty((outer, size, width), dtype=data.dtype)
    for o in range(outer):
        plane = data[o]
        for i in range(size):
            _convolve(plane, source[i], low[i], high[i], a[o, i], d[o, i], 0)
    return a, d


@kernel
def _split_roi(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    data: Array, source: Ints, low: Array, high: Array, rows: Ints, count: int, upright: bool
) -> tuple[Array, Array]:
    a = np.empty(count, dtype=data.dtype)
    d = np.empty(count, dtype=data.dtype)
    n = 0
    for k in range(rows.shape[0]):
        z, y, x, length = rows[k]
        if upright:
            _convolve(data[:, y], source[z], low[z], high[z], a[n : n + length], d[n : n + length], x)
        else:
            _convolve(data[z], source[y], low[y], high[y], a[n : n + length], d[n : n + length], x)
        n += length
    return a, d


@kernel
def _convolve(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    lines: Array, source: Ints, low: Array, high: Array, smooth: Array, detail: Array, first: int
) -> None:
    # Two lines a turn: half the traffic, and every sum in PyWavelets' order.
    length = smooth.shape[0]
    for i in range(length):
        smooth[i] = 0
        detail[i] = 0
    for j in range(0, source.shape[0], 2):
        one = lines[source[j], first : first + length]
        two = lines[source[j + 1], first : first + length]
        l1, l2 = low[j], low[j + 1]
        h1, h2 = high[j], high[j + 1]
        for i in range(length):
            smooth[i] = (smooth[i] + l1 * one[i]) + l2 * two[i]
            detail[i] = (detail[i] + h1 * one[i]) + h2 * two[i]
