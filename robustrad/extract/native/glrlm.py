"""Gray level run length features: means over the directions that hold a line of more than one voxel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.extract.native.angles import Angles
from robustrad.extract.native.emphases import ORDER, emphases_each, named
from robustrad.extract.native.means import mean_defined
from robustrad.extract.native.pairs import Floats

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


def glrlm_features(
    runs: Floats,
    gray: NDArray[np.int64],
    lines: NDArray[np.bool_],
    weights: NDArray[np.float64] | None,
) -> dict[str, float]:
    """Return the GLRLM features by PyRadiomics' names.

    Parameters
    ----------
    runs : ndarray of float64, (a, g, r)
        Runs per direction, gray level and length.
    gray : ndarray of int64, (g,)
        The gray levels that occur.
    lines : ndarray of bool, (a,)
        Directions along which some line holds more than one ROI voxel; the others do not count.
    weights : ndarray of float64, (a,), or None
        Weights of the directions (``weightingNorm``): their matrices are added up before the features.
    """
    kept = runs if lines.all() else np.where(lines[:, None, None], runs, 0.0)
    lengths = np.flatnonzero(kept.max(axis=(0, 1)))
    longest = int(lengths[-1]) + 1 if lengths.size else 1
    if weights is not None:
        kept = np.sum(kept * weights[:, None, None], axis=0, keepdims=True)
    elif lines.size > 1 and not lines.all():
        kept = kept[lines]
    rows = emphases_each(kept[:, :, :longest], gray.astype(np.float64), np.arange(1.0, longest + 1))
    mean = mean_defined(rows) if len(rows) else np.full(len(ORDER), np.nan)
    if len(rows) and not lengths.size:
        for name in ("entropy", "size_variance"):  # sums of no terms
            mean[ORDER.index(name)] = 0.0
    return named(mean, NAMES)


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
