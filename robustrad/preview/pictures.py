"""What a picture shows: the slice through the lesion's center, the crop around it, the window of gray values.

Pictures are planes of array axis 0 (axial in most files). All planes of a preview share one frame in mm along
the axes of the reference's acquisition grid, so that images on other grids lie where they belong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from robustrad.core.geometry import Grid, Mask, Voxels, voxels_of
from robustrad.extract.parameters import Settings
from robustrad.extract.settings import resolved
from robustrad.perturb.sample import Sample

ASPECT = 4.0 / 3.0  # width over height of every picture
_ROOM = 1.4  # crop over extent of the lesion: its surroundings stay visible, and it may grow
_SMALLEST_MM = 32.0  # height: a scale bar of 20 mm takes no more than half of the width
_USUAL_SUV = 10.0
_PERCENTILES = "window, percentiles 1 to 99:"
_SAME_UNITS = (0.2, 5.0)  # width of a picture's percentile window over that of the reference
_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_RING_MM = 10.0
_LUNG_HU = (-950.0, -400.0)  # median around a lesion in the lung; air outside the body lies at -1000


class Plane(NamedTuple):
    """A part of one slice.

    Attributes
    ----------
    values : ndarray, (y, x)
        Intensities, gray levels or a mask.
    extent : tuple of 4 float
        Outer edges in mm: left, right, top, bottom, from the center of the reference image's first voxel.
    """

    values: NDArray[Any]
    extent: tuple[float, float, float, float]


@dataclass(frozen=True)
class Frame:
    """Where all pictures of a preview are cut.

    Attributes
    ----------
    grid : Grid
        Acquisition grid of the reference, whose axes and first voxel coordinates refer to.
    slice_index : int
        Slice of the reference, 0 first.
    extent : tuple of 4 float
        Left, right, top, bottom of the crop in mm.
    mirrored : tuple of 2 bool
        Whether x and y run against the screen, where the patient's left is right and posterior (or foot,
        in upright slices) is down.
    """

    grid: Grid
    slice_index: int
    extent: tuple[float, float, float, float]
    mirrored: tuple[bool, bool]

    @classmethod
    def of(cls, sample: Sample) -> Frame:
        """Return the frame around the lesion of ``sample``: the slice nearest its centroid that holds it."""
        held = np.flatnonzero(sample.mask.any(axis=(1, 2)))
        centroid = float(np.mean(np.nonzero(sample.mask)[0]))
        index = int(held[np.argmin(np.abs(held - centroid))])
        return cls(sample.grid, index, _crop(sample.mask[index], sample.grid), _mirrored(sample.grid))

    @property
    def depth_mm(self) -> float:
        """Distance of the slice from the first one."""
        return self.slice_index * self.grid.spacing[2]

    def cut(self, array: NDArray[Any], grid: Grid) -> Plane:
        """Return the part of ``array`` (z, y, x) on ``grid`` in this frame, from the slice nearest to it.

        The part is one voxel larger than the crop on every side, where the image is.
        """
        x, y, z = _offset(grid, self.grid)
        step_x, step_y, step_z = grid.spacing
        # The small number settles ties, which rounding of headers would decide otherwise.
        index = math.floor((self.depth_mm - z) / step_z + 0.5 - 1e-6)
        left, right, top, bottom = self.extent
        first, last = _covered(left - x, right - x, step_x, grid.size[0])
        upper, lower = _covered(top - y, bottom - y, step_y, grid.size[1])
        values = array[min(max(index, 0), grid.size[2] - 1), upper:lower, first:last]
        edges = (x + (first - 0.5) * step_x, x + (last - 0.5) * step_x)
        return Plane(values.copy(), (*edges, y + (upper - 0.5) * step_y, y + (lower - 0.5) * step_y))


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


def difference(reference: Sample, image: Voxels, grid: Grid) -> Voxels:
    """Return ``image`` on ``grid`` minus the reference, on the latter's grid (linear where they differ)."""
    if grid == reference.grid:
        return image - reference.voxels
    there = sitk.Resample(
        grid.image(image),
        reference.grid.blank(),
        sitk.Transform(),
        sitk.sitkLinear,
        math.nan,
        sitk.sitkFloat64,
    )
    return voxels_of(there) - reference.voxels


def gray_levels(picture: NDArray[Any], region: NDArray[Any], settings: Settings) -> NDArray[np.float64]:
    """Return PyRadiomics' gray levels, 1 for the lowest, of the intensities in ``picture``.

    Parameters
    ----------
    picture : ndarray
        Intensities of the ROI's voxels; lower and higher ones get the nearest level or one beyond.
    region : ndarray, (n,)
        All intensities of the ROI, which the bin edges are laid over.
    settings : mapping
        ``binCount`` (wins where it is set) or ``binWidth``.
    """
    low, high = float(region.min()), float(region.max())
    chosen = resolved(settings)
    count, width = chosen["binCount"], float(chosen["binWidth"])
    if count is not None:
        edges = np.histogram_bin_edges(region, count)
        levels = np.clip(np.digitize(picture, edges), 1, count)
    else:
        edges = np.arange(low - low % width, high + 2 * width, width)
        levels = np.digitize(picture, edges)
    return np.asarray(levels, dtype=np.float64)


def bin_width(region: NDArray[Any], settings: Settings) -> float:
    """Return the width of a gray level over the intensities of the ROI; arguments as in ``gray_levels``."""
    chosen = resolved(settings)
    count = chosen["binCount"]
    return float(chosen["binWidth"]) if count is None else float(np.ptp(region)) / float(count)


def within(picture: NDArray[Any], region: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where ``picture`` lies in the range of ``region``: resegmentation in any mode is a range."""
    low, high = float(region.min()), float(region.max())
    slack = 1e-9 * max(abs(high), abs(low))  # rounding must not lose the extremes
    return np.asarray((picture >= low - slack) & (picture <= high + slack))


def rounded_up(value: float) -> float:
    """Return ``value`` rounded up to an end that suits a scale (7.2 to 8, 0.97 to 1); 1 if not positive."""
    if not value > 0:
        return 1.0
    decade = 10.0 ** math.floor(math.log10(value))
    return next(step * decade for step in _STEPS if step * decade >= value * (1 - 1e-9))


def _crop(inside: NDArray[np.bool_], grid: Grid) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    step_x, step_y, _ = grid.spacing
    wide, tall = (np.ptp(columns) + 1) * step_x, (np.ptp(rows) + 1) * step_y
    height = max(_SMALLEST_MM, _ROOM * float(tall), _ROOM * float(wide) / ASPECT)
    x = _kept_inside((columns[0] + columns[-1]) / 2 * step_x, height * ASPECT, step_x, grid.size[0])
    y = _kept_inside((rows[0] + rows[-1]) / 2 * step_y, height, step_y, grid.size[1])
    return (*x, *y)


def _kept_inside(center: float, length: float, step: float, size: int) -> tuple[float, float]:
    """Return the ends of a crop about ``center``, moved into the image, or centered on it if too long."""
    low, high = -0.5 * step, (size - 0.5) * step
    if length >= high - low:
        center = (low + high) / 2
    else:
        center = min(max(center, low + length / 2), high - length / 2)
    return float(center - length / 2), float(center + length / 2)


def _covered(low: float, high: float, step: float, size: int) -> tuple[int, int]:
    """Return the range of voxels that covers ``low`` to ``high`` mm and one more, within the image."""
    first = min(max(math.floor(low / step + 0.5) - 1, 0), size - 1)
    last = max(min(math.ceil(high / step + 0.5) + 1, size), first + 1)
    return first, last


def _offset(grid: Grid, reference: Grid) -> tuple[float, float, float]:
    """Return the center of the first voxel of ``grid`` in mm along the axes of ``reference``."""
    apart = np.asarray(grid.origin) - np.asarray(reference.origin)
    x, y, z = np.asarray(reference.direction).reshape(3, 3).T @ apart
    return float(x), float(y), float(z)


def _mirrored(grid: Grid) -> tuple[bool, bool]:
    """Return whether the image's x and y run against left-to-right and top-to-bottom of the screen."""
    cosines = np.asarray(grid.direction).reshape(3, 3)
    across, down = cosines[:, 0], cosines[:, 1]
    head = int(np.argmax(np.abs(down))) == 2  # an upright slice: head up, while world z runs to the head
    y_sign = float(down[np.argmax(np.abs(down))])
    return bool(across[np.argmax(np.abs(across))] < 0), (y_sign > 0) if head else (y_sign < 0)


def _in_lung(sample: Sample, frame: Frame) -> bool:
    inside: Mask = sample.mask[frame.slice_index]
    step_x, step_y, _ = sample.grid.spacing
    far = ndimage.distance_transform_edt(~inside, sampling=(step_y, step_x))
    ring = sample.voxels[frame.slice_index][(far > 0) & (far <= _RING_MM)]
    return bool(ring.size) and _LUNG_HU[0] <= float(np.median(ring)) <= _LUNG_HU[1]
