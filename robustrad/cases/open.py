"""Opening a case: image and mask on one grid, or a clear error."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import SimpleITK as sitk

from robustrad.cases.case import Case
from robustrad.cases.files import Volume, read_header, read_image
from robustrad.cases.rules import Rules
from robustrad.cases.structure import grid_problem, header_problems, labeled, one_channel, region_problems
from robustrad.core.errors import DataError, Problem
from robustrad.core.geometry import Grid, Mask
from robustrad.extract.parameters import Settings

_EDGE = 1e-3  # voxels that a region may stand out of the image, for rounding of headers


class OpenedCase(NamedTuple):
    """A case in memory.

    Attributes
    ----------
    image : SimpleITK.Image
        3-D scalar image in the file's own pixel type.
    mask : SimpleITK.Image
        UInt32 on the image's grid: 1 inside the ROI, 0 outside.
    grid : Grid
        The grid of both.
    """

    image: sitk.Image
    mask: sitk.Image
    grid: Grid


def open_case(case: Case, *, settings: Settings | None = None, where: str = "") -> OpenedCase:
    """Read image and mask of ``case``.

    Parameters
    ----------
    case : Case
        What to open.
    settings : mapping, optional
        Extraction settings, of which ``correctMask``, ``geometryTolerance``, ``label_channel`` and ``label``
        (for cases whose table names none) are used. With ``correctMask`` a mask of another grid is resampled
        onto the image's, nearest neighbor; within the tolerance it takes over the image's grid.
    where : str
        What messages name; default the case's own place.

    Raises
    ------
    DataError
        If a file is missing or broken, not a 3-D scalar image, the grids differ, the ROI reaches out of the
        image, the label is absent or marks one voxel, or values in the ROI are NaN or infinite.
    """
    where = where or case.place
    opened, broken = open_volume(case, settings=settings, where=where)
    problem = broken_in_roi(opened, broken, where)
    _refuse([problem] if problem else [])
    return opened


def broken_in_roi(opened: OpenedCase, broken: Mask | None, where: str) -> Problem | None:
    """Return the problem of values in the ROI that are NaN or infinite, None if there are none."""
    inside = np.asarray(sitk.GetArrayViewFromImage(opened.mask)) == 1
    count = 0 if broken is None else int(np.count_nonzero(broken & inside))
    if not count:
        return None
    return Problem(
        f"{where}, image",
        f"{count} of {np.count_nonzero(inside)} voxels in the ROI are NaN or infinite",
        "finite values",
        "Repair the image, or contour without them.",
    )


class OpenedVolume(NamedTuple):
    """A case in memory, and which voxels (z, y, x) of its image file are NaN or infinite, if any."""

    case: OpenedCase
    broken: Mask | None


def open_volume(case: Case, *, settings: Settings | None, where: str) -> OpenedVolume:
    """Read ``case`` as ``open_case`` does, NaN and infinite values allowed."""
    rules = Rules.of(settings)
    image, broken = _read(case.image, f"{where}, image")
    mask = one_channel(_read(case.mask, f"{where}, mask", rules.channel).image, rules.channel)
    label = rules.label_of(case)
    _refuse(list(region_problems(mask, label, f"{where}, mask", dimensions=1)))
    region = Grid.of(mask).image(labeled(mask, label).astype(np.uint32))
    problem = grid_problem(Grid.of(image), Grid.of(mask), where, tolerance=rules.tolerance)
    if problem and not rules.correct_mask:
        _refuse([problem])
    if problem:
        region = _carried(region, image, where)
    region.CopyInformation(image)
    return OpenedVolume(OpenedCase(image, region, Grid.of(image)), broken)


def _read(path: Path, where: str, channel: int | None = None) -> Volume:
    _refuse(list(header_problems(read_header(path, where=where), where, channel=channel)))
    return read_image(path, where=where)


def _carried(region: sitk.Image, image: sitk.Image, where: str) -> sitk.Image:
    """Return the region on the image's grid, nearest neighbor; refuse one that reaches out of the image."""
    corners = _corners(region)
    steps = np.array([image.TransformPhysicalPointToContinuousIndex(corner) for corner in corners])
    low, high = steps.min(axis=0), steps.max(axis=0)
    if (low < -0.5 - _EDGE).any() or (high > np.array(image.GetSize()) - 0.5 + _EDGE).any():
        raise DataError(
            f"{where}, mask",
            f"the ROI reaches out of the image (voxels {_text(low)} to {_text(high)} along x, y, z)",
            f"voxels within 0,0,0 to {','.join(str(n - 1) for n in image.GetSize())}",
            "Does the mask belong to this image?",
        )
    carried = sitk.Resample(region, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0, sitk.sitkUInt32)
    _refuse(list(region_problems(carried, 1, f"{where}, mask after correctMask", dimensions=1)))
    return carried


def _corners(region: sitk.Image) -> list[tuple[float, ...]]:
    statistics = sitk.LabelShapeStatisticsImageFilter()
    statistics.Execute(region)
    box = statistics.GetBoundingBox(1)
    low, high = box[:3], [box[axis] + box[axis + 3] - 1 for axis in range(3)]
    return [
        region.TransformIndexToPhysicalPoint([int((low, high)[bit >> axis & 1][axis]) for axis in range(3)])
        for bit in range(8)
    ]


def _text(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    return ",".join(f"{value:.1f}" for value in values)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise DataError.of(problems)
