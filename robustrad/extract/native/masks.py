"""The mask on the analysis grid: PyRadiomics' checks and its resegmentation by intensity."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from robustrad.core.geometry import Grid
from robustrad.extract.engine import RegionRefusedError
from robustrad.extract.native.axes import Positions
from robustrad.extract.native.resample import nearest_taps
from robustrad.extract.native.roi import Bools, Box, bounding_box
from robustrad.extract.parameters import Settings
from robustrad.extract.sampling import AnalysisGrid, sample_mask

_TIE = 1e-6  # voxels; closer to a face than this, ITK's own rounding decides


def mask_on_grid(mask: sitk.Image, laid: AnalysisGrid, where: Positions | None) -> Bools:
    """Return the mask on the analysis grid, (z, y, x); voxels beyond it are outside.

    Parameters
    ----------
    mask : SimpleITK.Image
        1 inside.
    laid : AnalysisGrid
        The grid.
    where : Positions or None
        Its voxels in the image; None where the axes are not the same.
    """
    shortcut = where is not None and laid.interpolate and laid.mask_interpolator == "nearest"
    if shortcut and where is not None and Grid.of(mask) == laid.source:
        voxels = sitk.GetArrayViewFromImage(mask)
        if not any(np.any(np.abs(axis - np.floor(axis) - 0.5) < _TIE) for axis in where):
            z, y, x = (nearest_taps(axis, size) for axis, size in zip(where, voxels.shape, strict=True))
            picks = [taps.source[:, 0] for taps in (z, y, x)]
            picked = voxels[tuple(slice(int(pick.min()), int(pick.max()) + 1) for pick in picks)] == 1
            for axis, pick in enumerate(picks):
                picked = picked.take(pick - pick.min(), axis=axis)
            for axis, taps in enumerate((z, y, x)):
                beyond = np.flatnonzero(taps.weight[:, 0] == 0)
                if beyond.size:
                    picked[(slice(None),) * axis + (beyond,)] = False
            return np.asarray(picked)
    sampled = sample_mask(mask, laid)  # a view does not keep its image alive
    return np.asarray(sitk.GetArrayViewFromImage(sampled) == 1)


def checked_box(mask: Bools, settings: Settings) -> Box:
    """Return the bounding box of ``mask`` once it has passed PyRadiomics' checks.

    Raises
    ------
    RegionRefusedError
        If the mask is empty, one voxel, has too few dimensions or too few voxels.
    """
    box = bounding_box(mask)
    if box is None:
        raise RegionRefusedError("no voxel of the mask is left on the analysis grid")
    dimensions = sum(size > 1 for size in box.shape)
    least: Any = settings["minimumROIDimensions"]
    if dimensions == 0:
        raise RegionRefusedError("the mask has only one voxel on the analysis grid: features need two")
    if dimensions < least:
        raise RegionRefusedError(
            f"the mask extends along {dimensions} of 3 dimensions, fewer than the {least} of "
            "minimumROIDimensions"
        )
    smallest: Any = settings["minimumROISize"]
    if smallest is not None:
        voxels = int(np.count_nonzero(mask[box.slices]))
        if voxels <= smallest:
            raise RegionRefusedError(
                f"the mask has {voxels} voxels on the analysis grid, not more than the {smallest} of "
                "minimumROISize"
            )
    return box


def resegmented(image: NDArray[Any], mask: Bools, box: Box, settings: Settings) -> Bools:
    """Return ``mask`` without the voxels outside ``resegmentRange``.

    Parameters
    ----------
    image, mask : ndarray, (z, y, x)
        On the analysis grid.
    box : Box
        Of the mask.
    settings : mapping
        ``resegmentRange``, ``resegmentMode``.

    Raises
    ------
    RegionRefusedError
        If at most one voxel is left.
    """
    limits: Any = settings["resegmentRange"]
    mode: Any = settings["resegmentMode"]
    inside = mask[box.slices]
    cropped = image[box.slices]
    values = cropped[inside]
    thresholds: list[Any] = sorted(limits)
    if mode == "relative":
        thresholds = [np.max(values) * limit for limit in thresholds]
    elif mode == "sigma":
        mean, deviation = np.mean(values), np.std(values)
        thresholds = [mean + deviation * limit for limit in thresholds]
    kept = inside & (cropped >= thresholds[0])
    if len(thresholds) == 2:
        kept &= cropped <= thresholds[1]
    left = int(np.count_nonzero(kept))
    if left <= 1:
        raise RegionRefusedError(
            f"resegmentRange {list(limits)} ({mode}) leaves {left} of {len(values)} voxels: features need two"
        )
    out = np.zeros(mask.shape, dtype=np.bool_)
    out[box.slices] = kept
    return out
