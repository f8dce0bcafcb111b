"""Where the voxels of the analysis grid lie in the image, axis by axis, in ITK's own arithmetic."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.extract.analysis_grid import AnalysisGrid, probe

Floats = NDArray[np.float64]


_UPRIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


class Positions(NamedTuple):
    """Continuous indices of the image for every voxel of the analysis grid along z, y, x."""

    z: Floats
    y: Floats
    x: Floats


def positions(laid: AnalysisGrid) -> Positions | None:
    """Return the continuous indices, or None where the axes of the two grids are not the same.

    ITK maps both ends of a row of voxels and interpolates between them; along the other axes it maps every
    voxel.
    """
    if laid.transform is not None or laid.grid.direction != laid.source.direction:
        return None
    source, target = probe(laid.source), probe(laid.grid)

    def index(axis: int, place: int) -> float:
        at = [place if axis == other else 0 for other in range(3)]
        point = target.TransformIndexToPhysicalPoint(at)
        return float(source.TransformPhysicalPointToContinuousIndex(point)[axis])

    width, height, depth = laid.grid.size
    part = np.arange(width) / float(width)
    x = index(0, 0) * (1.0 - part) + index(0, width) * part
    y, z = (_straight(laid, axis, n) for axis, n in ((1, height), (2, depth)))
    if y is None or z is None or [y[-1], z[-1]] != [index(1, height - 1), index(2, depth - 1)]:
        y = np.array([index(1, i) for i in range(height)])
        z = np.array([index(2, i) for i in range(depth)])
    return Positions(z, y, x)


def _straight(laid: AnalysisGrid, axis: int, count: int) -> Floats | None:
    """Return the indices of every voxel along ``axis`` where the axes are those of space, else None.

    ITK multiplies with the inverse of its matrix, which need not be 1 / spacing to the last bit: at a
    distance of 1 mm from an origin at 0 it shows itself.
    """
    if laid.grid.direction != _UPRIGHT:
        return None
    source = probe(replace(laid.source, origin=(0.0, 0.0, 0.0)))
    inverse = float(
        source.TransformPhysicalPointToContinuousIndex([float(axis == a) for a in range(3)])[axis]
    )
    points = laid.grid.origin[axis] + laid.grid.spacing[axis] * np.arange(count)
    return np.asarray((points - laid.source.origin[axis]) * inverse)
