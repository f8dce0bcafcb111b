"""Operators that change how intensities become gray levels."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample


class FixedBinWidth(Perturbation):
    """Discretize with bins of a fixed width (IBSI: fixed bin size); image and mask are untouched.

    Sets PyRadiomics' ``binWidth`` and removes ``binCount``. The bin edges are multiples of the width. It has
    no zero; the study's own width changes nothing. IBSI: doi 10.1148/radiol.2020191145.
    """

    kind: Literal["fixed_bin_width"] = "fixed_bin_width"
    stage: ClassVar[Stage] = Stage.DISCRETIZE
    examples: ClassVar = ({"width": 0.25}, {"width": 0.5})

    width: float = Field(gt=0, description="Width of a gray level in image units (HU, SUV).")

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the bin width among its settings."""
        del rng
        return sample.with_settings({"binWidth": self.width, "binCount": None})


class FixedBinCount(Perturbation):
    """Discretize into a fixed number of bins (IBSI: fixed bin number); image and mask are untouched.

    Sets PyRadiomics' ``binCount`` and removes ``binWidth``. The bins span the range of the ROI. It has no
    zero; the study's own count changes nothing. IBSI: doi 10.1148/radiol.2020191145.
    """

    kind: Literal["fixed_bin_count"] = "fixed_bin_count"
    stage: ClassVar[Stage] = Stage.DISCRETIZE
    examples: ClassVar = ({"count": 64}, {"count": 32})

    count: int = Field(ge=2, le=1024, description="Number of gray levels over the range of the ROI.")

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the bin count among its settings."""
        del rng
        return sample.with_settings({"binCount": self.count, "binWidth": None})
