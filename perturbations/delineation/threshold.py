"""Contours that PET software draws by itself."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator
from scipy import ndimage

from robustrad.core.geometry import Mask, Voxels
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.level_set import Box, box_around, put
from robustrad.perturb.sample import Sample

BACKGROUND_MM = (10.0, 20.0)
"""The shell around the mask that is background: beyond the spill-out of a PET, before the next organ."""
SMALLEST_SHARE = 0.5
"""Of what is bright in the mask, in one piece; below, the contour breaks apart."""
_DIAGONAL = np.ones((3, 3, 3), dtype=np.bool_)


class _Contour(NamedTuple):
    """A thresholded region in a box of the image, or why there is none."""

    box: Box
    mask: Mask
    reason: str | None = None


class ThresholdContour(Perturbation):
    """Replace the mask by an isocontour of the PET, connected to its hottest voxel; the image is untouched.

    Model: voxels of at least the threshold, in one piece (26 neighbors) with the hottest voxel of the given
    mask, at most ``reach_mm`` outside it. The image is the perturbed one. Thresholds: ``fraction_of_max`` of
    the SUVmax in the mask (0.41 is common: Boellaard 2015, doi 10.1007/s00259-014-2961-x), a fixed ``suv``
    (2.5 or 4.0; the image must be in SUV), or ``above_background``: background + fraction x (SUVmax -
    background), with the median of the shell 10 to 20 mm around the mask as background; 0.5 is where the edge
    of a large, blurred object lies. It has no zero: each level is another definition of the lesion.
    """

    kind: Literal["threshold_contour"] = "threshold_contour"
    stage: ClassVar[Stage] = Stage.MASK
    modalities: ClassVar[tuple[str, ...]] = ("PT",)
    examples: ClassVar = ({"fraction_of_max": 0.85}, {"suv": 5.7}, {"above_background": 0.85})

    fraction_of_max: float | None = Field(
        default=None, gt=0, lt=1, description="Threshold in parts of the highest value in the mask."
    )
    suv: float | None = Field(default=None, gt=0, description="Threshold in image units (SUV).")
    above_background: float | None = Field(
        default=None, gt=0, lt=1, description="Threshold in parts of the contrast above the background."
    )
    reach_mm: float = Field(
        default=20.0, ge=0, le=200, description="How far the contour may leave the given mask, in mm."
    )

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if sum(value is not None for value in (self.fraction_of_max, self.suv, self.above_background)) != 1:
            raise ValueError("give one of fraction_of_max, suv and above_background")
        return self

    def skip(self, sample: Sample) -> str | None:
        """Skip where nothing is as bright as the threshold, or where the contour breaks apart."""
        return self._contour(sample).reason

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the isocontour as its mask."""
        del rng
        contour = self._contour(sample)
        return sample.with_mask(put(sample.mask, contour.box, contour.mask))

    def _contour(self, sample: Sample) -> _Contour:
        spacing = sample.grid.spacing_zyx
        box = box_around(sample.mask, spacing, margin_mm=max(self.reach_mm, BACKGROUND_MM[1]))
        mask, voxels = sample.mask[box], sample.voxels[box]
        outside = ndimage.distance_transform_edt(~mask, sampling=spacing)
        hottest = np.unravel_index(int(np.argmax(np.where(mask, voxels, -np.inf))), mask.shape)
        shell = voxels[(outside >= BACKGROUND_MM[0]) & (outside <= BACKGROUND_MM[1])]
        if self.above_background is not None and not shell.size:
            return _Contour(box, mask, "no background: the image ends within 10 mm of the mask")
        threshold = self._threshold(float(voxels[hottest]), shell)
        if not 0.0 < threshold <= voxels[hottest]:
            return _Contour(
                box,
                mask,
                f"the highest value in the mask is {voxels[hottest]:.3g}, the threshold {threshold:.3g}",
            )
        bright = (voxels >= threshold) & (outside <= self.reach_mm)
        pieces, _ = ndimage.label(bright, structure=_DIAGONAL)
        region = np.asarray(pieces == pieces[hottest])
        share = float((region & mask).sum() / (bright & mask).sum())
        if share < SMALLEST_SHARE:
            return _Contour(
                box, mask, f"the mask would break apart: {share:.0%} of its bright voxels hang together"
            )
        return _Contour(box, region)

    def _threshold(self, highest: float, shell: Voxels) -> float:
        if self.suv is not None:
            return self.suv
        if self.fraction_of_max is not None:
            return self.fraction_of_max * highest
        background = float(np.median(shell))
        return background + (self.above_background or 0.0) * (highest - background)
