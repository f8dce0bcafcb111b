"""What must hold between an image and its mask before a feature can be computed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk

from robustrad.cases.files import Header
from robustrad.cases.rules import GRID_TOLERANCE
from robustrad.core.errors import Problem
from robustrad.core.geometry import Grid, Mask

_MANY_LABELS = 50


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
    """Yield why the region of ``label`` has no features: label absent, mask empty, one voxel, a line.

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
