"""How far two masks differ: overlap and distances between their surfaces."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from robustrad.core.geometry import Mask, Triple
from robustrad.core.memory import remembering


def dice(a: Mask, b: Mask) -> float:
    """Return ``2 |a and b| / (|a| + |b|)``, from 0 (disjoint) to 1 (equal); NaN if both are empty.

    Dice 1945, doi 10.2307/1932409.
    """
    total = int(a.sum()) + int(b.sum())
    return 2.0 * int(np.logical_and(a, b).sum()) / total if total else float("nan")


def surface(mask: Mask) -> Mask:
    """Return the voxels of ``mask`` that have a face neighbor outside it (or outside the image)."""
    return np.asarray(mask & ~ndimage.binary_erosion(mask))


@remembering(last=16)
def surface_distances(a: Mask, b: Mask, *, spacing_zyx: Triple) -> NDArray[np.float64]:
    """Return the distance in mm from every surface voxel of ``a`` to the nearest of ``b``, center to center.

    Parameters
    ----------
    a, b : ndarray of bool, (z, y, x)
        Two masks on one grid, neither empty.
    spacing_zyx : tuple of 3 float
        Spacing in mm in the order of the array axes.
    """
    start = surface(a)
    if np.array_equal(a, b):
        return np.zeros(int(start.sum()))
    to_b = ndimage.distance_transform_edt(~surface(b), sampling=spacing_zyx)
    return np.asarray(to_b[start])


class SurfaceGap(NamedTuple):
    """How far the surfaces of two masks are apart, mm.

    Attributes
    ----------
    hd95 : float
        See ``hd95``.
    mean : float
        Average symmetric surface distance: the mean over all surface voxels of both masks of the distance to
        the nearest surface voxel of the other. Heimann 2009, doi 10.1109/TMI.2009.2013851.
    """

    hd95: float
    mean: float


def surface_gap(a: Mask, b: Mask, *, spacing_zyx: Triple) -> SurfaceGap:
    """Return both distances of two masks on one grid; NaN if one is empty. 0 means equal surfaces."""
    if not (a.any() and b.any()):
        return SurfaceGap(float("nan"), float("nan"))
    box = _bounding_box(a | b)
    one, other = np.pad(a[box], 1), np.pad(b[box], 1)
    there = surface_distances(one, other, spacing_zyx=spacing_zyx)
    back = surface_distances(other, one, spacing_zyx=spacing_zyx)
    return SurfaceGap(
        max(float(np.percentile(there, 95)), float(np.percentile(back, 95))),
        float(there.sum() + back.sum()) / (there.size + back.size),
    )


def hd95(a: Mask, b: Mask, *, spacing_zyx: Triple) -> float:
    """Return the 95 % Hausdorff distance of two masks in mm; NaN if one is empty.

    The larger of the two directed 95th percentiles (linear interpolation) of the distances from every surface
    voxel of one mask to the nearest surface voxel of the other, between voxel centers. A surface voxel has a
    face neighbor outside its mask. 0 means equal surfaces, but for 5 % of their voxels.
    Huttenlocher 1993, doi 10.1109/34.232073.

    Parameters
    ----------
    a, b : ndarray of bool, (z, y, x)
        Two masks on one grid.
    spacing_zyx : tuple of 3 float
        Spacing in mm in the order of the array axes.
    """
    return surface_gap(a, b, spacing_zyx=spacing_zyx).hd95


def _bounding_box(mask: Mask) -> tuple[slice, ...]:
    axes = range(mask.ndim)
    spans = [np.flatnonzero(mask.any(axis=tuple(j for j in axes if j != i))) for i in axes]
    return tuple(slice(int(span[0]), int(span[-1]) + 1) for span in spans)
