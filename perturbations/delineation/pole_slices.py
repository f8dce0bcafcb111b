"""The first and the last slice of a lesion: where observers disagree most."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from robustrad.core.geometry import Mask
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.level_set import bounding_box
from robustrad.perturb.pieces import intact_draw
from robustrad.perturb.sample import Sample


class PoleSlices(Perturbation):
    """Add or remove slices at both ends of the mask in z; the image is untouched.

    Model: each end moves outwards by ``mean_mm`` plus a normal variable of ``sd_mm``, the two ends
    independently, rounded to whole slices. Added slices repeat the contour of the end slice, as a copied
    contour does; none are added beyond the image. A draw under which the mask would vanish or break apart is
    drawn again, up to 16 times. Rising ``sd_mm`` moves the same ends the same way.

    That observers differ mostly at the cranial and caudal ends is a common finding (review: Segedin and
    Petric 2016, doi 10.1515/raon-2016-0023); the model is ours.
    """

    kind: Literal["pole_slices"] = "pole_slices"
    stage: ClassVar[Stage] = Stage.MASK
    random: ClassVar[bool] = True
    zero: ClassVar = {"mean_mm": 0.0, "sd_mm": 0.0}
    examples: ClassVar = ({"sd_mm": 2.0}, {"sd_mm": 4.0}, {"sd_mm": 8.0, "mean_mm": 1.0})
    trend: ClassVar = ("strength_dice", -1)

    sd_mm: float = Field(default=0.0, ge=0, le=50, description="SD of each end's place in mm; 0 is sure.")
    mean_mm: float = Field(
        default=0.0,
        ge=-50,
        le=50,
        description="Place of both ends on average in mm; positive is longer, 0 is as given.",
    )

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with other end slices."""
        if self.sd_mm == 0 and self.mean_mm == 0:
            return sample

        def draw() -> Mask:
            moves = self.mean_mm + self.sd_mm * rng.standard_normal(2)
            first, last = np.rint(moves / sample.grid.spacing[2]).astype(int).tolist()
            return _moved_ends(sample.mask, first, last)

        return sample.with_mask(intact_draw(sample.mask, draw))


def _moved_ends(mask: Mask, first: int, last: int) -> Mask:
    """Return ``mask`` with its ends moved outwards by ``first`` and ``last`` slices; empty if they meet."""
    ends = bounding_box(mask)[0]
    low, high = ends.start, ends.stop - 1
    start, stop = max(0, low - first), min(len(mask) - 1, high + last)
    result = np.zeros_like(mask)
    inner = slice(max(low, start), min(high, stop) + 1)
    result[inner] = mask[inner]
    if start <= stop:
        result[start:low] = mask[low]
        result[high + 1 : stop + 1] = mask[high]
    return result
