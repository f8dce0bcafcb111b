"""The analysis grid, and the one interpolation that brings image and mask onto it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from robustrad.core.geometry import Grid, Triple
from robustrad.extract.engine import RegionRefusedError
from robustrad.extract.settings import INTERPOLATORS
from robustrad.perturb.sample import MaskInterpolator

HALF = 0.5 - 1e-9
"""From which on a voxel is inside; rounding must not decide about those that are half inside."""


@dataclass(frozen=True)
class AnalysisGrid:
    """Where features are computed, and how to get there.

    Attributes
    ----------
    grid : Grid
        The analysis grid.
    interpolate : bool
        False: the voxels are those of the image from index ``start`` on, untouched.
    source : Grid
        The grid of the image.
    start : tuple of 3 int
        Index (x, y, z) in the image of the first voxel, where nothing is interpolated.
    transform : SimpleITK.Transform or None
        Maps points of the analysis grid to points of the image (SimpleITK's convention); None is identity.
    mask_interpolator : str
        ``nearest`` or ``linear``, see ``sample_mask``.
    notes : tuple of str
        What is lost at the borders: analysis voxels beyond the image, ROI voxels beyond the grid.
    """

    grid: Grid
    interpolate: bool
    source: Grid
    start: tuple[int, int, int] = (0, 0, 0)
    transform: sitk.Transform | None = None
    mask_interpolator: MaskInterpolator = "nearest"
    notes: tuple[str, ...] = ()


class Box(NamedTuple):
    """Bounding box of the ROI in voxels of its mask: first index and size, (x, y, z)."""

    lower: NDArray[np.int64]
    size: NDArray[np.int64]


def sample_image(image: sitk.Image, to: AnalysisGrid, interpolator: str | int) -> sitk.Image:
    """Return ``image`` on the analysis grid, in its own pixel type (ITK truncates to integers).

    Parameters
    ----------
    image : SimpleITK.Image
        The whole image.
    to : AnalysisGrid
        Where to.
    interpolator : str or int
        PyRadiomics' setting: a name of SimpleITK's (``sitkBSpline``) or its number in PyRadiomics' schema
        (SimpleITK has moved 3, its B-spline, since).
    """
    if not to.interpolate:
        return _crop(image, to)
    name = interpolator if isinstance(interpolator, str) else INTERPOLATORS[interpolator - 1]
    return _resample(image, to.grid, getattr(sitk, name), to.transform)


def sample_mask(mask: sitk.Image, to: AnalysisGrid) -> sitk.Image:
    """Return ``mask`` on the analysis grid.

    By nearest neighbor, as PyRadiomics does; or interpolated linearly and at least 0.5, where the factor
    ``interpolator`` asks for it.
    """
    if not to.interpolate:
        return _crop(put_on_grid(mask, to.source), to)
    if to.mask_interpolator == "linear":
        share = _resample(sitk.Cast(mask != 0, sitk.sitkFloat64), to.grid, sitk.sitkLinear, to.transform)
        return sitk.Cast(share >= HALF, mask.GetPixelID())
    return _resample(mask, to.grid, sitk.sitkNearestNeighbor, to.transform)


def put_on_grid(mask: sitk.Image, grid: Grid) -> sitk.Image:
    """Return ``mask`` on ``grid``, nearest neighbor; the same image if it is there already."""
    return mask if Grid.of(mask) == grid else _resample(mask, grid, sitk.sitkNearestNeighbor, None)


def bounding_box(mask: sitk.Image) -> Box:
    """Return the bounding box of the voxels that are not 0.

    Raises
    ------
    RegionRefusedError
        If there are none.
    """
    inside = sitk.GetArrayViewFromImage(mask)
    slices = inside.reshape(len(inside), -1)
    whole = np.issubdtype(inside.dtype, np.integer)  # their bits can be joined at the speed of memory
    z = _hit(np.bitwise_or.reduce(slices, axis=1) if whole else slices.any(axis=1))
    face = inside[z[0] : z[1] + 1].any(axis=0)  # of the slices that hold voxels only
    ends = np.array([_hit(face.any(axis=0)), _hit(face.any(axis=1)), z], dtype=np.int64)
    return Box(ends[:, 0].copy(), ends[:, 1] - ends[:, 0] + 1)


def _hit(line: NDArray[Any]) -> tuple[int, int]:
    places = np.flatnonzero(line)
    if places.size == 0:
        raise RegionRefusedError("the mask is empty")
    return int(places[0]), int(places[-1])


def _crop(image: sitk.Image, to: AnalysisGrid) -> sitk.Image:
    if to.grid.size == to.source.size:
        return image
    ends = [n - s - m for n, s, m in zip(to.source.size, to.start, to.grid.size, strict=True)]
    return sitk.Crop(image, list(to.start), ends)


def _resample(image: sitk.Image, grid: Grid, method: int, transform: sitk.Transform | None) -> sitk.Image:
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize(list(grid.size))
    resampler.SetOutputSpacing(grid.spacing)
    resampler.SetOutputOrigin(grid.origin)
    resampler.SetOutputDirection(grid.direction)
    resampler.SetOutputPixelType(image.GetPixelID())
    resampler.SetInterpolator(method)
    if transform is not None:
        resampler.SetTransform(transform)
    return resampler.Execute(image)


@lru_cache(maxsize=64)
def probe(grid: Grid) -> sitk.Image:
    """Return an image of one voxel that converts between indices and points as an image on ``grid`` does.

    It is kept for the next call: do not change it.
    """
    return replace(grid, size=(1, 1, 1)).blank()


def triple(values: Any) -> Triple:
    """Return three numbers as plain floats."""
    x, y, z = (float(value) for value in values)
    return x, y, z
