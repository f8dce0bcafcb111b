"""Gray level co-occurrence features: means over the directions in which pairs occur."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare, inner
from robustrad.extract.native.angles import Angles
from robustrad.extract.native.correlation import maximal_correlation
from robustrad.extract.native.means import mean_defined

Floats = NDArray[np.float64]
_EPS = float(np.spacing(1))

ORDER = (
    "Autocorrelation",
    "ClusterProminence",
    "ClusterShade",
    "ClusterTendency",
    "Contrast",
    "Correlation",
    "DifferenceAverage",
    "DifferenceEntropy",
    "DifferenceVariance",
    "Id",
    "Idm",
    "Idmn",
    "Idn",
    "Imc1",
    "Imc2",
    "InverseVariance",
    "JointAverage",
    "JointEnergy",
    "JointEntropy",
    "MaximumProbability",
    "SumAverage",
    "SumEntropy",
    "SumSquares",
)


def glcm_features(
    pairs: Floats,
    gray: NDArray[np.int64],
    *,
    symmetrical: bool = True,
    weights: Floats | None = None,
    correlation: bool = True,
) -> dict[str, float]:
    """Return the GLCM features by PyRadiomics' names.

    Parameters
    ----------
    pairs : ndarray of float64, (a, g, g)
        Pairs per direction.
    gray : ndarray of int64, (g,)
        The gray levels that occur, rising.
    symmetrical : bool
        Count every pair in both orders (``symmetricalGLCM``).
    weights : ndarray of float64, (a,), or None
        Weights of the directions (``weightingNorm``): their matrices are added up before the features.
    correlation : bool
        Compute MCC too; its eigenvalues cost as much as everything else.
    """
    counts = np.ascontiguousarray(pairs + pairs.transpose(0, 2, 1)) if symmetrical else pairs
    if weights is not None:
        counts = np.sum(counts * weights[:, None, None], axis=0, keepdims=True)
    totals = counts.sum(axis=(1, 2))
    if len(counts) > 1 and not totals.all():
        counts, totals = counts[totals > 0], totals[totals > 0]
    with np.errstate(invalid="ignore"):
        matrices = counts / totals[:, None, None]
    rows, margins = _all_features(matrices, gray)
    values = mean_defined(rows) if len(rows) else np.full(len(ORDER), np.nan)
    found = dict(zip(ORDER, values.tolist(), strict=True))
    if correlation:
        found["MCC"] = maximal_correlation(matrices, margins, symmetrical=symmetrical)
    return dict(sorted(found.items()))


def pair_weights(directions: Angles, spacing: tuple[float, float, float], norm: str) -> Floats:
    """Return exp(-d^2) of every direction, d in mm by ``weightingNorm``; spacing is (z, y, x)."""
    steps = np.abs(directions) * np.asarray(spacing)
    if norm == "infinity":
        return np.asarray(np.exp(-(steps.max(axis=1) ** 2)), dtype=np.float64)
    if norm == "euclidean":
        return np.asarray(np.exp(-np.sum(steps**2, axis=1)), dtype=np.float64)
    if norm == "manhattan":
        return np.asarray(np.exp(-(steps.sum(axis=1) ** 2)), dtype=np.float64)
    return np.ones(len(directions))


@inner
def _plogp(p: Floats) -> float:
    total = 0.0
    for k in range(p.shape[0]):
        if p[k] != 0:
            total -= p[k] * np.log2(p[k] + _EPS)
    return total


def _all_features(matrices: Floats, gray: NDArray[np.int64]) -> tuple[Floats, Floats]:
    # 23 features of every matrix, and its margins.
    count, g, _ = matrices.shape
    highest = int(gray[-1])
    out = np.zeros((count, len(ORDER)))
    margins, sums = np.zeros((count, 2, g)), np.zeros((count, 2 * highest + 1))
    _features(np.ascontiguousarray(matrices), gray, margins, sums, np.zeros((count, highest)), out)
    return out, margins


@bare
def _features(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    matrices: Floats,
    gray: NDArray[np.int64],
    margins: Floats,
    all_sums: Floats,
    all_differences: Floats,
    all_features: Floats,
) -> None:
    g = gray.shape[0]
    highest = gray[g - 1]
    for a in range(matrices.shape[0]):
        p = matrices[a]
        px = margins[a, 0]
        py = margins[a, 1]
        sums = all_sums[a]
        differences = all_differences[a]
        out = all_features[a]
        hxy = 0.0
        # Means and variances are summed pair by pair, not from the margins: where one margin holds a single
        # level only their rounding is left, and Correlation hangs on it.
        ux = 0.0
        uy = 0.0
        for i in range(g):
            for j in range(g):
                value = p[i, j]
                if value == 0:
                    continue
                ux += gray[i] * value
                uy += gray[j] * value
                px[i] += value
                py[j] += value
                sums[gray[i] + gray[j]] += value
                differences[abs(gray[i] - gray[j])] += value
                hxy -= value * np.log2(value + _EPS)
                out[0] += value * (gray[i] * gray[j])
                out[17] += value * value
                out[19] = max(out[19], value)
        if np.isnan(p[0, 0]):
            for k in range(out.shape[0]):
                out[k] = np.nan
            out[15] = 0.0 if g == 1 else np.nan  # a sum of no terms
            continue
        for k in range(2, 2 * highest + 1):
            d = k - ux - uy
            out[3] += sums[k] * d * d
            out[2] += sums[k] * d * d * d
            out[1] += sums[k] * d * d * d * d
            out[20] += k * sums[k]
        for k in range(highest):
            d = np.float64(k)
            value = differences[k]
            out[4] += value * d * d
            out[6] += value * d
            out[9] += value / (1 + d)
            out[10] += value / (1 + d * d)
            out[11] += value / (1 + d * d / (highest * highest))
            out[12] += value / (1 + d / highest)
            if k > 0:
                out[15] += value / (d * d)
        for k in range(highest):
            out[8] += differences[k] * (k - out[6]) ** 2
        out[7] = _plogp(differences)
        out[16] = ux
        out[18] = hxy
        out[21] = _plogp(sums)
        sx = 0.0
        sy = 0.0
        joint = 0.0
        hxy1 = 0.0
        hxy2 = 0.0
        for i in range(g):
            for j in range(g):
                independent = px[i] * py[j]
                if independent == 0:
                    continue
                bits = np.log2(independent + _EPS)
                hxy2 -= independent * bits
                if p[i, j] != 0:
                    hxy1 -= p[i, j] * bits
                    x = gray[i] - ux
                    y = gray[j] - uy
                    sx += p[i, j] * (x * x)
                    sy += p[i, j] * (y * y)
                    joint += p[i, j] * x * y
        out[22] = sx
        spread = np.sqrt(sx) * np.sqrt(sy)
        out[5] = joint / (spread + _EPS) if spread != 0 else 1.0
        largest = max(_plogp(px), _plogp(py))
        out[13] = (hxy - hxy1) / largest if largest != 0 else 0.0
        out[14] = np.sqrt(1 - np.exp(-2 * (hxy2 - hxy))) if hxy2 != hxy else 0.0
