"""Where pictures are cut: the slice through the lesion's center, the crop around it.

Pictures are planes of array axis 0 (axial in most files). All planes of a preview share one frame in mm along
the axes of the reference's acquisition grid, so that images on other grids lie where they belong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.geometry import Grid
from robustrad.perturb.sample import Sample

ASPECT = 4.0 / 3.0  # width over height of every picture
_ROOM = 1.4  # crop over extent of the lesion: its surroundings stay visible, and it may grow
_SMALLEST_MM = 32.0  # height: a scale bar of 20 mm takes no more than half of the width


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
