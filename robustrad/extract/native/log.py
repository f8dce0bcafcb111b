"""Laplacian of Gaussian: ITK's recursive (Deriche) Gaussian, float32 between passes.

After Deriche (1993, INRIA research report 1893) and Farneback and Westin (2006,
doi:10.1109/ISBI.2006.1625111), in ITK's coefficients. The filter does not converge within PyRadiomics' crop,
so its values depend on the crop: it is run on exactly the same box.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import kernel
from robustrad.extract.native.roi import Box

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Triple = tuple[float, float, float]
#: Lines filtered side by side; the inner loop runs over them, so the compiler can use vectors.
LANES = 64


class Recursion(NamedTuple):
    """Coefficients of one pass: causal n, anticausal m, recursive d, and both borders (4 each)."""

    n: Floats
    m: Floats
    d: Floats
    bn: Floats
    bm: Floats


def laplacian(image: NDArray[Any], spacing: Triple, sigma: float, box: Box) -> Singles:
    """Return the LoG of ``image``, scale-normalized, inside ``box``.

    Parameters
    ----------
    image : ndarray, (z, y, x)
        At least 4 voxels along each axis.
    spacing : tuple of 3 float
        mm, (z, y, x).
    sigma : float
        mm.
    box : Box
        Where the result is wanted; lines that do not reach it are not filtered in the last passes.
    """
    source = np.ascontiguousarray(image, dtype=np.float64)
    total = np.zeros(box.shape, dtype=np.float32)
    (z0, y0, x0), (z1, y1, x1) = box
    for axis in (2, 1, 0):  # ITK goes along x, y, z and smooths along the other two in that order
        others = [other for other in (2, 1, 0) if other != axis]
        passes = [(axis, _second_order(sigma / spacing[axis], sigma))]
        passes += [(other, _smoothing(sigma / spacing[other])) for other in others]
        current = source
        for direction, recursion in passes:
            low, high = ((z0, y0, x0)[direction], (z1, y1, x1)[direction])
            current = _filtered(current, direction, recursion, low, high)
        # An axis that was cropped after its own pass is as wide as the box by now.
        _accumulate(total.reshape(-1), current.reshape(-1), 1.0 / (spacing[axis] * spacing[axis]))
    return total


def _filtered(image: Floats, axis: int, recursion: Recursion, low: int, high: int) -> Floats:
    # Lines along the middle of three axes: (outer, along, beside).
    depth, height, width = image.shape
    if axis == 0:
        image = image.reshape(1, depth, height * width)
    elif axis == 2:
        image = image.reshape(1, depth * height, width)
    shape = list(image.shape)
    shape[2 if axis == 2 else 1] = high - low
    out = np.empty(shape)
    work = np.zeros((3, image.shape[2 if axis == 2 else 1], LANES))
    _along(image, out, work, low, axis == 2, *recursion)
    full = [depth, height, width]
    full[axis] = high - low
    return out.reshape(full)


@kernel
def _accumulate(total: Singles, part: Floats, factor: float) -> None:
    for i in range(total.shape[0]):
        total[i] = np.float32(np.float64(total[i]) + part[i] * factor)


@kernel
def _recurse(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    data: Floats, causal: Floats, anti: Floats, n: Floats, m: Floats, d: Floats, bn: Floats, bm: Floats
) -> None:
    # Filters the columns of ``data`` (length, lanes); the result is the sum of ``causal`` and ``anti``.
    length = data.shape[0]
    n0, n1, n2, n3 = n[0], n[1], n[2], n[3]
    m1, m2, m3, m4 = m[0], m[1], m[2], m[3]
    d1, d2, d3, d4 = d[0], d[1], d[2], d[3]
    x0 = data[0]
    x1 = data[length - 1]
    for i in range(4):
        a = data[i]
        b = data[max(i - 1, 0)]
        c = data[max(i - 2, 0)]
        e = data[max(i - 3, 0)]
        p = causal[i - 1] if i > 0 else x0
        q = causal[i - 2] if i > 1 else x0
        r = causal[i - 3] if i > 2 else x0
        k1 = d1 if i > 0 else bn[0]
        k2 = d2 if i > 1 else bn[1]
        k3 = d3 if i > 2 else bn[2]
        for j in range(a.shape[0]):
            forward = a[j] * n0 + b[j] * n1 + c[j] * n2 + e[j] * n3
            causal[i, j] = forward - (p[j] * k1 + q[j] * k2 + r[j] * k3 + x0[j] * bn[3])
    for i in range(4, length):
        a = data[i]
        b = data[i - 1]
        c = data[i - 2]
        e = data[i - 3]
        p = causal[i - 1]
        q = causal[i - 2]
        r = causal[i - 3]
        s = causal[i - 4]
        out = causal[i]
        for j in range(a.shape[0]):
            forward = a[j] * n0 + b[j] * n1 + c[j] * n2 + e[j] * n3
            out[j] = forward - (p[j] * d1 + q[j] * d2 + r[j] * d3 + s[j] * d4)
    last = length - 1
    for i in range(4):
        a = data[last - max(i - 1, 0)]
        b = data[last - max(i - 2, 0)]
        c = data[last - max(i - 3, 0)]
        e = x1
        p = anti[last - i + 1] if i > 0 else x1
        q = anti[last - i + 2] if i > 1 else x1
        r = anti[last - i + 3] if i > 2 else x1
        k1 = d1 if i > 0 else bm[0]
        k2 = d2 if i > 1 else bm[1]
        k3 = d3 if i > 2 else bm[2]
        for j in range(a.shape[0]):
            back = a[j] * m1 + b[j] * m2 + c[j] * m3 + e[j] * m4
            anti[last - i, j] = back - (p[j] * k1 + q[j] * k2 + r[j] * k3 + x1[j] * bm[3])
    for i in range(length - 5, -1, -1):
        a = data[i + 1]
        b = data[i + 2]
        c = data[i + 3]
        e = data[i + 4]
        p = anti[i + 1]
        q = anti[i + 2]
        r = anti[i + 3]
        s = anti[i + 4]
        out = anti[i]
        for j in range(a.shape[0]):
            back = a[j] * m1 + b[j] * m2 + c[j] * m3 + e[j] * m4
            out[j] = back - (p[j] * d1 + q[j] * d2 + r[j] * d3 + s[j] * d4)


@kernel
def _along(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    image: Floats,
    out: Floats,
    work: Floats,
    low: int,
    turned: bool,
    n: Floats,
    m: Floats,
    d: Floats,
    bn: Floats,
    bm: Floats,
) -> None:
    # Along the middle axis, or along the last where ``turned``; values are rounded to float32, as ITK does.
    data = work[0]
    causal = work[1]
    anti = work[2]
    length = data.shape[0]
    wide = image.shape[1] if turned else image.shape[2]
    for o in range(image.shape[0]):
        for first in range(0, wide, LANES):
            lanes = min(LANES, wide - first)
            if turned:
                for j in range(lanes):
                    for i in range(length):
                        data[i, j] = image[o, first + j, i]
            else:
                for i in range(length):
                    for j in range(lanes):
                        data[i, j] = image[o, i, first + j]
            _recurse(data, causal, anti, n, m, d, bn, bm)
            if turned:
                for j in range(lanes):
                    for i in range(out.shape[2]):
                        out[o, first + j, i] = np.float32(causal[low + i, j] + anti[low + i, j])
            else:
                for i in range(out.shape[1]):
                    for j in range(lanes):
                        out[o, i, first + j] = np.float32(causal[low + i, j] + anti[low + i, j])


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


def _smoothing(sigma: float) -> Recursion:
    d, sd, _, _ = _denominator(sigma)
    series = _numerator(sigma, 0)
    alpha = 2 * series.s / sd - series.n[0]
    return _completed(series.n * (1.0 / alpha), d)


def _second_order(sigma: float, sigma_mm: float) -> Recursion:
    d, sd, dd, ed = _denominator(sigma)
    zero, two = _numerator(sigma, 0), _numerator(sigma, 1)
    beta = -(2 * two.s - sd * two.n[0]) / (2 * zero.s - sd * zero.n[0])
    n = two.n + beta * zero.n
    sn, dn, en = two.s + beta * zero.s, two.d + beta * zero.d, two.e + beta * zero.e
    alpha = en * sd * sd - ed * sn * sd - 2 * dn * dd * sd + 2 * dd * dd * sn
    alpha /= sd * sd * sd
    return _completed(n * (sigma_mm * sigma_mm / alpha), d)


def _completed(n: Floats, d: Floats) -> Recursion:
    n0, n1, n2, n3 = n.tolist()
    d1, d2, d3, d4 = d.tolist()
    m = np.array([n1 - d1 * n0, n2 - d2 * n0, n3 - d3 * n0, -d4 * n0])
    sn = n0 + n1 + n2 + n3
    sm = m[0] + m[1] + m[2] + m[3]
    sd = 1.0 + d1 + d2 + d3 + d4
    return Recursion(n, m, d, d * sn / sd, d * sm / sd)
