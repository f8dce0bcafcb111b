"""The window of gray values of a picture."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from robustrad.core.geometry import Mask
from robustrad.perturb.sample import Sample
from robustrad.preview.frame import Frame, Plane

_USUAL_SUV = 10.0
_PERCENTILES = "window, percentiles 1 to 99:"
_SAME_UNITS = (0.2, 5.0)  # width of a picture's percentile window over that of the reference
_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_RING_MM = 10.0
_LUNG_HU = (-950.0, -400.0)  # median around a lesion in the lung; air outside the body lies at -1000


class Window(NamedTuple):
    """Gray values from the first to the last color.

    Attributes
    ----------
    low, high : float
        Ends of the window, image units.
    colors : str
        Matplotlib's name of the color map.
    name : str
        What it is called.
    """

    low: float
    high: float
    colors: str
    name: str


def window_of(sample: Sample, frame: Frame) -> Window:
    """Return the usual window of the modality for the picture of ``sample``.

    PT, in inverted gray: 0 to the lesion's highest value in the slice, rounded up; where that is more than
    10 SUV, to 10 or the lesion's 98th percentile if that is more. CT: soft tissue (-160 to 240 HU), or lung
    (-1350 to 150 HU) where the 10 mm around the lesion are lung. Others: the 1st to 99th percentile of the
    picture.
    """
    if sample.modality == "PT":
        lesion = sample.voxels[frame.slice_index][sample.mask[frame.slice_index]]
        usual, most = float(np.percentile(lesion, 98)), float(lesion.max())
        highest = rounded_up(min(most, max(usual, _USUAL_SUV)))
        return Window(0.0, highest, "gray_r", "window")
    if sample.modality == "CT":
        if _in_lung(sample, frame):
            return Window(-1350.0, 150.0, "gray", "lung window")
        return Window(-160.0, 240.0, "gray", "soft-tissue window")
    return percentile_window(frame.cut(sample.voxels, sample.grid))


def percentile_window(plane: Plane) -> Window:
    """Return the window from the 1st to the 99th percentile of ``plane``."""
    low, high = (float(value) for value in np.percentile(plane.values, (1, 99)))
    return Window(low, high if high > low else low + 1.0, "gray", _PERCENTILES)


def window_for(plane: Plane, usual: Window) -> Window:
    """Return ``usual``, or a window of its own for a picture whose intensities were scaled to other units."""
    own = percentile_window(plane)
    apart = own.low > usual.high or own.high < usual.low
    ratio = (own.high - own.low) / (usual.high - usual.low)
    alien = apart or not _SAME_UNITS[0] <= ratio <= _SAME_UNITS[1]
    return own if alien and usual.name == _PERCENTILES else usual


def rounded_up(value: float) -> float:
    """Return ``value`` rounded up to an end that suits a scale (7.2 to 8, 0.97 to 1); 1 if not positive."""
    if not value > 0:
        return 1.0
    decade = 10.0 ** math.floor(math.log10(value))
    return next(step * decade for step in _STEPS if step * decade >= value * (1 - 1e-9))


def _in_lung(sample: Sample, frame: Frame) -> bool:
    inside: Mask = sample.mask[frame.slice_index]
    step_x, step_y, _ = sample.grid.spacing
    far = ndimage.distance_transform_edt(~inside, sampling=(step_y, step_x))
    ring = sample.voxels[frame.slice_index][(far > 0) & (far <= _RING_MM)]
    return bool(ring.size) and _LUNG_HU[0] <= float(np.median(ring)) <= _LUNG_HU[1]
