"""What a feature's name says: filter, class, and whether its zero means nothing is there."""

from __future__ import annotations

import re
from typing import NamedTuple

FEATURE_CLASSES = ("firstorder", "shape", "shape2D", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
OTHER = "other"

_NAME = re.compile(rf"^(?P<image>[^_:]+)_(?P<group>{'|'.join(FEATURE_CLASSES)})_(?P<feature>.+)$")
_ENGINE = re.compile(r"[A-Za-z][\w.-]*")
# Differences of intensities (Range, Variance, ...) have a true zero; these follow the intensity scale's zero.
_LOCATION = frozenset(
    {"10Percentile", "90Percentile", "Energy", "Maximum", "Mean", "Median", "Minimum", "RootMeanSquared"}
    | {"TotalEnergy"}
)
# Signed, or bounded, or logarithmic: a ratio of two values means nothing even where both are positive.
_NOT_RATIO = frozenset({"Skewness", "ClusterShade", "Correlation", "Imc1", "Imc2", "MCC"})


class FeatureName(NamedTuple):
    """Parts of a name.

    Attributes
    ----------
    image_type : str
        ``original``, ``wavelet-LLH``, ``log-sigma-2-0-mm-3D`` ...; empty where the name has none.
    family : str
        The filter without its settings: ``wavelet``, ``log``.
    feature_class : str
        One of :data:`FEATURE_CLASSES`; the engine of an ``engine:name``; otherwise ``other``.
    feature : str
        The rest.
    """

    image_type: str
    family: str
    feature_class: str
    feature: str


def parse(name: str) -> FeatureName:
    """Return the parts of a PyRadiomics name (``original_glcm_Contrast``) or of ``engine:name``."""
    match = _NAME.match(name)
    if match:
        image = match["image"]
        return FeatureName(image, image.split("-")[0], match["group"], match["feature"])
    engine, _, rest = name.partition(":")
    named = rest and _ENGINE.fullmatch(engine)
    return FeatureName("", "", engine, rest) if named else FeatureName("", "", OTHER, name)


def is_radiomic(name: str) -> bool:
    """Return whether ``name`` is a PyRadiomics name or ``engine:name``."""
    return parse(name).feature_class != OTHER


def is_ratio_scale(name: str, *, modality: str | None = None) -> bool:
    """Return whether a coefficient of variation can mean something where the values are positive.

    Parameters
    ----------
    name : str
        Feature name.
    modality : str, optional
        ``PT`` makes intensities themselves a ratio scale (SUV); in CT and MR their zero is arbitrary.
    """
    parts = parse(name)
    if parts.feature in _NOT_RATIO or "Entropy" in parts.feature:
        return False
    return not (parts.feature_class == "firstorder" and parts.feature in _LOCATION and modality != "PT")
