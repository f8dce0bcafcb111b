"""Parallel-beam projection and back-projection of all slices at once.

Slices are the last axis: positions and weights of a ray are worked out once and used for every slice. Arrays
are indexed in full in the inner loops, since numba counts the references of every view that is taken of them.
"""

from __future__ import annotations

from math import ceil, cos, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import summing

Single = NDArray[np.float32]
Array = NDArray[np.float64]
TILE = 8


@summing
def project(  # noqa: PLR0917 - a compiled kernel takes its arguments by position
    mu: Single,
    spacing: tuple[float, float],
    first: tuple[float, float],
    half: tuple[float, float],
    radius: float,
    water: float,
    angles: Array,
    detectors: Array,
) -> Single:
    """Return line integrals (view, detector, slice) of a ``Section``: rays at angles and detectors (mm).

    Inside the image: midpoints every half coarse pixel, bilinear. Outside: water up to ``radius``, on the
    sides where the ray leaves the image through tissue, in proportion to the attenuation there.
    """
    height, width, slices = mu.shape
    sums = np.zeros((len(angles), len(detectors), slices), dtype=np.float32)
    step = min(spacing) / 2.0
    for view in range(len(angles)):
        c, s = cos(angles[view]), sin(angles[view])
        for at in range(len(detectors)):
            t = detectors[at]
            start, end = -1e30, 1e30
            for position, direction, edge in ((t * c, -s, half[1]), (t * s, c, half[0])):
                if abs(direction) < 1e-12:
                    if abs(position) > edge:
                        start, end = 0.0, -1.0
                else:
                    one, two = (-edge - position) / direction, (edge - position) / direction
                    start, end = max(start, min(one, two)), min(end, max(one, two))
            chord = sqrt(radius * radius - t * t) if abs(t) < radius else 0.0
            if end <= start:
                for z in range(slices):
                    sums[view, at, z] = 2.0 * chord * water
                continue
            count = ceil((end - start) / step)
            length = (end - start) / count
            outside = (max(min(start, chord) + chord, 0.0), max(chord - max(end, -chord), 0.0))
            for k in range(-2, count):
                if k >= 0:
                    r, weight, limit = start + (k + 0.5) * length, length, np.inf
                else:
                    r, weight, limit = (start, end)[k + 2], outside[k + 2], water
                if weight == 0.0:
                    continue
                y = min(max((t * s + r * c - first[0]) / spacing[0], 0.0), height - 1.0)
                x = min(max((t * c - r * s - first[1]) / spacing[1], 0.0), width - 1.0)
                i, j = min(int(y), max(height - 2, 0)), min(int(x), max(width - 2, 0))
                i1, j1 = min(i + 1, height - 1), min(j + 1, width - 1)
                v, u = np.float32(y - i), np.float32(x - j)
                a, b, d, e = (1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u
                for z in range(slices):
                    here = a * mu[i, j, z] + b * mu[i, j1, z] + d * mu[i1, j, z] + e * mu[i1, j1, z]
                    sums[view, at, z] += weight * min(here, limit)
    return sums


@summing
def backproject(  # noqa: PLR0917 - a compiled kernel takes its arguments by position
    image: Single, lines: Single, angles: Array, ys: Array, xs: Array, first: float, spacing: float
) -> None:
    """Add to ``image`` (y, x, slice) the ``lines`` (view, detector, slice) at t = x cos + y sin, linearly.

    ``first`` and ``spacing`` place the detectors in mm; every pixel must fall between the first and the last.
    """
    slices = image.shape[2]
    for top in range(0, len(ys), TILE):
        for left in range(0, len(xs), TILE):
            for view in range(len(angles)):
                c, s = cos(angles[view]) / spacing, sin(angles[view]) / spacing
                for i in range(top, min(top + TILE, len(ys))):
                    row = ys[i] * s - first / spacing
                    for j in range(left, min(left + TILE, len(xs))):
                        at = row + xs[j] * c
                        k = int(at)
                        high = np.float32(at - k)
                        low = np.float32(1.0) - high
                        for z in range(slices):
                            image[i, j, z] += low * lines[view, k, z] + high * lines[view, k + 1, z]


@summing
def scale(noise: Single, sd: Single, views: Array, detectors: Array) -> None:
    """Multiply ``noise`` (view, detector, slice) by ``sd`` at fractional positions of its coarser grid."""
    slices = noise.shape[2]
    for view in range(len(views)):
        i = min(int(views[view]), sd.shape[0] - 2)
        v = views[view] - i
        for at in range(len(detectors)):
            j = min(int(detectors[at]), sd.shape[1] - 2)
            u = detectors[at] - j
            a, b = np.float32((1 - v) * (1 - u)), np.float32((1 - v) * u)
            d, e = np.float32(v * (1 - u)), np.float32(v * u)
            for z in range(slices):
                noise[view, at, z] *= (
                    a * sd[i, j, z] + b * sd[i, j + 1, z] + d * sd[i + 1, j, z] + e * sd[i + 1, j + 1, z]
                )
