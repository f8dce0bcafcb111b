"""Gray level dependence features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.emphases import Table, emphases, named

NAMES = {
    "small": "SmallDependenceEmphasis",
    "large": "LargeDependenceEmphasis",
    "gray_nonuniformity": "GrayLevelNonUniformity",
    "size_nonuniformity": "DependenceNonUniformity",
    "size_nonuniformity_normalized": "DependenceNonUniformityNormalized",
    "gray_variance": "GrayLevelVariance",
    "size_variance": "DependenceVariance",
    "entropy": "DependenceEntropy",
    "low_gray": "LowGrayLevelEmphasis",
    "high_gray": "HighGrayLevelEmphasis",
    "small_low": "SmallDependenceLowGrayLevelEmphasis",
    "small_high": "SmallDependenceHighGrayLevelEmphasis",
    "large_low": "LargeDependenceLowGrayLevelEmphasis",
    "large_high": "LargeDependenceHighGrayLevelEmphasis",
}


def gldm_features(
    index: NDArray[np.int32], gray: NDArray[np.int64], alike: NDArray[np.int32], neighbors: int
) -> dict[str, float]:
    """Return the GLDM features by PyRadiomics' names.

    Parameters
    ----------
    index : ndarray of int32, (n,)
        Position of every voxel's level in ``gray``, 1-based.
    gray : ndarray of int64, (g,)
        The gray levels that occur.
    alike : ndarray of int32, (n,)
        Dependent neighbors of every voxel.
    neighbors : int
        Largest possible number of them.
    """
    counts = np.zeros((gray.shape[0], neighbors + 1))
    _count(index, alike, counts)
    sizes = np.arange(1.0, neighbors + 2)
    return named(emphases(Table(counts, gray.astype(np.float64), sizes)), NAMES)


@bare
def _count(index: NDArray[np.int32], alike: NDArray[np.int32], counts: NDArray[np.float64]) -> None:
    for v in range(index.shape[0]):
        counts[index[v] - 1, alike[v]] += 1
