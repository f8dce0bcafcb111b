"""What PyRadiomics can compute: its image types, feature classes and features.

Written down here, so that parameter files are checked and columns ordered without importing PyRadiomics; a
test holds the lists against the installed one.
"""

from __future__ import annotations

from collections.abc import Mapping

IMAGE_TYPES = (
    *("Exponential", "Gradient", "LBP2D", "LBP3D", "LoG"),
    *("Logarithm", "Original", "Square", "SquareRoot", "Wavelet"),
)
SHAPE_CLASSES = ("shape", "shape2D")

# Class -> features in PyRadiomics' order. Those marked "-" are computed only when asked for by name, those
# marked "!" are accepted by name, but PyRadiomics gives no value for them (it deems them duplicates).
_LISTED = {
    "firstorder": """10Percentile 90Percentile Energy Entropy InterquartileRange Kurtosis Maximum
        MeanAbsoluteDeviation Mean Median Minimum Range RobustMeanAbsoluteDeviation RootMeanSquared Skewness
        -StandardDeviation TotalEnergy Uniformity Variance""",
    "glcm": """Autocorrelation ClusterProminence ClusterShade ClusterTendency Contrast Correlation
        DifferenceAverage DifferenceEntropy DifferenceVariance !Dissimilarity !Homogeneity1 !Homogeneity2 Id
        Idm Idmn Idn Imc1 Imc2 InverseVariance JointAverage JointEnergy JointEntropy MCC MaximumProbability
        SumAverage SumEntropy SumSquares !SumVariance""",
    "gldm": """DependenceEntropy DependenceNonUniformity DependenceNonUniformityNormalized
        !DependencePercentage DependenceVariance GrayLevelNonUniformity !GrayLevelNonUniformityNormalized
        GrayLevelVariance HighGrayLevelEmphasis LargeDependenceEmphasis LargeDependenceHighGrayLevelEmphasis
        LargeDependenceLowGrayLevelEmphasis LowGrayLevelEmphasis SmallDependenceEmphasis
        SmallDependenceHighGrayLevelEmphasis SmallDependenceLowGrayLevelEmphasis""",
    "glrlm": """GrayLevelNonUniformity GrayLevelNonUniformityNormalized GrayLevelVariance
        HighGrayLevelRunEmphasis LongRunEmphasis LongRunHighGrayLevelEmphasis LongRunLowGrayLevelEmphasis
        LowGrayLevelRunEmphasis RunEntropy RunLengthNonUniformity RunLengthNonUniformityNormalized
        RunPercentage RunVariance ShortRunEmphasis ShortRunHighGrayLevelEmphasis
        ShortRunLowGrayLevelEmphasis""",
    "glszm": """GrayLevelNonUniformity GrayLevelNonUniformityNormalized GrayLevelVariance
        HighGrayLevelZoneEmphasis LargeAreaEmphasis LargeAreaHighGrayLevelEmphasis
        LargeAreaLowGrayLevelEmphasis LowGrayLevelZoneEmphasis SizeZoneNonUniformity
        SizeZoneNonUniformityNormalized SmallAreaEmphasis SmallAreaHighGrayLevelEmphasis
        SmallAreaLowGrayLevelEmphasis ZoneEntropy ZonePercentage ZoneVariance""",
    "ngtdm": "Busyness Coarseness Complexity Contrast Strength",
    "shape": """-Compactness1 -Compactness2 Elongation Flatness LeastAxisLength MajorAxisLength
        Maximum2DDiameterColumn Maximum2DDiameterRow Maximum2DDiameterSlice Maximum3DDiameter MeshVolume
        MinorAxisLength -SphericalDisproportion Sphericity SurfaceArea SurfaceVolumeRatio VoxelVolume""",
    "shape2D": """Elongation MajorAxisLength MaximumDiameter MeshSurface MinorAxisLength Perimeter
        PerimeterSurfaceRatio PixelSurface -SphericalDisproportion Sphericity""",
}
FEATURES: Mapping[str, tuple[str, ...]] = {
    name: tuple(word.lstrip("-!") for word in words.split()) for name, words in _LISTED.items()
}
ON_REQUEST: Mapping[str, frozenset[str]] = {
    name: frozenset(word.lstrip("-!") for word in words.split() if word[0] in "-!")
    for name, words in _LISTED.items()
}
RETIRED: Mapping[str, frozenset[str]] = {
    name: frozenset(word[1:] for word in words.split() if word[0] == "!") for name, words in _LISTED.items()
}
FEATURE_CLASSES = tuple(FEATURES)
