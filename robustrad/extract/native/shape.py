"""Shape features in 3-D: PyRadiomics' own marching cubes, diameters and principal axes."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.cubes import cube_terms
from robustrad.extract.native.diameters import diameters
from robustrad.extract.native.roi import Roi

Triple = tuple[float, float, float]


class Mesh(NamedTuple):
    """Volume in mm^3 and surface in mm^2 of the mesh."""

    volume: float
    area: float


def shape_features(roi: Roi, spacing: Triple, wanted: Collection[str]) -> dict[str, float]:
    """Return the wanted shape features by PyRadiomics' names (its disabled ones too), sorted.

    Parameters
    ----------
    roi : Roi
        The mask, cropped to its bounding box: the mesh is not watertight in ambiguous cubes, so its volume
        depends on where the box begins.
    spacing : tuple of 3 float
        mm, (z, y, x).
    wanted : collection of str
        Feature names.
    """
    surface = mesh(roi.mask, spacing)
    volume, area = surface
    found = {
        "MeshVolume": volume,
        "VoxelVolume": roi.voxels * (spacing[0] * spacing[2] * spacing[1]),
        "SurfaceArea": area,
        "SurfaceVolumeRatio": _ratio(area, volume),
        "Sphericity": (36 * np.pi * volume**2) ** (1.0 / 3.0) / area,
        "Compactness1": volume / (area**1.5 * np.sqrt(np.pi)),
        "Compactness2": (36.0 * np.pi) * volume**2 / area**3,
        "SphericalDisproportion": _ratio(area, (36 * np.pi * volume**2) ** (1.0 / 3.0)),
    }
    names = ("Maximum2DDiameterSlice", "Maximum2DDiameterColumn", "Maximum2DDiameterRow", "Maximum3DDiameter")
    if any(name in wanted for name in names):
        found |= dict(zip(names, diameters(roi.mask, spacing).tolist(), strict=True))
    found |= axes(principal(roi.rows, roi.voxels, spacing))
    return {name: float(found[name]) for name in sorted(wanted)}


def mesh(mask: NDArray[np.bool_], spacing: Triple) -> Mesh:
    """Return volume and surface of the mesh through the midpoints between inside and outside voxels.

    Every cube of eight voxels is one of 256 kinds. Its area depends on the kind alone; its volume is linear
    in its place. So four sums per kind are enough.
    """
    sums = _kinds(mask)
    terms = cube_terms(spacing)
    volume = float(np.sum(sums * terms.volume)) / 6
    return Mesh(volume, float(np.sum(sums[:, 0] * terms.area)))


def principal(rows: NDArray[np.int64], count: int, spacing: Triple) -> NDArray[np.float64]:
    """Return the rising eigenvalues (mm^2) of the covariance of the voxel positions."""
    steps = np.asarray(spacing)
    covariance = _covariance(rows) * np.outer(steps, steps)
    values = np.linalg.eigvalsh(covariance)
    if values[0] < 1e-7 * values[2]:
        # Nearly flat: what is left of the least axis is rounding, so it is rounded as PyRadiomics rounds.
        values = _rounded_as_pyradiomics(rows, count, steps)
    values = np.where((values < 0) & (values > -1e-10), 0.0, values)
    return np.sort(values)


def axes(eigenvalues: NDArray[np.float64]) -> dict[str, float]:
    """Return axis lengths, elongation and flatness; NaN where an eigenvalue is negative."""
    with np.errstate(invalid="ignore", divide="ignore"):
        least, minor, major = np.sqrt(eigenvalues)
        return {
            "MajorAxisLength": major * 4,
            "MinorAxisLength": minor * 4,
            "LeastAxisLength": least * 4,
            "Elongation": float(np.sqrt(eigenvalues[1] / eigenvalues[2]))
            if min(minor, major) >= 0
            else np.nan,
            "Flatness": float(np.sqrt(eigenvalues[0] / eigenvalues[2])) if min(least, major) >= 0 else np.nan,
        }


def _ratio(above: float, below: float) -> float:
    return above / below if below != 0 else float("inf")


def _rounded_as_pyradiomics(
    rows: NDArray[np.int64], count: int, steps: NDArray[np.float64]
) -> NDArray[np.float64]:
    points = _points(rows, count).T * steps  # a transposed array: the order of its sums matters here
    points -= points.mean(axis=0)
    points /= np.sqrt(count)
    values = np.linalg.eigvals(points.T.copy() @ points)
    return np.asarray(values.real if np.iscomplexobj(values) else values, dtype=np.float64)


def _points(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    # PyRadiomics pads the mask by one voxel.
    begins = np.cumsum(rows[:, 3]) - rows[:, 3]
    points = np.repeat(rows[:, :3].T + 1, rows[:, 3], axis=1)
    points[2] += np.arange(count) - np.repeat(begins, rows[:, 3])
    return points


def _covariance(rows: NDArray[np.int64]) -> NDArray[np.float64]:
    # Of the indices, from sums that are exact in integers, a row of voxels at a time.
    z, y, x, m = rows.T
    sx = m * x + m * (m - 1) // 2
    sxx = m * x * x + x * m * (m - 1) + (m - 1) * m * (2 * m - 1) // 6
    zz, zy, zx, yy, yx = (
        int((a * b).sum()) for a, b in ((m * z, z), (m * z, y), (z, sx), (m * y, y), (y, sx))
    )
    n = int(m.sum())
    s = np.array([(m * z).sum(), (m * y).sum(), sx.sum()], dtype=np.float64)
    both = np.array([[zz, zy, zx], [zy, yy, yx], [zx, yx, int(sxx.sum())]], dtype=np.float64)
    return np.asarray((both - s[:, None] * s / n) / n)


def _kinds(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    # Per kind of cube: how many, and the sums of their places z, y, x on the mask padded by one voxel.
    sums = np.zeros((256, 4), dtype=np.int64)
    padded = np.pad(mask, 1).view(np.uint8)
    _add_kinds(padded, np.zeros(padded.shape[2] - 1, dtype=np.uint8), sums)
    return sums.astype(np.float64)


@bare
def _add_kinds(mask: NDArray[np.uint8], kind: NDArray[np.uint8], sums: NDArray[np.int64]) -> None:
    for z in range(mask.shape[0] - 1):
        for y in range(mask.shape[1] - 1):
            for x in range(kind.shape[0]):
                kind[x] = (
                    mask[z, y, x]
                    | mask[z, y, x + 1] << 1
                    | mask[z, y + 1, x + 1] << 2
                    | mask[z, y + 1, x] << 3
                    | mask[z + 1, y, x] << 4
                    | mask[z + 1, y, x + 1] << 5
                    | mask[z + 1, y + 1, x + 1] << 6
                    | mask[z + 1, y + 1, x] << 7
                )
            for x in range(kind.shape[0]):
                k = kind[x]
                if 0 < k < 255:
                    sums[k, 0] += 1
                    sums[k, 1] += z
                    sums[k, 2] += y
                    sums[k, 3] += x
