"""What a picture shows beside the image: the difference to the reference, and its gray levels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from robustrad.core.geometry import Grid, Voxels, voxels_of
from robustrad.extract.parameters import Settings
from robustrad.extract.settings import resolved
from robustrad.perturb.sample import Sample


def difference(reference: Sample, image: Voxels, grid: Grid) -> Voxels:
    """Return ``image`` on ``grid`` minus the reference, on the latter's grid (linear where they differ)."""
    if grid == reference.grid:
        return image - reference.voxels
    there = sitk.Resample(
        grid.image(image),
        reference.grid.blank(),
        sitk.Transform(),
        sitk.sitkLinear,
        math.nan,
        sitk.sitkFloat64,
    )
    return voxels_of(there) - reference.voxels


def gray_levels(picture: NDArray[Any], region: NDArray[Any], settings: Settings) -> NDArray[np.float64]:
    """Return PyRadiomics' gray levels, 1 for the lowest, of the intensities in ``picture``.

    Parameters
    ----------
    picture : ndarray
        Intensities of the ROI's voxels; lower and higher ones get the nearest level or one beyond.
    region : ndarray, (n,)
        All intensities of the ROI, which the bin edges are laid over.
    settings : mapping
        ``binCount`` (wins where it is set) or ``binWidth``.
    """
    low, high = float(region.min()), float(region.max())
    chosen = resolved(settings)
    count, width = chosen["binCount"], float(chosen["binWidth"])
    if count is not None:
        edges = np.histogram_bin_edges(region, count)
        levels = np.clip(np.digitize(picture, edges), 1, count)
    else:
        edges = np.arange(low - low % width, high + 2 * width, width)
        levels = np.digitize(picture, edges)
    return np.asarray(levels, dtype=np.float64)


def bin_width(region: NDArray[Any], settings: Settings) -> float:
    """Return the width of a gray level over the intensities of the ROI; arguments as in ``gray_levels``."""
    chosen = resolved(settings)
    count = chosen["binCount"]
    return float(chosen["binWidth"]) if count is None else float(np.ptp(region)) / float(count)


def within(picture: NDArray[Any], region: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where ``picture`` lies in the range of ``region``: resegmentation in any mode is a range."""
    low, high = float(region.min()), float(region.max())
    slack = 1e-9 * max(abs(high), abs(low))  # rounding must not lose the extremes
    return np.asarray((picture >= low - slack) & (picture <= high + slack))
