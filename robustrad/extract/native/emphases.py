"""Features that GLRLM, GLSZM and GLDM share: sums over matrices of gray level x size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.extremes import larger
from robustrad.extract.native.roi import Ints

Floats = NDArray[np.float64]
_EPS = float(np.spacing(1))

ORDER = (
    "small",
    "large",
    "gray_nonuniformity",
    "gray_nonuniformity_normalized",
    "size_nonuniformity",
    "size_nonuniformity_normalized",
    "percentage",
    "gray_variance",
    "size_variance",
    "entropy",
    "low_gray",
    "high_gray",
    "small_low",
    "small_high",
    "large_low",
    "large_high",
)

_NO_RUNS = np.zeros((1, 1), dtype=np.int32)
_NO_LINES = np.ones(1, dtype=np.bool_)
_NO_SIZES = np.zeros(0, dtype=np.int64)


def emphases(counts: Floats, gray: Ints, sizes: Ints, out: Floats) -> None:
    """Write the sums over one matrix to ``out``, in the order of `ORDER`.

    Parameters
    ----------
    counts : ndarray of float64, (g s,) at least
        Zones or dependences of gray level i and size j, at s i + j.
    gray, sizes : ndarray of int64, (g,), (s,)
        The gray levels, and the zone sizes or dependence counts.
    out : ndarray of float64, (16,)
        The result.
    """
    work = np.empty((4, max(len(sizes), len(gray), len(ORDER))))
    _emphases(_NO_RUNS, _NO_LINES, gray, sizes, counts, len(sizes), work, out)


def run_emphases(  # noqa: PLR0917  # the inputs of one call
    tables: NDArray[Any],
    gray: Ints,
    longest: int,
    lines: NDArray[np.bool_],
    weights: Floats | None,
    out: Floats,
) -> None:
    """Write the means over directions of the sums over matrices of runs to ``out``.

    Parameters
    ----------
    tables : ndarray of int32
        See ``count_pairs_and_runs``.
    gray : ndarray of int64, (g,)
        The gray levels that occur.
    longest : int
        Length of the longest possible run.
    lines : ndarray of bool, (a,)
        Directions along which some line holds more than one ROI voxel; the others do not count.
    weights : ndarray of float64, (a,), or None
        Weights of the directions (``weightingNorm``): their matrices are added up before the features.
    out : ndarray of float64, (16,)
        The result; NaN if no direction counts.
    """
    if weights is not None:
        tables = np.sum(tables * (weights * lines)[:, None], axis=0, keepdims=True)
        lines = _NO_LINES
    work = np.empty((4, max(longest, len(gray), len(ORDER))))
    counts = np.empty(len(gray) * longest)
    _emphases(tables, lines, gray, _NO_SIZES, counts, longest, work, out)


def places(names: Mapping[str, str]) -> dict[str, int]:
    """Return where in `ORDER` the features stand that a class names so."""
    return {name: ORDER.index(key) for key, name in names.items()}


@bare
def _emphases(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    tables: NDArray[Any],
    lines: NDArray[np.bool_],
    gray: Ints,
    sizes: Ints,
    counts: Floats,
    widest: int,
    work: Floats,
    total: Floats,
) -> None:
    # Without ``sizes``, the matrix of runs of each direction is laid into ``counts``.
    runs = sizes.shape[0] == 0
    rows = gray.shape[0]
    by_gray = work[0]
    by_size = work[1]
    squares = work[2]
    levels = work[3]
    for k in range(16):
        total[k] = 0.0
    for j in range(widest):
        length = j + 1 if runs else sizes[j]
        squares[j] = np.float64(length) * np.float64(length)
    for i in range(rows):
        levels[i] = np.float64(gray[i]) * np.float64(gray[i])
    used = 0
    columns = 1 if runs else widest
    for a in range(lines.shape[0]):
        if runs:
            if lines.shape[0] > 1 and not lines[a]:
                continue
            columns = 1
            for cell in range(rows * widest):
                counts[cell] = 0.0
            if lines[a]:
                places = tables[a, (rows + 1) * (rows + 1) :]
                for i in range(rows):
                    cell = (i + 1) * (widest + 2) + 1
                    j = 0
                    while j < widest and places[cell + j] > 0:
                        counts[i * widest + j] = places[cell + j] - places[cell + j + 1]
                        j += 1
                    columns = larger(columns, j)
        n = 0.0
        for j in range(columns):
            by_size[j] = 0.0
        for i in range(rows):
            own = 0.0
            for j in range(columns):
                own += counts[i * widest + j]
                by_size[j] += counts[i * widest + j]
            by_gray[i] = own
            n += own
        if n == 0:
            # only a single matrix can be empty; entropy and size variance are sums of no terms
            for k in range(16):
                total[k] = np.nan
            if runs:
                total[8] = 0.0
                total[9] = 0.0
            return
        small, large, same_size, voxels, mean_size = 0.0, 0.0, 0.0, 0.0, 0.0
        for j in range(columns):
            count = by_size[j]
            length = np.sqrt(squares[j])
            small += count / squares[j]
            large += count * squares[j]
            same_size += count * count
            voxels += count * length
            mean_size += count / n * length
        same_gray, low, high, mean_gray = 0.0, 0.0, 0.0, 0.0
        for i in range(rows):
            count = by_gray[i]
            same_gray += count * count
            low += count / levels[i]
            high += count * levels[i]
            mean_gray += count / n * gray[i]
        gray_variance, size_variance = 0.0, 0.0
        for i in range(rows):
            gray_variance += by_gray[i] / n * (gray[i] - mean_gray) ** 2
        for j in range(columns):
            size_variance += by_size[j] / n * (np.sqrt(squares[j]) - mean_size) ** 2
        entropy, small_low, small_high, large_low, large_high = 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(rows):
            level = levels[i]
            for j in range(columns):
                count = counts[i * widest + j]
                if count == 0:
                    continue
                square = squares[j]
                p = count / n
                entropy -= p * np.log2(p + _EPS)
                small_low += count / (level * square)
                small_high += count * level / square
                large_low += count * square / level
                large_high += count * level * square
        used += 1
        total[0] += small / n
        total[1] += large / n
        total[2] += same_gray / n
        total[3] += same_gray / (n * n)
        total[4] += same_size / n
        total[5] += same_size / (n * n)
        total[6] += n / voxels
        total[7] += gray_variance
        total[8] += size_variance
        total[9] += entropy
        total[10] += low / n
        total[11] += high / n
        total[12] += small_low / n
        total[13] += small_high / n
        total[14] += large_low / n
        total[15] += large_high / n
    for k in range(16):
        total[k] /= used
