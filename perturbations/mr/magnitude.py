"""What a magnitude image is, and where it shows tissue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.perturb.sample import Sample

BINS = 256
NOTHING = 1e-3
"""Share of the bright half's mean below which a voxel holds no signal at all."""
AIR_SHARE = 0.2
"""Air is darker than this share of tissue. In T1 of six sarcoma patients muscle is 0.25 of fat and more."""


def no_magnitude(sample: Sample) -> str | None:
    """Return why the image cannot be the magnitude of a complex signal, or None if it can."""
    lowest = float(sample.voxels.min())
    if lowest < 0:
        return (
            f"a magnitude image has no negative values, this one goes down to {lowest:g} (normalized before?)"
        )
    return None


def foreground(sample: Sample) -> NDArray[np.bool_]:
    """Return where the image shows tissue rather than air; everywhere if it is constant.

    Otsu's threshold of the logarithm of what is not zero separates air from tissue, whose own contrasts are
    small on that scale. The lesion, bright or dark, does not enter. Where the darker class is too bright for
    air, there is none and all signal is tissue.
    """
    voxels = sample.voxels
    bright = voxels[voxels > voxels.mean()]
    if not bright.size:
        return np.ones(voxels.shape, dtype=np.bool_)
    signal = np.asarray(voxels > NOTHING * bright.mean())
    values = voxels[signal & ~sample.mask]
    if not values.size:
        return signal
    threshold = np.exp(_otsu(np.log(values)))
    dark, light = values[values <= threshold], values[values > threshold]
    if not (dark.size and light.size) or dark.mean() > AIR_SHARE * light.mean():
        return signal
    return np.asarray(voxels > threshold)


def _otsu(values: NDArray[np.float64]) -> float:
    """Return the threshold of greatest variance between two classes (doi 10.1109/TSMC.1979.4310076)."""
    counts, edges = np.histogram(values, BINS)
    centers = (edges[:-1] + edges[1:]) / 2.0
    below = np.cumsum(counts)[:-1]
    above = below[-1] + counts[-1] - below
    sums = np.cumsum(counts * centers)
    difference = sums[:-1] / np.maximum(below, 1) - (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    return float(edges[1 + int(np.argmax(below * above * difference**2))])
