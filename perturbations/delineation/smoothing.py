"""The contour without its details."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import ndimage

from robustrad.core.geometry import Mask
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.level_set import box_around, put
from robustrad.perturb.pieces import Pieces, without_crumbs
from robustrad.perturb.sample import Sample

FWHM_PER_SD = math.sqrt(8.0 * math.log(2.0))
SUPPORT = 4.0
"""SDs of the Gaussian on either side."""


class ContourSmoothing(Perturbation):
    """Smooth the contour, as careless or automatic contours are smooth; volume and image are kept.

    Model: the mask is filtered with a Gaussian of ``fwhm_mm``, and the voxels of the highest values become
    the new mask, as many as before (voxels of equal value stay together). Details smaller than the Gaussian
    go, notches fill. Beyond the image the mask continues as at its border. Crumbs fall off. The threshold at
    0.5, common elsewhere, shrinks what is convex.
    """

    kind: Literal["contour_smoothing"] = "contour_smoothing"
    stage: ClassVar[Stage] = Stage.MASK
    zero: ClassVar = {"fwhm_mm": 0.0}
    examples: ClassVar = ({"fwhm_mm": 4.0}, {"fwhm_mm": 8.0}, {"fwhm_mm": 16.0})
    trend: ClassVar = ("strength_dice", -1)

    fwhm_mm: float = Field(
        ge=0, le=100, description="Full width at half maximum of the Gaussian in mm; 0 changes nothing."
    )

    def skip(self, sample: Sample) -> str | None:
        """Skip where the mask would vanish or break apart."""
        return self._smoothed(sample).broken if self.fwhm_mm > 0 else None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the smoothed mask."""
        del rng
        return sample.with_mask(self._smoothed(sample).mask) if self.fwhm_mm > 0 else sample

    def _smoothed(self, sample: Sample) -> Pieces:
        sd_mm, spacing = self.fwhm_mm / FWHM_PER_SD, sample.grid.spacing_zyx
        box = box_around(sample.mask, spacing, margin_mm=SUPPORT * sd_mm)
        part = sample.mask[box]
        smooth = ndimage.gaussian_filter(
            part.astype(np.float64), [sd_mm / step for step in spacing], mode="nearest", truncate=SUPPORT
        )
        pieces = without_crumbs(part, _highest(smooth, int(part.sum())))
        return Pieces(put(sample.mask, box, pieces.mask), pieces.broken)


def _highest(values: NDArray[np.float64], count: int) -> Mask:
    """Return where ``values`` are highest: ``count`` voxels, or as near as equal values allow."""
    rounded = np.round(values, 9)
    levels, sizes = np.unique(rounded[rounded > 0], return_counts=True)
    above = np.cumsum(sizes[::-1])[::-1]
    return np.asarray(rounded >= levels[int(np.argmin(np.abs(above - count)))])
