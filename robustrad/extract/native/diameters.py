"""Largest distances between mesh vertices, from the convex hulls of the planes they lie in.

A vertex lies halfway between an inside and an outside voxel. The end points of a largest distance are corners
of the hull of their plane, so only those are compared. Coordinates are doubled to be exact in integers;
scaling an axis keeps a hull a hull.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare, inner

Points = NDArray[np.int64]
Floats = NDArray[np.float64]


def diameters(mask: NDArray[np.bool_], spacing: tuple[float, float, float]) -> Floats:
    """Return the largest 2-D distances at equal z, y, x (slice, column, row) and the largest one in 3-D, mm.

    Parameters
    ----------
    mask : ndarray of bool, (z, y, x)
        Cropped to its bounding box.
    spacing : tuple of 3 float
        mm, (z, y, x).
    """
    steps = np.asarray(spacing)
    out = np.zeros(4)
    corners, begins = _plane_hulls(mask)
    out[0] = _largest_in_planes(corners, begins, steps)
    for axis, order in ((1, (1, 0, 2)), (2, (2, 0, 1))):
        turned, ends = _plane_hulls(np.ascontiguousarray(mask.transpose(order)))
        out[axis] = _largest_in_planes(turned, ends, steps[list(order)])
    out[3] = _largest(corners, steps)
    return np.sqrt(out)


def _plane_hulls(mask: NDArray[np.bool_]) -> tuple[Points, Points]:
    # Hull corners (plane, row, column), doubled, of every plane of vertices, and where each plane begins.
    depth, height, _ = mask.shape
    corners = np.empty((2 * (2 * depth + 1) * (2 * height + 1), 3), dtype=np.int64)
    begins = np.zeros(2 * depth + 2, dtype=np.int64)
    ends = np.empty((2, 2 * height + 1), dtype=np.int64)
    _add_hulls(np.pad(mask, 1).view(np.uint8), ends, corners, begins)
    return corners[: begins[-1]], begins


@bare
def _add_hulls(mask: NDArray[np.uint8], ends: Points, corners: Points, begins: Points) -> None:
    # The mask has one empty voxel around it. Even planes lie between slices, odd ones in a slice.
    planes = begins.shape[0] - 1
    width = mask.shape[2] - 2
    far = 2 * width + 2
    n = begins[0]  # not 0: a literal is a type of its own
    for plane in range(planes):
        begins[plane] = n
        flat = plane % 2
        z = (plane + 1) // 2
        for row in range(ends.shape[1]):
            y = (row + 1) // 2
            ends[0, row] = far
            ends[1, row] = -1
            if flat + row % 2 == 0:
                continue
            # the voxels on the other side of the vertices: the next slice, the next row, or outside
            wide = flat + row % 2 - 1
            zz = z + 1 - flat
            yy = y + flat
            if wide == 1:
                zz = yy = 0
            first = 1
            while first <= width and mask[z, y, first] == mask[zz, yy, first]:
                first += 1
            if first > width:
                continue
            last = width
            while mask[z, y, last] == mask[zz, yy, last]:
                last -= 1
            ends[0, row] = 2 * first - 1 - wide
            ends[1, row] = 2 * last - 1 + wide
        for side in range(2):
            n = _chain(ends[side], corners, n, plane, 1 - 2 * side, far)
    begins[planes] = n


@inner
def _chain(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    ends: Points, corners: Points, n: int, plane: int, side: int, far: int
) -> int:
    # One side of the hull: of each row only the outermost point can be a corner.
    begin = n
    for row in range(ends.shape[0]):
        column = ends[row]
        if column < 0 or column == far:
            continue
        while n - begin >= 2:
            a = corners[n - 2]
            b = corners[n - 1]
            turn = (b[1] - a[1]) * (column - a[2]) - (row - a[1]) * (b[2] - a[2])
            if side * turn > 0:
                break
            n -= 1
        corners[n, 0] = plane
        corners[n, 1] = row
        corners[n, 2] = column
        n += 1
    return n


@bare
def _largest_in_planes(corners: Points, begins: Points, steps: Floats) -> float:
    best = 0.0
    for p in range(begins.shape[0] - 1):
        for i in range(begins[p], begins[p + 1]):
            for j in range(begins[p], i):
                squared = 0.0
                for d in range(3):
                    difference = _place(corners[i, d], steps[d]) - _place(corners[j, d], steps[d])
                    squared += difference * difference
                best = max(best, squared)
    return best


@inner
def _place(doubled: int, step: float) -> float:
    # Coordinates as PyRadiomics has them: halves of voxels on the mask padded by one, times the spacing.
    return (doubled * 0.5 + 0.5) * step


def _largest(corners: Points, steps: Floats) -> float:
    # Points far from the middle first: two points are no farther apart than their distances from it added.
    places = corners * 0.5 * steps
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    radius = np.sqrt(np.sum((places - middle) ** 2, axis=1)) * (1 + 1e-12)
    order = np.argsort(-radius)
    return _largest_of(np.ascontiguousarray(corners[order]), radius[order], steps)


@bare
def _largest_of(corners: Points, radius: Floats, steps: Floats) -> float:
    n = corners.shape[0]
    best = 0.0
    reach = 0.0
    for i in range(n):
        if 2 * radius[i] < reach:
            break
        for j in range(i + 1, n):
            if radius[i] + radius[j] < reach:
                break
            squared = 0.0
            for d in range(3):
                difference = _place(corners[i, d], steps[d]) - _place(corners[j, d], steps[d])
                squared += difference * difference
            if squared > best:
                best = squared
                reach = np.sqrt(best)
    return best


def plane_diameter(mask: NDArray[np.bool_], spacing: tuple[float, float]) -> float:
    """Return the largest distance between outline points of one slice, mm.

    Parameters
    ----------
    mask : ndarray of bool, (row, column)
        The slice.
    spacing : tuple of 2 float
        mm, in the order of the axes.
    """
    corners, begins = _plane_hulls(np.ascontiguousarray(mask[None]))
    within = begins[1:3]  # plane 1 lies in the slice, 0 and 2 are its faces
    return float(np.sqrt(_largest_in_planes(corners, within, np.array([1.0, *spacing]))))
