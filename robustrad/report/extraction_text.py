"""Extraction settings in the words of the IBSI's reporting list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robustrad.extract.settings import resolved

INTERPOLATORS = {
    "sitkBSpline": "cubic B-spline",
    "sitkLinear": "linear",
    "sitkNearestNeighbor": "nearest neighbor",
}


def deviations(parameters: Mapping[str, Any]) -> list[str]:
    """Return where PyRadiomics' definitions, with these settings, deviate from the IBSI's."""
    settings = settings_of(parameters)
    found = [
        "kurtosis is not reduced by 3",
        "the resampling grid is aligned with the corner of the image, not its center",
    ]
    if not settings.get("binCount"):
        found.append(
            "with a fixed bin width, edges lie at multiples of the width and gray levels are counted "
            "from the lowest one "
            "in the ROI"
        )
    if set(dict(parameters.get("imageType", {}))) - {"Original"}:
        found.append("filters are PyRadiomics' own")
    return found


def settings_of(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return every setting of a parameter mapping, PyRadiomics' defaults where it says nothing."""
    return resolved(dict(parameters.get("setting", {})))


def resampling(settings: Mapping[str, Any]) -> str:
    """Say how image and mask are put onto the analysis grid."""
    spacing = settings.get("resampledPixelSpacing")
    if not spacing or not any(spacing):
        return "Images were not resampled."
    size = " x ".join(f"{float(value):g}" for value in spacing)
    name = INTERPOLATORS.get(str(settings["interpolator"]), str(settings["interpolator"]))
    return (
        f"Images were resampled once, by {name} interpolation, to voxels of {size} mm on a grid aligned "
        "with the corner "
        "of the image; masks by nearest neighbor on the same grid. Intensities were kept as 64-bit "
        "floating point."
    )


def discretization(settings: Mapping[str, Any]) -> str:
    """Say how intensities become gray levels."""
    if settings.get("binCount"):
        return f"Intensities in the ROI were discretized to a fixed number of {settings['binCount']} bins."
    return (
        f"Intensities in the ROI were discretized with a fixed bin width of {settings['binWidth']:g} "
        "(image units), "
        "edges at multiples of the width."
    )


def resegmentation(settings: Mapping[str, Any]) -> str:
    """Say whether voxels were excluded by intensity."""
    limits = settings.get("resegmentRange")
    if not limits:
        return "There was no re-segmentation."
    shown = " to ".join(f"{float(value):g}" for value in limits)
    return f"The ROI was re-segmented to {shown} ({settings['resegmentMode']})."


def images(parameters: Mapping[str, Any]) -> str:
    """Say from which images features come."""
    told = []
    for name, own in dict(parameters.get("imageType", {"Original": {}})).items():
        settings = {**dict(parameters.get("setting", {})), **dict(own or {})}
        if name == "Original":
            told.append("the unfiltered image")
        elif name == "LoG":
            sigma = ", ".join(f"{float(value):g}" for value in settings.get("sigma", ()))
            told.append(f"its Laplacian of Gaussian (sigma {sigma} mm)")
        elif name == "Wavelet":
            told.append(f"its wavelet decompositions ({settings.get('wavelet', 'coif1')})")
        else:
            told.append(f"its {name} filter")
    return " and ".join(told) if len(told) < 3 else f"{', '.join(told[:-1])} and {told[-1]}"


def texture(settings: Mapping[str, Any]) -> str:
    """Say how texture matrices were made."""
    distances = ", ".join(str(value) for value in settings["distances"])
    kind = "symmetric" if settings["symmetricalGLCM"] else "asymmetric"
    weighting = settings.get("weightingNorm")
    weights = f"weighted by {weighting} distance" if weighting else "without distance weighting"
    dimension = "in two dimensions" if settings["force2D"] else "in three dimensions"
    merged = "merged over directions" if weighting else "feature values averaged over directions"
    return (
        f"Texture matrices were computed {dimension} at distance {distances}, co-occurrence {kind}, "
        f"{weights}, {merged}; "
        f"dependence cut-off {settings['gldm_a']}."
    )


def normalization(settings: Mapping[str, Any]) -> str:
    """Say whether intensities were normalized before anything else."""
    if not settings.get("normalize"):
        return "Intensities were not normalized."
    return f"Intensities were normalized over the whole image (scale {settings['normalizeScale']:g})."
