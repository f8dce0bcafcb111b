"""Turn the patient about the ROI's centroid, within the axial plane of the image."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray


class Edges(NamedTuple):
    """Outer edges of the ROI in continuous indices of its mask, (x, y, z)."""

    low: NDArray[np.floating[Any]]
    high: NDArray[np.floating[Any]]


class Turn(NamedTuple):
    """Cosine and sine of a rotation from +x towards +y."""

    cos: float
    sin: float


def turn_of(degrees: float) -> Turn | None:
    """Return the rotation by ``degrees``; None for none and for whole turns."""
    degrees = math.remainder(degrees, 360.0)
    if degrees == 0:
        return None
    if degrees % 90 == 0:  # exact, so that quarter turns move voxels onto voxels
        return {90.0: Turn(0.0, 1.0), 180.0: Turn(-1.0, 0.0), 270.0: Turn(0.0, -1.0)}[degrees % 360]
    return Turn(math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))


def turned_edges(mask: sitk.Image, turn: Turn) -> Edges:
    """Return the outer edges of the turned ROI: of its turned voxels, corners included."""
    index = _roi_indices(mask)
    spacing = np.array(mask.GetSpacing())
    center = index.mean(axis=0)
    u, v, w = ((index - center) * spacing).T
    moved = np.column_stack([turn.cos * u - turn.sin * v, turn.sin * u + turn.cos * v, w]) / spacing + center
    cos, sin = abs(turn.cos), abs(turn.sin)
    half = np.array([
        cos * spacing[0] + sin * spacing[1],
        sin * spacing[0] + cos * spacing[1],
        spacing[2],
    ]) / (2 * spacing)  # fmt: skip
    return Edges(moved.min(axis=0) - half, moved.max(axis=0) + half)


def turn_transform(mask: sitk.Image, turn: Turn) -> sitk.Transform:
    """Return the map from the turned patient back to the image: output points to input points."""
    own = np.array(mask.GetDirection()).reshape(3, 3)
    back = np.array([[turn.cos, turn.sin, 0.0], [-turn.sin, turn.cos, 0.0], [0.0, 0.0, 1.0]])
    affine = sitk.AffineTransform(3)
    affine.SetMatrix((own @ back @ np.linalg.inv(own)).ravel().tolist())
    center = _roi_indices(mask).mean(axis=0).tolist()
    affine.SetCenter(mask.TransformContinuousIndexToPhysicalPoint(center))
    return affine


def _roi_indices(mask: sitk.Image) -> NDArray[np.float64]:
    """Return the indices (n, 3), (x, y, z), of the ROI's voxels."""
    return np.argwhere(sitk.GetArrayViewFromImage(mask) != 0)[:, ::-1].astype(np.float64)
