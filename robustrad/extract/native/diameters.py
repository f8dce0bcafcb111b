"""Largest distances between mesh vertices, from the convex hulls of the planes they lie in.

A vertex lies halfway between an inside and an outside voxel. The end points of a largest distance are corners
of the hull of their plane, so only those are compared. Coordinates are doubled to be exact in integers;
scaling an axis keeps a hull a hull.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import kernel

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


@kernel
def _plane_hulls(mask: NDArray[np.bool_]) -> tuple[Points, Points]:
    # Hull corners (plane, row, column), doubled, of every plane of vertices, and where each plane begins.
    depth, height, width = mask.shape
    far = 2 * width + 2
    corners = np.empty((2 * (2 * depth + 1) * (2 * height + 1), 3), dtype=np.int64)
    begins = np.zeros(2 * depth + 2, dtype=np.int64)
    low = np.empty(2 * height + 1, dtype=np.int64)
    high = np.empty(2 * height + 1, dtype=np.int64)
    empty = np.zeros((height, width), dtype=np.bool_)
    nothing = np.zeros(width, dtype=np.bool_)
    n = 0
    for plane in range(2 * depth + 1):
        # even planes lie between slices, odd ones in a slice
        begins[plane] = n
        low[:] = far
        high[:] = -1
        if plane % 2 == 0:
            z = plane // 2
            above = mask[z - 1] if z > 0 else empty
            below = mask[z] if z < depth else empty
            for y in range(height):
                first, last = _differences(above[y], below[y])
                if last >= 0:
                    low[2 * y + 1] = 2 * first + 1
                    high[2 * y + 1] = 2 * last + 1
        else:
            here = mask[plane // 2]
            for y in range(height + 1):
                upper = here[y - 1] if y > 0 else nothing
                lower = here[y] if y < height else nothing
                first, last = _differences(upper, lower)
                if last >= 0:
                    low[2 * y] = 2 * first + 1
                    high[2 * y] = 2 * last + 1
                first, last = _differences(lower, nothing)
                if y < height and last >= 0:
                    low[2 * y + 1] = 2 * first
                    high[2 * y + 1] = 2 * last + 2
        n = _chain(low, corners, n, plane, 1, far)
        n = _chain(high, corners, n, plane, -1, far)
    begins[2 * depth + 1] = n
    return corners[:n].copy(), begins


@kernel
def _differences(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> tuple[int, int]:
    first = 0
    width = one.shape[0]
    while first < width and one[first] == other[first]:
        first += 1
    if first == width:
        return -1, -1
    last = width - 1
    while one[last] == other[last]:
        last -= 1
    return first, last


@kernel
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


@kernel
def _largest_in_planes(corners: Points, begins: Points, steps: Floats) -> float:
    best = 0.0
    for p in range(begins.shape[0] - 1):
        for i in range(begins[p], begins[p + 1]):
            for j in range(begins[p], i):
                best = max(best, _squared(corners[i], corners[j], steps))
    return best


@kernel
def _squared(a: Points, b: Points, steps: Floats) -> float:
    # Coordinates as PyRadiomics has them: halves of voxels on the mask padded by one, times the spacing.
    total = 0.0
    for d in range(3):
        difference = (a[d] * 0.5 + 0.5) * steps[d] - (b[d] * 0.5 + 0.5) * steps[d]
        total += difference * difference
    return total


@kernel
def _largest(corners: Points, steps: Floats) -> float:
    # Points far from the middle first: two points are no farther apart than their distances from it added.
    n = corners.shape[0]
    low = np.full(3, np.inf)
    high = np.full(3, -np.inf)
    for i in range(n):
        for d in range(3):
            low[d] = min(low[d], corners[i, d] * 0.5 * steps[d])
            high[d] = max(high[d], corners[i, d] * 0.5 * steps[d])
    radius = np.zeros(n)
    for i in range(n):
        for d in range(3):
            radius[i] += (corners[i, d] * 0.5 * steps[d] - (low[d] + high[d]) / 2) ** 2
        radius[i] = np.sqrt(radius[i]) * (1 + 1e-12)
    order = np.argsort(-radius)
    best = 0.0
    reach = 0.0
    for a in range(n):
        i = order[a]
        if 2 * radius[i] < reach:
            break
        for b in range(a + 1, n):
            j = order[b]
            if radius[i] + radius[j] < reach:
                break
            squared = _squared(corners[i], corners[j], steps)
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
