"""The scale of MR intensities, which has no unit of its own."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.ndimage import gaussian_filter1d

from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample

from .magnitude import foreground

Method = Literal["none", "zscore", "percentiles", "white_stripe"]

BINS = 200
SMOOTHING_BINS = 3.0
STRIPE = 0.05
"""Half width of the stripe in shares of the tissue's voxels (Shinohara 2014)."""
FEWEST_VOXELS = 1000


class Scale(NamedTuple):
    """A linear change of intensities: (value - center) / width."""

    center: float
    width: float


class IntensityNormalization(Perturbation):
    """Put MR intensities on a scale of their own: as levels of a factor, with role ``definition``.

    Model: ``unit (voxels - center) / width``, one line for the whole image, so that only the scale changes.
    Tissue is the brighter class by Otsu's threshold of log intensity, unless the darker one is no air.

    - ``zscore``: mean and SD of tissue;
    - ``percentiles``: from the 1st percentile of tissue to the 99th;
    - ``white_stripe``: mean and SD of the tissue outside the mask within 5 % (in rank) of the highest peak
      of its histogram: the background as the reference, which the lesion does not enter. In the brain
      Shinohara's stripe is white matter; elsewhere it is whatever tissue is most common (muscle or fat);
    - ``none``: the image as it is.

    With ``unit`` 100 a bin width of 5 to 25 makes as many levels as with the images as they are.

    References
    ----------
    Shinohara et al. 2014, NeuroImage Clin, doi 10.1016/j.nicl.2014.08.008 (white stripe);
    Nyul and Udupa 1999, Magn Reson Med 42, 1072 (percentiles; first of the line of histogram matching, doi
    10.1002/(SICI)1522-2594(199912)42:6<1072::AID-MRM11>3.0.CO;2-M).
    """

    kind: Literal["intensity_normalization"] = "intensity_normalization"
    stage: ClassVar[Stage] = Stage.IMAGE
    modalities: ClassVar[tuple[str, ...]] = ("MR",)
    zero: ClassVar = {"method": "none"}
    examples: ClassVar = ({"method": "zscore"}, {"method": "percentiles"}, {"method": "white_stripe"})

    method: Method = Field(description="Which scale; none changes nothing.")
    unit: float = Field(default=100.0, gt=0, description="What one width becomes in the new intensities.")

    def skip(self, sample: Sample) -> str | None:
        """Skip where there is too little tissue, or no contrast in it."""
        if self.method == "none":
            return None
        values = self._values(sample)
        if len(values) < FEWEST_VOXELS:
            where = "tissue outside the mask" if self.method == "white_stripe" else "tissue"
            return f"{len(values)} voxels of {where}, fewer than {FEWEST_VOXELS}"
        if self._scale(values).width <= 0:
            return "the tissue has one intensity, so it has no scale"
        return None

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the sample with the image on the new scale."""
        del rng
        if self.method == "none":
            return sample
        scale = self._scale(self._values(sample))
        return sample.with_image((sample.voxels - scale.center) * (self.unit / scale.width))

    def _values(self, sample: Sample) -> NDArray[np.float64]:
        """Return the intensities (n,) that set the scale."""
        tissue = foreground(sample)
        return np.asarray(sample.voxels[tissue & ~sample.mask if self.method == "white_stripe" else tissue])

    def _scale(self, values: NDArray[np.float64]) -> Scale:
        if self.method == "percentiles":
            low, high = np.percentile(values, (1.0, 99.0))
            return Scale(float(low), float(high - low))
        chosen = _stripe(values) if self.method == "white_stripe" else values
        return Scale(float(chosen.mean()), float(chosen.std()))


def _stripe(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values within 5 % (in rank) of the highest peak of their smoothed histogram."""
    low, high = np.percentile(values, (1.0, 99.0))
    if high <= low:
        return values
    counts, edges = np.histogram(values, BINS, (float(low), float(high)))
    peak = int(np.argmax(gaussian_filter1d(counts.astype(np.float64), SMOOTHING_BINS, mode="constant")))
    rank = float(np.mean(values < (edges[peak] + edges[peak + 1]) / 2.0))
    first, last = np.quantile(values, (max(rank - STRIPE, 0.0), min(rank + STRIPE, 1.0)))
    return np.asarray(values[(values >= first) & (values <= last)])
