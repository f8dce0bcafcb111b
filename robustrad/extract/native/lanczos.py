"""The second largest eigenvalue, by magnitude, of symmetric matrices whose first eigenvector is known.

Lanczos iteration with full reorthogonalization (Parlett 1998, doi:10.1137/1.9781611971163) in the space
orthogonal to the known vector. A start of pseudo-random numbers has a part of every eigenvector; what has not
converged after `MOST` steps, and every small matrix, goes to LAPACK.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare, inner, reducing
from robustrad.extract.native.extremes import larger

Floats = NDArray[np.float64]
SMALL = 40  # up to here LAPACK is as fast (measured)
MOST = 60
_CHECK = 5
_SETTLED = 1e-12


def second_magnitudes(matrices: Floats, first: Floats) -> Floats:
    """Return the largest eigenvalue magnitude orthogonal to ``first``, for every matrix.

    Parameters
    ----------
    matrices : ndarray of float64, (a, g, g)
        Symmetric, g >= 2.
    first : ndarray of float64, (a, g)
        Eigenvector of the eigenvalue of largest magnitude.
    """
    g = matrices.shape[1]
    if g <= SMALL:
        values = np.linalg.eigvalsh(matrices)  # rising: only the ends can be largest
        return np.asarray(np.maximum(values[:, -2], -values[:, 0]))
    start = np.sin(np.arange(1.0, g + 1) * 12.9898) + 0.1
    most = min(g - 1, MOST)
    found = np.empty(len(matrices))
    for place, matrix in enumerate(matrices):
        value = _second(matrix, first[place], start.copy(), np.empty((most + 2, g)), np.zeros((2, most + 1)))
        if np.isnan(value):
            value = np.sort(np.abs(np.linalg.eigvalsh(matrix)))[-2]
        found[place] = value
    return found


@reducing
def _dot(a: Floats, b: Floats) -> float:
    total = 0.0
    for i in range(a.shape[0]):
        total += a[i] * b[i]
    return total


@inner
def _add(a: Floats, factor: float, b: Floats) -> None:
    for i in range(a.shape[0]):
        a[i] += factor * b[i]


@bare
def _second(matrix: Floats, first: Floats, w: Floats, basis: Floats, tridiagonal: Floats) -> float:
    g = w.shape[0]
    most = basis.shape[0] - 2
    diagonal = tridiagonal[0, :most]
    beside = tridiagonal[1]
    norm = np.sqrt(_dot(first, first))
    for i in range(g):
        basis[0, i] = first[i] / norm
    before = 0.0
    for k in range(most):
        for _ in range(2):
            for j in range(k + 1):
                _add(w, -_dot(w, basis[j]), basis[j])
        norm = np.sqrt(_dot(w, w))
        beside[k] = norm
        if norm < 1e-12:
            return _extreme(diagonal[:k], beside) if k > 0 else 0.0
        v = basis[k + 1]
        for i in range(g):
            v[i] = w[i] / norm
        for i in range(g):
            w[i] = _dot(matrix[i], v)
        diagonal[k] = _dot(w, v)
        if k + 1 == g - 1:
            return _extreme(diagonal, beside)
        if k % _CHECK == _CHECK - 1:
            value = _extreme(diagonal[: k + 1], beside)
            if abs(value - before) <= _SETTLED * value:
                return value
            before = value
    return np.nan


@inner
def _extreme(diagonal: Floats, beside: Floats) -> float:
    # Largest eigenvalue magnitude of a tridiagonal matrix, by Sturm counts; beside[k] stands before k.
    bound = 0.0
    for k in range(diagonal.shape[0]):
        after = beside[k + 1] if k + 1 < diagonal.shape[0] else 0.0
        bound = larger(bound, abs(diagonal[k]) + (beside[k] if k > 0 else 0.0) + after)
    low = 0.0
    high = bound
    while high - low > 2e-15 * bound:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _beyond(diagonal, beside, middle, 1.0) or _beyond(diagonal, beside, middle, -1.0):
            low = middle
        else:
            high = middle
    return high


@inner
def _beyond(diagonal: Floats, beside: Floats, limit: float, sign: float) -> bool:
    # Whether sign times some eigenvalue is above ``limit``: a pivot of (sign T - limit) is positive.
    pivot = sign * diagonal[0] - limit
    if pivot > 0:
        return True
    for k in range(1, diagonal.shape[0]):
        if pivot == 0.0:
            pivot = -1e-300
        pivot = sign * diagonal[k] - limit - beside[k] * beside[k] / pivot
        if pivot > 0:
            return True
    return False
