"""Lay the analysis grid, and bring image and mask onto it with one interpolation.

With no shift and no rotation the grid is PyRadiomics' own (``imageoperations.resampleImage``): aligned to
the outer corner of the mask image's first voxel, cropped to the ROI's bounding box and ``padDistance``
voxels, and never beyond the image; spacing 0 keeps the file's, and so does an axis along which the ROI is one
slice thick. Where the image has that spacing already, it is cropped and not interpolated.

A shift by f moves the voxel centers by f times their spacing and lets the covered index range follow, so
that the whole ROI stays inside. A rotation turns the patient about the ROI's centroid within the axial plane
(about the image's third axis) under an unturned grid of the same lattice; the grid then covers the turned ROI
and may leave the image, which is noted. Voxels whose centers lie outside the image hold 0, as in PyRadiomics.

No shift and no rotation cuts off ROI voxels. PyRadiomics' own rule does, where a ROI is enlarged more than
2 (1 + padDistance) times: its upper margin is too small by half the ratio. Such voxels are counted in a note.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from robustrad.core.errors import ProtocolError
from robustrad.core.geometry import Grid, Triple
from robustrad.extract.analysis_grid import (
    AnalysisGrid,
    Box,
    bounding_box,
    probe,
    put_on_grid,
    sample_image,
    sample_mask,
    triple,
)
from robustrad.extract.borders import border_notes, refuse_outside
from robustrad.extract.parameters import Settings
from robustrad.extract.rotation import Edges, turn_of, turn_transform, turned_edges
from robustrad.extract.settings import resolved
from robustrad.perturb.sample import Sampling

__all__ = ["AnalysisGrid", "lay_grid", "sample_image", "sample_mask"]

Vector = NDArray[np.float64]


def lay_grid(
    image: Grid, mask: sitk.Image, settings: Settings, *, sampling: Sampling | None = None
) -> AnalysisGrid:
    """Return the analysis grid of one ROI.

    Parameters
    ----------
    image : Grid
        Grid of the image.
    mask : SimpleITK.Image
        0 outside the ROI; its own grid anchors the analysis grid, as in PyRadiomics.
    settings : mapping
        ``interpolator``, ``resampledPixelSpacing``, ``padDistance``, ``preCrop`` (others are ignored).
    sampling : Sampling, optional
        Spacing, shift, rotation and mask interpolator; default none.

    Raises
    ------
    RegionRefusedError
        If the mask is empty or its bounding box leaves the image.
    ProtocolError
        If a shift or rotation is asked for and the settings switch interpolation off.
    """
    wish = sampling or Sampling()
    laid = _laid(image, mask, settings, wish)
    return replace(laid, mask_interpolator=wish.mask_interpolator)


def _laid(image: Grid, mask: sitk.Image, settings: Settings, wish: Sampling) -> AnalysisGrid:
    values = resolved(settings)
    still = not any(wish.shift) and turn_of(wish.rotation_deg) is None
    asked = wish.spacing_mm or values["resampledPixelSpacing"]
    pad: int = values["padDistance"]
    if values["interpolator"] is None and not (still and wish.spacing_mm is None):
        raise ProtocolError(
            "setting interpolator",
            "null, while the analysis grid varies",
            "an interpolator, e.g. sitkBSpline",
        )
    if still and (asked is None or values["interpolator"] is None):
        if not values["preCrop"]:
            return AnalysisGrid(image, False, image)
        return _cropped(image, bounding_box(mask), pad)
    box = bounding_box(mask)
    refuse_outside(image, mask, box)
    spacing = _spacing(asked or (0.0, 0.0, 0.0), Grid.of(mask).spacing, box)
    if still and np.allclose(image.spacing, spacing):
        return _cropped(image, bounding_box(put_on_grid(mask, image)), pad)
    turn = turn_of(wish.rotation_deg)
    shift = np.array(wish.shift)
    edges = Edges(box.lower - 0.5, box.lower + box.size - 0.5) if turn is None else turned_edges(mask, turn)
    grid = _covering(mask, spacing, edges, shift, pad=pad, turned=turn is not None)
    laid = AnalysisGrid(grid, True, image, transform=None if turn is None else turn_transform(mask, turn))
    return replace(laid, notes=tuple(border_notes(laid, mask, edges)))


def _spacing(asked: Any, of_mask: Triple, box: Box) -> Vector:
    wanted = np.where(np.asarray(asked, dtype=np.float64) == 0, of_mask, asked)
    return np.where(box.size != 1, wanted, of_mask)


def _covering(
    mask: sitk.Image, spacing: Vector, edges: Edges, shift: Vector, *, pad: int, turned: bool
) -> Grid:
    """Return the grid that PyRadiomics lays around ``edges``, moved by ``shift`` of its spacing."""
    old = Grid.of(mask)
    old_spacing = np.array(old.spacing)
    ratio = old_spacing / spacing
    lower = np.floor(edges.low * ratio - pad - shift)
    upper = np.ceil(edges.high * ratio + pad - shift)
    # A center may stand anywhere within the image: at zero shift these are PyRadiomics' 0 and ceil(n) - 1.
    # The image turns with the patient, so that within the plane its old borders say nothing.
    bound = np.array([not turned, not turned, True])
    lower = np.where(bound, np.maximum(lower, np.ceil(-0.5 - shift)), lower)
    upper = np.where(bound, np.minimum(upper, np.ceil(np.array(old.size) * ratio - shift) - 1), upper)
    first = 0.5 * (spacing - old_spacing) / old_spacing + (lower + shift) / ratio
    x, y, z = (int(n) for n in upper - lower + 1)
    origin = mask.TransformContinuousIndexToPhysicalPoint(first.tolist())
    return Grid((x, y, z), triple(spacing), triple(origin), old.direction)


def _cropped(image: Grid, box: Box, pad: int) -> AnalysisGrid:
    """Return the part of the image's own grid around the ROI."""
    size = np.array(image.size)
    low = np.maximum(box.lower - pad, 0)
    high = np.minimum(box.lower + box.size - 1 + pad, size - 1)
    origin = probe(image).TransformIndexToPhysicalPoint(low.tolist())
    x, y, z = (int(n) for n in high - low + 1)
    a, b, c = (int(n) for n in low)
    return AnalysisGrid(replace(image, size=(x, y, z), origin=triple(origin)), False, image, start=(a, b, c))
