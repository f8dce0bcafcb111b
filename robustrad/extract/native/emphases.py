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
    length = work[2]
    out = work[3]
    for k in range(16):
        total[k] = 0.0
    for j in range(widest):
        length[j] = np.float64(j + 1) if runs else np.float64(sizes[j])
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
            by_gray[i] = 0.0
            for j in range(columns):
                by_gray[i] += counts[i * widest + j]
                by_size[j] += counts[i * widest + j]
            n += by_gray[i]
        if n == 0:
            # only a single matrix can be empty; entropy and size variance are sums of no terms
            for k in range(16):
                total[k] = np.nan
            if runs:
                total[8] = 0.0
                total[9] = 0.0
            return
        for k in range(16):
            out[k] = 0.0
        voxels = 0.0
        mean_size = 0.0
        for j in range(columns):
            square = length[j] * length[j]
            out[0] += by_size[j] / square
            out[1] += by_size[j] * square
            out[4] += by_size[j] * by_size[j]
            voxels += by_size[j] * length[j]
            mean_size += by_size[j] / n * length[j]
        mean_gray = 0.0
        for i in range(rows):
            level = np.float64(gray[i])
            square = level * level
            out[2] += by_gray[i] * by_gray[i]
            out[10] += by_gray[i] / square
            out[11] += by_gray[i] * square
            mean_gray += by_gray[i] / n * level
        for i in range(rows):
            out[7] += by_gray[i] / n * (gray[i] - mean_gray) ** 2
        for j in range(columns):
            out[8] += by_size[j] / n * (length[j] - mean_size) ** 2
        for i in range(rows):
            ii = np.float64(gray[i]) * np.float64(gray[i])
            for j in range(columns):
                count = counts[i * widest + j]
                if count == 0:
                    continue
                jj = length[j] * length[j]
                p = count / n
                out[9] -= p * np.log2(p + _EPS)
                out[12] += count / (ii * jj)
                out[13] += count * ii / jj
                out[14] += count * jj / ii
                out[15] += count * ii * jj
        out[3] = out[2] / (n * n)
        out[5] = out[4] / (n * n)
        out[6] = n / voxels
        for k in (0, 1, 2, 4, 10, 11, 12, 13, 14, 15):
            out[k] /= n
        used += 1
        for k in range(16):
            total[k] += out[k]
    for k in range(16):
        total[k] /= used
