"""Maximal correlation coefficient: the second eigenvalue of the co-occurrence matrix against its margins.

Q[i, j] = sum over k of p[i, k] p[j, k] / (px[i] py[k] + eps). Without eps, Q is similar to H H' with
H[i, k] = p[i, k] / sqrt(px[i] py[k]). PyRadiomics' eps lowers the terms of rare levels by up to
e = eps / (px py); with p[i, k] / sqrt(px[i] py[k] + eps) for H the eigenvalues agree to the order of e^2,
at a fraction of the cost of an unsymmetric problem. Where e is not small, or the eigenvalue is so small that
only rounding is left of it, Q itself is built and solved as PyRadiomics does.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare
from robustrad.extract.native.lanczos import second_magnitudes

Floats = NDArray[np.float64]
_EPS = float(np.spacing(1))
_LARGEST_SHARE = 1e-4
_SMALLEST = 1e-3


def maximal_correlation(
    matrices: Floats, scaled: Floats, margins: Floats, share: float, *, symmetrical: bool
) -> float:
    """Return MCC, the mean over directions of the square root of the second eigenvalue of Q.

    Parameters
    ----------
    matrices : ndarray of float64, (a, g, g)
        Normalized co-occurrence matrices.
    scaled : ndarray of float64, (a, g, g)
        H of each.
    margins : ndarray of float64, (a, 2, g)
        Sums of the matrices along the rows and along the columns.
    share : float
        The largest e; NaN if the matrices are not defined.
    symmetrical : bool
        They are symmetric.
    """
    if math.isnan(share):
        return float("nan")
    if matrices.shape[1] < 2:
        return 1.0
    if not len(matrices):
        return float("nan")
    if share <= _LARGEST_SHARE:
        first = np.sqrt(margins[:, 0])
        if symmetrical:
            second = second_magnitudes(scaled, first).tolist()
        else:
            second = np.sqrt(second_magnitudes(_products(scaled), first)).tolist()
        if min(second) >= _SMALLEST:
            return float(sum(second) / len(second))
    return _as_pyradiomics(matrices, margins)


def _products(matrices: Floats) -> Floats:
    return np.asarray(matrices @ matrices.transpose(0, 2, 1))


def _as_pyradiomics(matrices: Floats, margins: Floats) -> float:
    q = np.zeros(matrices.shape)
    _add_q(matrices, margins, q)
    values = np.linalg.eigvals(q)
    values.sort()
    with np.errstate(invalid="ignore"):
        second = np.sqrt(values[:, -2])
    defined = second[~np.isnan(second)]
    return float(defined.mean().real) if defined.size else float("nan")


@bare
def _add_q(matrices: Floats, margins: Floats, out: Floats) -> None:
    g = matrices.shape[1]
    for a in range(matrices.shape[0]):
        for k in range(g):
            for i in range(g):
                if matrices[a, i, k] == 0:
                    continue
                whole = margins[a, 0, i] * margins[a, 1, k] + _EPS
                for j in range(g):
                    out[a, i, j] += (matrices[a, i, k] * matrices[a, j, k]) / whole
