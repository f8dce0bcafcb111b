"""Gray level dependence features: sums of ``emphases`` under PyRadiomics' names."""

from __future__ import annotations

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
