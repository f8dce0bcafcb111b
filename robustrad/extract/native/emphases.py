"""Features that GLRLM, GLSZM and GLDM share: sums over a matrix of gray level x size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare

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


class Table(NamedTuple):
    """A matrix of counts.

    Attributes
    ----------
    counts : ndarray of float64, (g, s)
        Runs, zones or dependences of gray level i and size j.
    gray : ndarray of float64, (g,)
        Gray levels.
    sizes : ndarray of float64, (s,)
        Run lengths, zone sizes or dependence counts.
    """

    counts: Floats
    gray: Floats
    sizes: Floats


def emphases(table: Table) -> Floats:
    """Return the sums over one matrix, in the order of `ORDER`; NaN if the matrix is empty."""
    out: Floats = emphases_each(table.counts[None], table.gray, table.sizes)[0]
    return out


def emphases_each(counts: Floats, gray: Floats, sizes: Floats) -> Floats:
    """Return `emphases` of several matrices, (a, g, s) -> (a, 16)."""
    out = np.zeros((counts.shape[0], len(ORDER)))
    by_gray, by_size = np.zeros(counts.shape[1]), np.zeros(counts.shape[2])
    _emphases(np.ascontiguousarray(counts), gray, sizes, by_gray, by_size, out)
    return out


def named(values: Floats, names: Mapping[str, str]) -> dict[str, float]:
    """Return ``values`` (in `ORDER`) under the names that a feature class gives them, sorted by name."""
    found = {names[key]: float(value) for key, value in zip(ORDER, values, strict=True) if key in names}
    return dict(sorted(found.items()))


@bare
def _emphases(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    counts: Floats, gray: Floats, sizes: Floats, by_gray: Floats, by_size: Floats, out: Floats
) -> None:
    matrices, rows, columns = counts.shape
    for a in range(matrices):
        n = 0.0
        for j in range(columns):
            by_size[j] = 0.0
        for i in range(rows):
            by_gray[i] = 0.0
            for j in range(columns):
                by_gray[i] += counts[a, i, j]
                by_size[j] += counts[a, i, j]
            n += by_gray[i]
        if n == 0:
            for k in range(out.shape[1]):
                out[a, k] = np.nan
            continue
        voxels = 0.0
        mean_size = 0.0
        for j in range(columns):
            square = sizes[j] * sizes[j]
            out[a, 0] += by_size[j] / square
            out[a, 1] += by_size[j] * square
            out[a, 4] += by_size[j] * by_size[j]
            voxels += by_size[j] * sizes[j]
            mean_size += by_size[j] / n * sizes[j]
        mean_gray = 0.0
        for i in range(rows):
            square = gray[i] * gray[i]
            out[a, 2] += by_gray[i] * by_gray[i]
            out[a, 10] += by_gray[i] / square
            out[a, 11] += by_gray[i] * square
            mean_gray += by_gray[i] / n * gray[i]
        for i in range(rows):
            out[a, 7] += by_gray[i] / n * (gray[i] - mean_gray) ** 2
        for j in range(columns):
            out[a, 8] += by_size[j] / n * (sizes[j] - mean_size) ** 2
        for i in range(rows):
            ii = gray[i] * gray[i]
            for j in range(columns):
                count = counts[a, i, j]
                if count == 0:
                    continue
                jj = sizes[j] * sizes[j]
                p = count / n
                out[a, 9] -= p * np.log2(p + _EPS)
                out[a, 12] += count / (ii * jj)
                out[a, 13] += count * ii / jj
                out[a, 14] += count * jj / ii
                out[a, 15] += count * ii * jj
        out[a, 3] = out[a, 2] / (n * n)
        out[a, 5] = out[a, 4] / (n * n)
        out[a, 6] = n / voxels
        for k in (0, 1, 2, 4, 10, 11, 12, 13, 14, 15):
            out[a, k] /= n
