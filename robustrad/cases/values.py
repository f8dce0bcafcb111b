"""What the voxels of a case give away: values that are no numbers, other units, too few or too many grays.

The thresholds are ours and wide: they are meant to catch files in other units, not rare patients.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from robustrad.core.errors import Problem
from robustrad.core.geometry import Mask
from robustrad.extract.levels import GrayLevelsError, count_levels
from robustrad.extract.parameters import Parameters, Settings
from robustrad.extract.settings import resolved

Severity = Literal["error", "warning"]
Values = NDArray[Any]

FEW_VOXELS = 64
MANY_LEVELS = 256
LARGEST_SUV = 100.0  # ROI median: no lesion reaches it, 1 kBq/mL (below every tumor) already is 1000 Bq/mL
_NO_TEXTURE = "at least 2: texture of one level is not defined"
SMALLEST_CT_RANGE = 50.0  # HU from minimum to maximum of the image: air, fat and muscle alone span 1000


def value_problems(
    image: Values, inside: Mask, modality: str, where: str, *, parameters: Parameters | None = None
) -> Iterator[tuple[Severity, Problem]]:
    """Yield what the voxels of one case say, each with its severity.

    Parameters
    ----------
    image : ndarray, (z, y, x)
        The whole image in its own pixel type.
    inside : ndarray of bool, (z, y, x)
        The ROI; ``open_case`` has made sure that values in it are finite.
    modality : str
        ``CT`` and ``PT`` are checked for their units.
    where : str
        What the messages name.
    parameters : Parameters, optional
        With them the gray levels of the unfiltered, unresampled ROI are counted.
    """
    roi = image[inside]
    if roi.size < FEW_VOXELS:
        yield (
            "warning",
            Problem(
                f"{where}, mask",
                f"{roi.size} voxels in the ROI",
                f"at least {FEW_VOXELS} for texture",
                "Conditions that leave fewer on the analysis grid are skipped.",
            ),
        )
    yield from _units(image, roi, modality, f"{where}, image")
    if parameters is not None:
        yield from _levels(image, roi, f"{where}, ROI", parameters.settings)


def broken_elsewhere(
    broken: Mask, image: Values, where: str, *, parameters: Parameters | None = None
) -> tuple[Severity, Problem]:
    """Return the finding of voxels outside the ROI that are no numbers in the file (``broken``).

    ITK's spline coefficients are recursive along whole lines: one NaN leaves no number in the image, so with
    spline resampling it is an error. What SimpleITK reads as 0 spreads nothing.
    """
    kept = not np.isfinite(image[broken]).all()
    spreads = kept and parameters is not None and _spline(parameters.settings)
    effect = "Spline resampling spreads one over the whole image" if kept else "SimpleITK reads them as 0"
    return (
        "error" if spreads else "warning",
        Problem(
            where,
            f"{np.count_nonzero(broken)} voxels outside the ROI are NaN or infinite",
            "finite values",
            f"{effect}: set them to the background's value.",
        ),
    )


def _spline(settings: Settings) -> bool:
    by_spline = str(settings.get("interpolator", "sitkBSpline")) in ("sitkBSpline", "3")
    return bool(settings.get("resampledPixelSpacing")) and by_spline


def _units(image: Values, roi: Values, modality: str, where: str) -> Iterator[tuple[Severity, Problem]]:
    finite = image[np.isfinite(image)] if image.dtype.kind == "f" else image
    low, high = float(finite.min()), float(finite.max())
    median = float(np.median(roi))
    if modality == "PT" and median > LARGEST_SUV:
        yield (
            "warning",
            Problem(
                where,
                f"the ROI's median is {median:g}, which looks like Bq/mL",
                "SUV (lesions: about 1 to 40)",
                "Divide by injected dose per body weight, or give bins in these units.",
            ),
        )
    if modality == "CT" and (low >= 0 or high - low < SMALLEST_CT_RANGE):
        yield (
            "warning",
            Problem(
                where,
                f"values from {low:g} to {high:g} do not look like HU",
                "HU (air -1000, fat -100, muscle 50)",
                "Apply rescale slope and intercept, or undo the window.",
            ),
        )


def _levels(image: Values, roi: Values, where: str, settings: Settings) -> Iterator[tuple[Severity, Problem]]:
    values = _resegmented(_normalized(image, roi, settings), settings)
    if not values.size:
        yield (
            "error",
            Problem(where, "resegmentRange leaves no voxel", "", "Check its numbers and the units."),
        )
        return
    if values.min() == values.max():
        told = f"the ROI has one value ({float(values.min()):g}), so one gray level at any bins"
        yield "error", Problem(where, told, _NO_TEXTURE, "Is it the right image, and the right place?")
        return
    span = f"values from {float(values.min()):g} to {float(values.max()):g}"
    try:
        levels = count_levels(values, settings)
    except GrayLevelsError as error:
        yield "error", Problem(where, f"{span}: {error}", "", "Use wider bins, or check the units.")
        return
    bins = "binCount" if settings.get("binCount") else "binWidth"
    given = resolved(settings)[bins]
    if levels == 1:
        yield (
            "error",
            Problem(
                where,
                f"{span} give one gray level at {bins} {given}",
                _NO_TEXTURE,
                "Use narrower bins, or check the units.",
            ),
        )
    elif levels > MANY_LEVELS:
        yield (
            "warning",
            Problem(
                where,
                f"{span} give {levels} gray levels at {bins} {given}",
                f"at most {MANY_LEVELS}: matrices become sparse, large and slow",
                "Use wider bins, or check the units.",
            ),
        )


def _normalized(image: Values, roi: Values, settings: Settings) -> Values:
    """Return the ROI as PyRadiomics normalizes it: by mean and SD of the whole image."""
    if not settings.get("normalize"):
        return roi
    scaled = (roi - np.mean(image)) / (np.std(image, ddof=1) or 1.0)
    outliers = settings.get("removeOutliers")
    if isinstance(outliers, int | float) and outliers:
        scaled = np.clip(scaled, -outliers, outliers)
    scale = settings.get("normalizeScale", 1)
    return np.asarray(scaled * (float(scale) if isinstance(scale, int | float) else 1.0))


def _resegmented(values: Values, settings: Settings) -> Values:
    """Return the values within an absolute ``resegmentRange``; other modes are left to the engine."""
    bounds = settings.get("resegmentRange")
    if not isinstance(bounds, list | tuple) or settings.get("resegmentMode", "absolute") != "absolute":
        return values
    keep = values >= bounds[0]
    if len(bounds) > 1:
        keep &= values <= bounds[1]
    return np.asarray(values[keep])
