"""What happens at borders: a ROI beyond the image, a grid beyond the image, a ROI beyond the grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from robustrad.core.geometry import Grid
from robustrad.extract.analysis_grid import AnalysisGrid, Box, probe, sample_mask, triple
from robustrad.extract.engine import RegionRefusedError
from robustrad.extract.rotation import Edges

# PyRadiomics lets the ROI's bounding box leave the image by this part of a voxel (rounding of headers).
_BORDER_TOLERANCE = 1e-3
_ROUNDING = 1e-6  # of continuous indices, in voxels


def refuse_outside(image: Grid, mask: sitk.Image, box: Box) -> None:
    """Raise unless the bounding box ``box`` of the ROI in ``mask`` lies within ``image``.

    Raises
    ------
    RegionRefusedError
        If it leaves it by more than PyRadiomics allows.
    """
    at = probe(image)
    corners = np.array(
        [
            at.TransformPhysicalPointToContinuousIndex(
                mask.TransformContinuousIndexToPhysicalPoint(corner.tolist())
            )
            for corner in (box.lower - 0.5, box.lower + box.size - 0.5)
        ]
    )
    low, high = corners.min(axis=0), corners.max(axis=0)
    beyond = (low < -0.5 - _BORDER_TOLERANCE) | (high > np.array(image.size) - 0.5 + _BORDER_TOLERANCE)
    if beyond.any():
        raise RegionRefusedError(
            f"the bounding box of the ROI leaves the image: voxels {np.round(low, 2).tolist()} to "
            f"{np.round(high, 2).tolist()} of an image of size {list(image.size)}"
        )


def border_notes(laid: AnalysisGrid, mask: sitk.Image, edges: Edges) -> Iterator[str]:
    """Yield what is lost at the borders: analysis voxels beyond the image, ROI voxels beyond the grid."""
    if not _inside_image(laid):
        yield "part of the analysis grid around the ROI lies beyond the image; those voxels hold 0"
    if cut := _cut_off(laid, mask, edges):
        yield (
            f"{cut} voxels of the ROI lie beyond the analysis grid: PyRadiomics' margin is too small "
            "for this enlargement; raise padDistance"
        )


def _inside_image(laid: AnalysisGrid) -> bool:
    """Return whether all voxel centers of the analysis grid lie within the image."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in laid.grid.shape])).reshape(3, 8).T
    points = laid.grid.points(corners.astype(np.float64)).tolist()
    if laid.transform is not None:
        points = [laid.transform.TransformPoint(point) for point in points]
    at = probe(laid.source)
    index = np.array([at.TransformPhysicalPointToContinuousIndex(point) for point in points])
    return bool(
        np.all(index > -0.5 - _ROUNDING) and np.all(index < np.array(laid.source.size) - 0.5 + _ROUNDING)
    )


def _cut_off(laid: AnalysisGrid, mask: sitk.Image, edges: Edges) -> int:
    """Return how many voxels of the grid's lattice lie in the ROI, but beyond the grid (seldom any)."""
    spacing = np.array(laid.grid.spacing)
    ratio = np.array(mask.GetSpacing()) / spacing
    origin = np.array(mask.TransformPhysicalPointToContinuousIndex(laid.grid.origin))
    first = np.minimum(np.ceil((edges.low - origin) * ratio - _ROUNDING), 0).astype(int)
    last = np.floor((edges.high - origin) * ratio + _ROUNDING).astype(int)
    last = np.maximum(last, np.array(laid.grid.size) - 1)
    x, y, z = (int(n) for n in last - first + 1)
    if (x, y, z) == laid.grid.size:
        return 0
    start = laid.grid.points(first[None, ::-1].astype(np.float64))[0]
    wider = replace(laid, grid=replace(laid.grid, size=(x, y, z), origin=triple(start)))
    counts = [int(np.count_nonzero(sitk.GetArrayFromImage(sample_mask(mask, to)))) for to in (wider, laid)]
    return counts[0] - counts[1]
