"""The mask grown or shrunk to an exact volume."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample
from robustrad.perturb.volume import grow, shrink


class VolumeChange(Perturbation):
    """Grow or shrink the mask to an exact volume, evenly over its surface; the image is untouched.

    The mask gets the voxels of least signed distance to its surface: ``round(n (1 + fraction))`` of them.
    Larger fractions contain smaller ones, and a mask in one piece stays in one piece. The image's border is
    not a surface: a mask that it cuts is not eroded from there. Zwanenburg 2019
    (doi 10.1038/s41598-018-36938-4) changes volumes likewise, but by random voxels of the rim.
    """

    kind: Literal["volume_change"] = "volume_change"
    stage: ClassVar[Stage] = Stage.MASK
    zero: ClassVar = {"fraction": 0.0}
    examples: ClassVar = ({"fraction": 0.05}, {"fraction": -0.1}, {"fraction": 0.2}, {"fraction": -0.3})
    trend: ClassVar = ("strength_dice", -1)

    fraction: float = Field(
        gt=-1, le=1, description="Change of volume: 0.1 is 10 % more, -0.1 is 10 % less; 0 changes nothing."
    )

    def skip(self, sample: Sample) -> str | None:
        """Skip where nothing would be left, or where the image has no room."""
        count = int(sample.mask.sum())
        target = self._target(count)
        if target < 1:
            return f"nothing is left of {count} voxels"
        if target > sample.mask.size:
            return f"the image has {sample.mask.size} voxels, fewer than the {target} asked for"
        return None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the mask of the new volume."""
        del rng
        count = int(sample.mask.sum())
        target = self._target(count)
        if target == count:
            return sample
        change = grow if target > count else shrink
        return sample.with_mask(change(sample.mask, sample.grid.spacing_zyx, target=target))

    def _target(self, count: int) -> int:
        return round(count * (1.0 + self.fraction))
