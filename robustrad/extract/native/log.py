"""Laplacian of Gaussian: ITK's recursive (Deriche) Gaussian, float32 between passes.

After Deriche (1993, INRIA research report 1893) and Farneback and Westin (2006,
doi:10.1007/s10851-006-8464-z), in ITK's coefficients. The filter does not converge within PyRadiomics' crop,
so its values depend on the crop: it is run on exactly the same box.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare, inner
from robustrad.extract.native.extremes import larger, smaller
from robustrad.extract.native.roi import Box, Roi

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Triple = tuple[float, float, float]
#: Lines filtered side by side; the inner loop runs over them, so the compiler can use vectors.
LANES = 64


def laplacian(image: NDArray[Any], spacing: Triple, sigma: float, box: Box, roi: Roi) -> Singles:
    """Return the LoG of ``image``, scale-normalized, in the ROI, in array order.

    Parameters
    ----------
    image : ndarray, (z, y, x)
        At least 4 voxels along each axis.
    spacing : tuple of 3 float
        mm, (z, y, x).
    sigma : float
        mm.
    box : Box
        Of the ROI; lines that do not reach it are not filtered in the last passes.
    roi : Roi
        The ROI in the box.
    """
    source = np.ascontiguousarray(image, dtype=np.float64)
    total = np.zeros(roi.voxels, dtype=np.float32)
    (z0, y0, x0), (z1, y1, x1) = box
    for axis in (2, 1, 0):  # ITK goes along x, y, z and smooths along the other two in that order
        others = [other for other in (2, 1, 0) if other != axis]
        passes = [(axis, second_order(sigma / spacing[axis], sigma))]
        passes += [(other, smoothing(sigma / spacing[other])) for other in others]
        current = source
        for direction, coefficients in passes:
            low, high = ((z0, y0, x0)[direction], (z1, y1, x1)[direction])
            current = _filtered(current, direction, coefficients, low, high)
        # An axis that was cropped after its own pass is as wide as the box by now.
        _accumulate(total, current, roi.rows, 1.0 / (spacing[axis] * spacing[axis]))
    return total


def _filtered(image: Floats, axis: int, coefficients: Floats, low: int, high: int) -> Floats:
    # As lines along the middle of three axes (outer, along, beside), or along the last of two.
    depth, height, width = image.shape
    length = image.shape[axis]
    outer, beside = {0: (1, height * width), 1: (depth, width), 2: (1, depth * height)}[axis]
    shape = [depth, height, width]
    shape[axis] = high - low
    out = np.empty(shape)
    work = np.empty((3, (length + 4) * LANES))
    sizes = np.array([outer, length, beside, low, high])
    _along(image.reshape(-1), out.reshape(-1), work, sizes, axis == 2, coefficients)
    return out


@bare
def _accumulate(total: Singles, part: Floats, rows: NDArray[np.int64], factor: float) -> None:
    n = 0
    for k in range(rows.shape[0]):
        z, y, x, length = rows[k]
        own = total[n : n + length]
        more = part[z, y, x : x + length]
        for i in range(length):
            own[i] = np.float32(np.float64(own[i]) + more[i] * factor)
        n += length


@inner
def _one_way(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    data: Floats, start: int, step: int, ahead: int, length: int, lanes: int, filtered: Floats, c: Floats
) -> None:
    # Filters ``lanes`` lines side by side: sample t of all of them stands at start + t step. Four samples of
    # the past, which are the first sample, precede the result. ``ahead`` is 1 where only the past counts.
    n0, n1, n2, n3 = c[0], c[1], c[2], c[3]
    first = data[start : start + lanes]
    for k in range(4):
        past = filtered[k * LANES : k * LANES + lanes]
        for j in range(lanes):
            past[j] = first[j]
    for t in range(length):
        i0 = start + larger(t - ahead, 0) * step
        i1 = start + larger(t - ahead - 1, 0) * step
        i2 = start + larger(t - ahead - 2, 0) * step
        i3 = start + larger(t - ahead - 3, 0) * step
        x0, x1 = data[i0 : i0 + lanes], data[i1 : i1 + lanes]
        x2, x3 = data[i2 : i2 + lanes], data[i3 : i3 + lanes]
        at = t * LANES
        y4, y3 = filtered[at : at + lanes], filtered[at + LANES : at + LANES + lanes]
        y2 = filtered[at + 2 * LANES : at + 2 * LANES + lanes]
        y1 = filtered[at + 3 * LANES : at + 3 * LANES + lanes]
        out = filtered[at + 4 * LANES : at + 4 * LANES + lanes]
        # the border has weights of its own for what lies before the first sample
        d1 = c[4] if t > 0 else c[8]
        d2 = c[5] if t > 1 else c[9]
        d3 = c[6] if t > 2 else c[10]
        d4 = c[7] if t > 3 else c[11]
        for j in range(lanes):
            fed = x0[j] * n0 + x1[j] * n1 + x2[j] * n2 + x3[j] * n3
            out[j] = fed - (y1[j] * d1 + y2[j] * d2 + y3[j] * d3 + y4[j] * d4)


@bare
def _along(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    image: Floats, out: Floats, work: Floats, sizes: NDArray[np.int64], turned: bool, coefficients: Floats
) -> None:
    # Along the middle axis, or along the last where ``turned``; values are rounded to float32, as ITK does.
    outer, length, wide, low, high = sizes
    kept = high - low
    for o in range(outer):
        for first in range(0, wide, LANES):
            lanes = smaller(LANES, wide - first)
            lines, begin, step = image, o * length * wide + first, wide
            if turned:
                lines, begin, step = work[2], 0, LANES
                source = image[first * length :]
                for i in range(length):
                    into = lines[i * LANES : i * LANES + lanes]
                    for j in range(lanes):
                        into[j] = source[j * length + i]
            for way in range(2):
                start = begin + way * (length - 1) * step
                _one_way(lines, start, (1 - 2 * way) * step, way, length, lanes, work[way], coefficients[way])
            for i in range(low, high):
                one = work[0, (i + 4) * LANES : (i + 4) * LANES + lanes]
                two = work[1, (length + 3 - i) * LANES : (length + 3 - i) * LANES + lanes]
                at = first * kept + i - low if turned else (o * kept + i - low) * wide + first
                target = out[at:]
                if turned:
                    for j in range(lanes):
                        target[j * kept] = np.float32(one[j] + two[j])
                else:
                    for j in range(lanes):
                        target[j] = np.float32(one[j] + two[j])


_A = ((1.3530, -0.3531), (-1.3563, 0.3446))  # order 0 and order 2: first and second exponential
_B = ((1.8151, 0.0902), (5.2318, -2.2355))
_W = (0.6681, 2.0787)
_L = (-1.3932, -1.3732)


class _Series(NamedTuple):
    n: Floats
    s: float
    d: float
    e: float


def _numerator(sigma: float, order: int) -> _Series:
    a1, a2 = _A[order]
    b1, b2 = _B[order]
    sin1, sin2 = (float(np.sin(w / sigma)) for w in _W)
    cos1, cos2 = (float(np.cos(w / sigma)) for w in _W)
    exp1, exp2 = (float(np.exp(value / sigma)) for value in _L)
    n0 = a1 + a2
    n1 = exp2 * (b2 * sin2 - (a2 + 2 * a1) * cos2)
    n1 += exp1 * (b1 * sin1 - (a1 + 2 * a2) * cos1)
    n2 = (a1 + a2) * cos2 * cos1
    n2 -= b1 * cos2 * sin1 + b2 * cos1 * sin2
    n2 *= 2 * exp1 * exp2
    n2 += a2 * exp1 * exp1 + a1 * exp2 * exp2
    n3 = exp2 * exp1 * exp1 * (b2 * sin2 - a2 * cos2)
    n3 += exp1 * exp2 * exp2 * (b1 * sin1 - a1 * cos1)
    return _Series(np.array([n0, n1, n2, n3]), n0 + n1 + n2 + n3, n1 + 2 * n2 + 3 * n3, n1 + 4 * n2 + 9 * n3)


def _denominator(sigma: float) -> tuple[Floats, float, float, float]:
    cos1, cos2 = (float(np.cos(w / sigma)) for w in _W)
    exp1, exp2 = (float(np.exp(value / sigma)) for value in _L)
    d4 = exp1 * exp1 * exp2 * exp2
    d3 = -2 * cos1 * exp1 * exp2 * exp2
    d3 += -2 * cos2 * exp2 * exp1 * exp1
    d2 = 4 * cos2 * cos1 * exp1 * exp2
    d2 += exp1 * exp1 + exp2 * exp2
    d1 = -2 * (exp2 * cos2 + exp1 * cos1)
    return (
        np.array([d1, d2, d3, d4]),
        1.0 + d1 + d2 + d3 + d4,
        d1 + 2 * d2 + 3 * d3 + 4 * d4,
        d1 + 4 * d2 + 9 * d3 + 16 * d4,
    )


@lru_cache(maxsize=64)
def smoothing(sigma: float) -> Floats:
    """Return the coefficients of a Gaussian of ``sigma`` voxels, (2, 12); see ``_completed``."""
    d, sd, _, _ = _denominator(sigma)
    series = _numerator(sigma, 0)
    alpha = 2 * series.s / sd - series.n[0]
    return _completed(series.n * (1.0 / alpha), d)


@lru_cache(maxsize=64)
def second_order(sigma: float, sigma_mm: float) -> Floats:
    """Return the coefficients of its second derivative times ``sigma_mm`` squared, (2, 12)."""
    d, sd, dd, ed = _denominator(sigma)
    zero, two = _numerator(sigma, 0), _numerator(sigma, 1)
    beta = -(2 * two.s - sd * two.n[0]) / (2 * zero.s - sd * zero.n[0])
    n = two.n + beta * zero.n
    sn, dn, en = two.s + beta * zero.s, two.d + beta * zero.d, two.e + beta * zero.e
    alpha = en * sd * sd - ed * sn * sd - 2 * dn * dd * sd + 2 * dd * dd * sn
    alpha /= sd * sd * sd
    return _completed(n * (sigma_mm * sigma_mm / alpha), d)


def _completed(n: Floats, d: Floats) -> Floats:
    # Of each way: four for samples, four for results, and four for results before the border.
    n0, n1, n2, n3 = n.tolist()
    d1, d2, d3, d4 = d.tolist()
    m = np.array([n1 - d1 * n0, n2 - d2 * n0, n3 - d3 * n0, -d4 * n0])
    sn = n0 + n1 + n2 + n3
    sm = m[0] + m[1] + m[2] + m[3]
    sd = 1.0 + d1 + d2 + d3 + d4
    return np.array([[*n, *d, *(d * sn / sd)], [*m, *d, *(d * sm / sd)]])
