"""The whole image, ready for regions: normalized, with its spline coefficients where they were needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from robustrad.core.geometry import Grid
from robustrad.extract.native.axes import Positions
from robustrad.extract.native.resample import (
    Block,
    Taps,
    as_pixel_type,
    interpolate,
    linear_taps,
    spline_block,
    spline_taps,
)
from robustrad.extract.parameters import Settings
from robustrad.extract.sampling import AnalysisGrid, sample_image
from robustrad.extract.settings import INTERPOLATORS

Array = NDArray[Any]


@dataclass
class Prepared:
    """One image variant.

    Attributes
    ----------
    image : SimpleITK.Image
        In its own pixel type.
    voxels : ndarray, (z, y, x)
        A view of it.
    block : Block or None
        Spline coefficients of the box that regions have asked for so far. They are those of the whole image
        whatever the box, so the order of the regions does not matter.
    """

    image: sitk.Image
    voxels: Array
    grid: Grid
    block: Block | None = field(default=None, repr=False)

    def on(self, laid: AnalysisGrid, where: Positions | None, interpolator: str | int | None) -> Array:
        """Return the image on the analysis grid, (z, y, x), in its own pixel type; see ``positions``."""
        if not laid.interpolate:
            (x, y, z), (width, height, depth) = laid.start, laid.grid.size
            return self.voxels[z : z + depth, y : y + height, x : x + width]
        name = interpolator if isinstance(interpolator, str) else INTERPOLATORS[int(interpolator or 3) - 1]
        if where is None or name not in {"sitkBSpline", "sitkLinear"}:
            return np.asarray(sitk.GetArrayFromImage(sample_image(self.image, laid, interpolator or name)))
        kernel = linear_taps if name == "sitkLinear" else spline_taps
        along = [kernel(position, size) for position, size in zip(where, self.voxels.shape, strict=True)]
        taps = (along[0], along[1], along[2])
        if name == "sitkLinear":
            return as_pixel_type(interpolate(self.voxels, taps, (0, 0, 0)), self.voxels.dtype)
        block = self._coefficients(taps)
        return as_pixel_type(interpolate(block.values, taps, block.start), self.voxels.dtype)

    def _coefficients(self, taps: tuple[Taps, Taps, Taps]) -> Block:
        low = [int(tap.source.min()) for tap in taps]
        high = [int(tap.source.max()) for tap in taps]
        if self.block is not None:
            ends = list(zip(self.block.start, self.block.values.shape, strict=True))
            if all(a <= b and c < a + n for (a, n), b, c in zip(ends, low, high, strict=True)):
                return self.block
            low = [min(a, b) for (a, _), b in zip(ends, low, strict=True)]
            high = [max(a + n - 1, b) for (a, n), b in zip(ends, high, strict=True)]
        self.block = spline_block(self.voxels, (low[0], low[1], low[2]), (high[0], high[1], high[2]))
        return self.block


def prepare(image: sitk.Image, settings: Settings) -> Prepared:
    """Return ``image`` normalized where the settings ask for it (``normalize`` and its companions)."""
    if settings["normalize"]:
        image = _normalized(image, settings)
    return Prepared(image, sitk.GetArrayViewFromImage(image), Grid.of(image))


def _normalized(image: sitk.Image, settings: Settings) -> sitk.Image:
    # ITK's mean and standard deviation depend on the number of threads: one, as everywhere.
    normalizer = sitk.NormalizeImageFilter()
    normalizer.SetNumberOfThreads(1)
    values = sitk.GetArrayFromImage(normalizer.Execute(image))
    outliers: Any = settings["removeOutliers"]
    if outliers is not None:
        values = np.clip(values, -outliers, outliers)
    scale: Any = settings["normalizeScale"]
    return Grid.of(image).image(values * scale)
