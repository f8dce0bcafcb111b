"""Shape features in 2-D: PyRadiomics' marching squares on a single slice."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.diameters import plane_diameter

Pair = tuple[float, float]

# Corners (row, column) of a square in the order of its bits, the middles of its edges, and the edges that a
# line joins for each of the 16 kinds (at most two lines).
_MIDDLES = np.array([(0.0, 0.5), (0.5, 1.0), (1.0, 0.5), (0.5, 0.0)])
_LINES = np.full((16, 4), -1)
for _kind, _joined in enumerate(
    ("", "30", "01", "31", "12", "1230", "02", "32", "23", "20", "0123", "21", "13", "10", "03", "")
):
    _LINES[_kind, : len(_joined)] = [int(edge) for edge in _joined]


def shape2d_features(mask: NDArray[np.bool_], spacing: Pair, wanted: Collection[str]) -> dict[str, float]:
    """Return the wanted shape2D features by PyRadiomics' names, sorted.

    Parameters
    ----------
    mask : ndarray of bool, (row, column)
        The slice, cropped to its bounding box.
    spacing : tuple of 2 float
        mm, in the order of the axes.
    wanted : collection of str
        Feature names.
    """
    perimeter, twice = _outline(np.pad(mask, 1), np.asarray(spacing), _LINES, _MIDDLES)
    surface = twice / 2
    minor, major = _axes(mask, spacing)
    count = int(np.count_nonzero(mask))
    sphericity = 2 * np.sqrt(np.pi * surface) / perimeter
    found = {
        "MeshSurface": surface,
        "PixelSurface": count * (spacing[1] * spacing[0]),
        "Perimeter": perimeter,
        "PerimeterSurfaceRatio": perimeter / surface,
        "Sphericity": sphericity,
        "SphericalDisproportion": 1.0 / sphericity,
        "MaximumDiameter": plane_diameter(mask, spacing),
        "MajorAxisLength": np.sqrt(major) * 4 if major >= 0 else np.nan,
        "MinorAxisLength": np.sqrt(minor) * 4 if minor >= 0 else np.nan,
        "Elongation": np.sqrt(minor / major) if minor >= 0 and major > 0 else np.nan,
    }
    return {name: float(found[name]) for name in sorted(wanted)}


def _axes(mask: NDArray[np.bool_], spacing: Pair) -> list[float]:
    # In PyRadiomics' own steps: of a line of pixels only their rounding is left.
    points = (np.array(np.nonzero(mask), dtype=np.int64) + 1).T * np.asarray(spacing)
    points -= points.mean(axis=0)
    points /= np.sqrt(len(points))
    values = np.linalg.eigvals(points.T.copy() @ points)
    values = np.where((values < 0) & (values > -1e-10), 0.0, values)
    return [float(value) for value in np.sort(values)]


@bare
def _outline(
    mask: NDArray[np.bool_],
    steps: NDArray[np.float64],
    lines: NDArray[np.int64],
    middles: NDArray[np.float64],
) -> tuple[float, float]:
    perimeter = 0.0
    twice = 0.0
    for y in range(mask.shape[0] - 1):
        for x in range(mask.shape[1] - 1):
            kind = 1 * mask[y, x] + 2 * mask[y, x + 1] + 4 * mask[y + 1, x + 1] + 8 * mask[y + 1, x]
            for t in range(0, 4, 2):
                if lines[kind, t] < 0:
                    break
                one, other = lines[kind, t], lines[kind, t + 1]
                ay, ax = (y + middles[one, 0]) * steps[0], (x + middles[one, 1]) * steps[1]
                by, bx = (y + middles[other, 0]) * steps[0], (x + middles[other, 1]) * steps[1]
                twice += ay * bx - by * ax
                perimeter += np.sqrt((ay - by) ** 2 + (ax - bx) ** 2)
    return perimeter, twice
