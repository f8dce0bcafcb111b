"""Neighboring gray tone difference features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare

Floats = NDArray[np.float64]


def ngtdm_features(
    index: NDArray[np.int32], gray: NDArray[np.int64], total: NDArray[np.int32], count: NDArray[np.int32]
) -> dict[str, float]:
    """Return the NGTDM features by PyRadiomics' names.

    Parameters
    ----------
    index : ndarray of int32, (n,)
        Position of every voxel's level in ``gray``, 1-based.
    gray : ndarray of int64, (g,)
        The gray levels that occur.
    total, count : ndarray of int32, (n,)
        Sum of the gray levels of the neighbors in the ROI, and their number. A voxel without neighbors
        counts with a difference of zero.
    """
    values = np.empty(5)
    _features(index, gray.astype(np.float64), total, count, np.zeros((2, len(gray))), values)
    names = ("Busyness", "Coarseness", "Complexity", "Contrast", "Strength")
    return dict(zip(names, values.tolist(), strict=True))


@bare
def _features(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    index: NDArray[np.int32],
    gray: Floats,
    total: NDArray[np.int32],
    count: NDArray[np.int32],
    work: Floats,
    out: Floats,
) -> None:
    n = index.shape[0]
    g = gray.shape[0]
    p = work[0]
    s = work[1]
    for v in range(n):
        k = index[v] - 1
        p[k] += 1
        if count[v] > 0:
            s[k] += abs(gray[k] - total[v] / np.float64(count[v]))
    sum_s = 0.0
    coarse = 0.0
    for k in range(g):
        p[k] /= n
        sum_s += s[k]
        coarse += p[k] * s[k]
    contrast = 0.0
    spread = 0.0
    complexity = 0.0
    strength = 0.0
    for i in range(g):
        for j in range(g):
            d = gray[i] - gray[j]
            contrast += p[i] * p[j] * d * d
            spread += abs(gray[i] * p[i] - gray[j] * p[j])
            both = p[i] + p[j]
            complexity += abs(d) * (p[i] * s[i] + p[j] * s[j]) / both
            strength += both * d * d
    contrast = contrast * sum_s / n
    pairs = g * (g - 1)
    out[0] = coarse / spread if spread != 0 else 0.0
    out[1] = 1 / coarse if coarse != 0 else 1e6
    out[2] = complexity / n
    out[3] = contrast / pairs if pairs != 0 else 0.0
    out[4] = strength / sum_s if sum_s != 0 else 0.0
