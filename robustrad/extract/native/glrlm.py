"""Gray level run length features: sums of ``emphases`` under PyRadiomics' names, and their weights.

They are means over the directions that hold a line of more than one voxel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.extract.native.angles import Angles

NAMES = {
    "small": "ShortRunEmphasis",
    "large": "LongRunEmphasis",
    "gray_nonuniformity": "GrayLevelNonUniformity",
    "gray_nonuniformity_normalized": "GrayLevelNonUniformityNormalized",
    "size_nonuniformity": "RunLengthNonUniformity",
    "size_nonuniformity_normalized": "RunLengthNonUniformityNormalized",
    "percentage": "RunPercentage",
    "gray_variance": "GrayLevelVariance",
    "size_variance": "RunVariance",
    "entropy": "RunEntropy",
    "low_gray": "LowGrayLevelRunEmphasis",
    "high_gray": "HighGrayLevelRunEmphasis",
    "small_low": "ShortRunLowGrayLevelEmphasis",
    "small_high": "ShortRunHighGrayLevelEmphasis",
    "large_low": "LongRunLowGrayLevelEmphasis",
    "large_high": "LongRunHighGrayLevelEmphasis",
}


def run_weights(directions: Angles, spacing: tuple[float, float, float], norm: str) -> NDArray[np.float64]:
    """Return the length of every direction in mm by ``weightingNorm``; spacing is (z, y, x)."""
    steps = np.abs(directions) * np.asarray(spacing)
    if norm == "infinity":
        return np.asarray(steps.max(axis=1), dtype=np.float64)
    if norm == "euclidean":
        return np.asarray(np.sqrt((steps**2).sum(axis=1)), dtype=np.float64)
    if norm == "manhattan":
        return np.asarray(steps.sum(axis=1), dtype=np.float64)
    return np.ones(len(directions))
