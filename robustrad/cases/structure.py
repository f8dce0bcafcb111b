"""What must hold between an image and its mask before a feature can be computed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk

from robustrad.cases.files import Header
from robustrad.cases.rules import GRID_TOLERANCE
from robustrad.core.errors import Problem
from robustrad.core.geometry import Grid, Mask
from robustrad.extract.parameters import Parameters
from robustrad.extract.settings import resolved

_MANY_LABELS = 50
_MOST_LABELS = 256  # segmentations of the whole body have about 120 labels


def header_problems(header: Header, where: str, *, channel: int | None = None) -> Iterator[Problem]:
    """Yield why an image with this header cannot be used: vectors, complex numbers, not three axes.

    With a ``channel`` (masks only) several values per voxel are right, if there are that many.
    """
    if header.components != 1 and "complex" in header.pixel:
        yield Problem(
            where, "complex numbers", "a scalar image with one value per voxel", "Save the magnitude."
        )
    elif header.components != 1 and (channel is None or channel >= header.components):
        yield Problem(
            where,
            f"{header.components} values per voxel (RGB or vector)",
            "a scalar image with one value per voxel"
            if channel is None
            else f"more than {channel}, as label_channel asks",
            "Save one channel as its own file, or for a mask set label_channel in the parameter file.",
        )
    if header.grid is None:
        axes = len(header.size)
        yield Problem(
            where,
            f"a {axes}-D image of size {'x'.join(map(str, header.size))}",
            "a 3-D image",
            "Save one frame as its own file." if axes > 3 else "Join the slices into one volume.",
        )


def grid_problem(image: Grid, mask: Grid, where: str, *, tolerance: float = GRID_TOLERANCE) -> Problem | None:
    """Return how the mask's grid differs from the image's, with both numbers; None if it does not."""
    differences = image.differences(mask, tolerance=tolerance)
    if not differences:
        return None
    return Problem(
        where,
        f"image and mask grids differ (image and mask): {', '.join(differences)}",
        "one grid for both",
        "Resample the mask onto the image, or set correctMask: true in the parameter file.",
    )


def one_channel(mask: sitk.Image, channel: int | None) -> sitk.Image:
    """Return the mask that ``channel`` names; a scalar mask as it is."""
    if mask.GetNumberOfComponentsPerPixel() == 1:
        return mask
    return sitk.VectorIndexSelectionCast(mask, channel or 0)


def labeled(mask: sitk.Image, label: int) -> Mask:
    """Return where ``mask`` has ``label``, (z, y, x); fractions are cut off, as PyRadiomics does."""
    array = np.asarray(sitk.GetArrayViewFromImage(mask))
    if array.dtype.kind == "f":
        array = np.trunc(array)
    return np.asarray(array == label)


def region_problems(mask: sitk.Image, label: int, where: str, *, dimensions: int) -> Iterator[Problem]:
    """Yield why the region of ``label`` has no features: no label map, label absent, one voxel, a line.

    Parameters
    ----------
    mask : SimpleITK.Image
        Scalar label map.
    label : int
        Value of the ROI.
    where : str
        What the messages name.
    dimensions : int
        Axes along which the ROI must extend over two voxels or more (PyRadiomics' ``minimumROIDimensions``).
    """
    unlike = _no_label_map(np.asarray(sitk.GetArrayViewFromImage(mask)), where)
    if unlike is not None:
        yield unlike
        return
    inside = labeled(mask, label)
    if not inside.any():
        yield _absent(np.asarray(sitk.GetArrayViewFromImage(mask)), label, where)
        return
    extended = sum(
        int(np.ptp(np.flatnonzero(inside.any(axis=others)))) > 0 for others in ((0, 1), (0, 2), (1, 2))
    )
    count = int(np.count_nonzero(inside))
    if count == 1:
        yield Problem(
            where, f"label {label} marks one voxel", "a region", "Contour it again, or leave it out."
        )
    elif extended < dimensions:
        yield Problem(
            where,
            f"label {label} marks {count} voxels that extend along {extended} of 3 axes",
            f"a region that extends along {dimensions} (minimumROIDimensions)",
            "Contour it again, or leave it out.",
        )


def flat_problem(mask: sitk.Image, label: int, where: str, parameters: Parameters) -> Problem | None:
    """Return the problem of shape2D (``force2D``) on a region that stays thicker than a slice; None if none.

    Parameters
    ----------
    mask : SimpleITK.Image
        Scalar label map that holds ``label``.
    label : int
        Value of the ROI.
    where : str
        What the message names.
    parameters : Parameters
        Their ``force2D``, ``force2Ddimension``, ``resampledPixelSpacing`` and classes count.
    """
    settings = resolved(parameters.settings)
    if not settings["force2D"] or "shape2D" not in parameters.feature_classes:
        return None
    axis = int(settings["force2Ddimension"])  # of the array: z, y, x
    others = tuple(other for other in range(3) if other != axis)
    slices = 1 + int(np.ptp(np.flatnonzero(labeled(mask, label).any(axis=others))))
    asked = settings["resampledPixelSpacing"]
    spacing = float(asked[2 - axis]) if isinstance(asked, list | tuple) else 0.0
    left = slices * mask.GetSpacing()[2 - axis] / spacing if spacing else slices
    if slices == 1 or left <= 2:
        return None
    return Problem(
        where,
        f"the ROI has {slices} slices along array axis {axis} (force2Ddimension), and shape2D needs one",
        "",
        "Name the classes in featureClass without shape2D, or leave out force2D.",
    )


def _no_label_map(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]], where: str) -> Problem | None:
    """Return the problem of a mask that is an image, or was interpolated like one; None for a label map."""
    if array.dtype.kind == "f":
        fractions = array[array != np.trunc(array)]
        if fractions.size:
            shown = ", ".join(f"{value:.3g}" for value in np.unique(fractions[:1000])[:3])
            return Problem(
                where,
                f"the mask holds values that are not whole numbers ({shown} ...)",
                "a label map",
                "Is it an image, or an interpolated mask? Are image and mask swapped? Masks are resampled by "
                "nearest neighbor, or cut at 0.5.",
            )
    if float(array.max()) - float(array.min()) < _MOST_LABELS:
        return None
    different = len(np.unique(array))
    if different <= _MOST_LABELS:
        return None
    return Problem(
        where,
        f"the mask holds {different} different values ({array.min():g} to {array.max():g})",
        "a label map",
        "Is it an image? Are image and mask swapped? Of an atlas, save the ROI as a mask of its own.",
    )


def _absent(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]], label: int, where: str) -> Problem:
    present = [value for value in np.unique(array).tolist() if value != 0]
    if not present:
        return Problem(where, "the mask is empty (no voxel but 0)", f"label {label}", "Check the mask file.")
    shown = ", ".join(f"{value:g}" for value in present[:10])
    if len(present) > _MANY_LABELS:
        return Problem(
            where,
            f"label {label} is absent; there are {len(present)} values ({shown} ...)",
            "a label map",
            "Are image and mask swapped?",
        )
    more = ", ..." if len(present) > 10 else ""
    return Problem(
        where,
        f"label {label} is absent; labels present: {shown}{more}",
        "",
        "Give one of them in the column 'label'.",
    )
