"""Neighboring gray tone difference features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.roi import Ints

Floats = NDArray[np.float64]


NAMES = ("Busyness", "Coarseness", "Complexity", "Contrast", "Strength")


def ngtdm_features(counts: Ints, gaps: Ints, gray: Ints, out: Floats) -> None:
    """Write the NGTDM features, in the order of `NAMES`, to ``out``.

    Parameters
    ----------
    counts : ndarray of int64, (g,)
        Voxels of each gray level.
    gaps : ndarray of int64, (g, m + 1)
        Differences of each gray level from its neighborhoods; see ``neighbors.Around``.
    gray : ndarray of int64, (g,)
        The gray levels that occur.
    out : ndarray of float64, (5,)
        The result.
    """
    _features(counts, gaps, gray, np.empty((2, len(gray))), out)


@bare
def _features(counts: Ints, gaps: Ints, gray: Ints, tones: Floats, out: Floats) -> None:
    g = gray.shape[0]
    p = tones[0]
    s = tones[1]
    n = 0.0
    for k in range(g):
        n += counts[k]
        s[k] = 0.0
        for around in range(1, gaps.shape[1]):  # a voxel without neighbors counts with no difference
            s[k] += gaps[k, around] / np.float64(around)
    sum_s = 0.0
    coarse = 0.0
    for k in range(g):
        p[k] = counts[k] / n
        sum_s += s[k]
        coarse += p[k] * s[k]
    contrast = 0.0
    spread = 0.0
    complexity = 0.0
    strength = 0.0
    for i in range(g):
        for j in range(g):
            d = np.float64(gray[i] - gray[j])
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
