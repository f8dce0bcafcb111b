"""Negative controls: what is left of a feature when the image's pattern is gone. With role ``control``.

The mask is untouched, so that shape features and volume are those of the reference by construction. A model
that does as well on these images has learned volume, or nothing (Welch 2019, doi
10.1016/j.radonc.2018.10.027).
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from robustrad.core.geometry import Mask
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample

Array = NDArray[np.float64]
Region = Literal["roi", "background", "image"]


class Control(Perturbation):
    """What the three controls share: new values for a part of the voxels of one region.

    The voxels are drawn, so that those of a smaller ``fraction`` are among those of a larger one.
    """

    stage: ClassVar[Stage] = Stage.IMAGE
    random: ClassVar[bool] = True
    zero: ClassVar = {"fraction": 0.0}
    examples: ClassVar = (
        {"fraction": 0.3},
        {"region": "image", "fraction": 0.7},
        {"region": "image"},
    )
    trend: ClassVar = ("strength_rmse", 1)

    region: Region = Field(
        default="roi", description="Whose voxels: inside the mask, outside of it, or both in one."
    )
    fraction: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Part of the region's voxels that change; 0 changes nothing, 1 is the control.",
    )

    def skip(self, sample: Sample) -> str | None:
        """Skip where the region has fewer than two voxels."""
        count = int(self._inside(sample.mask).sum())
        return f"{count} voxels in {self.region}, fewer than 2" if count < 2 and self.fraction > 0 else None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with new values in the region; all other voxels keep theirs."""
        if self.fraction == 0:
            return sample
        inside = self._inside(sample.mask)
        values = np.asarray(sample.voxels[inside])
        chosen = rng.permutation(values.size)[: round(self.fraction * values.size)]
        changed = values.copy()
        changed[chosen] = self.replaced(values, chosen, rng)
        voxels = sample.voxels.copy()
        voxels[inside] = changed
        return sample.with_image(voxels)

    def replaced(self, values: Array, chosen: NDArray[np.int64], rng: np.random.Generator) -> Array:
        """Return new values (m,) of the voxels ``chosen`` (m,) among those of the region, ``values`` (n,)."""
        raise NotImplementedError

    def _inside(self, mask: Mask) -> Mask:
        if self.region == "image":
            return np.ones_like(mask)
        return mask if self.region == "roi" else ~mask


class ShuffledVoxels(Control):
    """Permute the voxels of a region: its histogram stays to the last bit, its pattern goes; the mask stays.

    First-order features of the acquisition grid are unchanged by a shuffle of the ROI; on the analysis grid
    interpolation mixes neighbors that no longer resemble each other, which narrows the histogram. The control
    of Welch 2019 (doi 10.1016/j.radonc.2018.10.027).
    """

    kind: Literal["shuffled_voxels"] = "shuffled_voxels"

    def replaced(self, values: Array, chosen: NDArray[np.int64], rng: np.random.Generator) -> Array:
        """Return the values of the chosen voxels in another order."""
        return np.asarray(values[rng.permutation(chosen)])


class SampledVoxels(Control):
    """Draw the voxels of a region anew from its own values, with replacement; the mask stays.

    The histogram stays in expectation (a bootstrap), the pattern goes. Values are those that occur, whatever
    their type: no rounding of SUV. One of READII's controls (public code) beside the shuffle.
    """

    kind: Literal["sampled_voxels"] = "sampled_voxels"

    def replaced(self, values: Array, chosen: NDArray[np.int64], rng: np.random.Generator) -> Array:
        """Return as many values, each any voxel's of the region."""
        return values[rng.integers(values.size, size=chosen.size)]


class RandomizedVoxels(Control):
    """Draw the voxels of a region uniformly between its lowest and highest value; the mask stays.

    Real numbers, not integers: a range of SUV 0 to 6 has more than seven values. Histogram and pattern both
    go, only the range is kept. One of READII's controls (public code), which draws integers.
    """

    kind: Literal["randomized_voxels"] = "randomized_voxels"

    def replaced(self, values: Array, chosen: NDArray[np.int64], rng: np.random.Generator) -> Array:
        """Return as many numbers from the region's range."""
        return rng.uniform(values.min(), values.max(), size=chosen.size)
