"""Gray level co-occurrence features: means over the directions in which pairs occur."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare, inner
from robustrad.extract.native.angles import Angles
from robustrad.extract.native.correlation import maximal_correlation
from robustrad.extract.native.extremes import larger
from robustrad.extract.native.roi import Ints

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
    "MCC",
)


def glcm_features(
    tables: NDArray[Any], gray: Ints, *, symmetrical: bool, weights: Floats | None, out: Floats
) -> None:
    """Write the GLCM features to ``out``, in the order of `ORDER`.

    Parameters
    ----------
    tables : ndarray of int32, (a, (g + 1)^2 at least)
        Pairs per direction; see ``count_pairs_and_runs``.
    gray : ndarray of int64, (g,)
        The gray levels that occur, rising.
    symmetrical : bool
        Count every pair in both orders (``symmetricalGLCM``).
    weights : ndarray of float64, (a,), or None
        Weights of the directions (``weightingNorm``): their matrices are added up before the features.
    out : ndarray of float64, (24,)
        The result.
    """
    if weights is not None:
        tables = np.sum(tables * weights[:, None], axis=0, keepdims=True)
    angles, known, highest = len(tables), len(gray), int(gray[-1])
    matrices, scaled = np.empty((2, angles, known, known))
    margins = np.empty((angles, 2, known))
    work = np.empty(3 * highest + 1)
    used, share = _features(tables, gray, symmetrical, matrices, scaled, margins, work, out)
    out[-1] = maximal_correlation(
        matrices[:used], scaled[:used], margins[:used], share, symmetrical=symmetrical
    )


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


@bare
def _features(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    tables: NDArray[Any],
    gray: Ints,
    symmetrical: bool,
    matrices: Floats,
    scaled: Floats,
    all_margins: Floats,
    work: Floats,
    total: Floats,
) -> tuple[int, float]:
    # Fills the normalized matrices, their margins and what MCC needs of them. Returns how many directions
    # have pairs, and the largest share that eps takes of a denominator of MCC: NaN where one matrix is all
    # there is, and it is empty.
    g = gray.shape[0]
    wide = g + 1
    highest = gray[g - 1]
    angles = tables.shape[0]
    sums = work[: 2 * highest + 1]
    differences = work[2 * highest + 1 :]
    defined = total.shape[0] - 1
    for k in range(defined):
        total[k] = 0.0
    used = 0
    share = 0.0
    missing = 0  # directions whose Imc2 is the root of a negative number: rounding
    for a in range(angles):
        p = matrices[used]
        table = tables[a]
        pairs = 0.0
        for i in range(g):
            for j in range(g):
                count = table[(i + 1) * wide + j + 1]
                if symmetrical:
                    count += table[(j + 1) * wide + i + 1]
                p[i, j] = count
                pairs += count
        if pairs == 0:
            if angles > 1:
                continue
            for k in range(total.shape[0]):
                total[k] = np.nan
            total[15] = 0.0 if g == 1 else np.nan  # a sum of no terms
            return 0, np.nan
        px = all_margins[used, 0]
        py = all_margins[used, 1]
        h = scaled[used]
        used += 1
        for i in range(g):
            px[i] = 0.0
            py[i] = 0.0
            for j in range(g):
                p[i, j] /= pairs
                h[i, j] = 0.0
        for k in range(work.shape[0]):
            work[k] = 0.0
        # Means and variances are summed pair by pair, not from the margins: where one margin holds a single
        # level only their rounding is left, and Correlation hangs on it.
        ux, uy, hxy, product, energy, most = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(g):
            x = gray[i]
            for j in range(g):
                value = p[i, j]
                if value == 0:
                    continue
                y = gray[j]
                ux += x * value
                uy += y * value
                px[i] += value
                py[j] += value
                sums[x + y] += value
                differences[abs(x - y)] += value
                hxy -= value * np.log2(value + _EPS)
                product += value * (x * y)
                energy += value * value
                most = larger(most, value)
        tendency, shade, prominence, average = 0.0, 0.0, 0.0, 0.0
        for k in range(2, 2 * highest + 1):
            d = k - ux - uy
            value = sums[k] * d * d
            tendency += value
            shade += value * d
            prominence += value * d * d
            average += k * sums[k]
        contrast, dissimilarity, near, nearer, far, farther, inverse = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(highest):
            d = np.float64(k)
            value = differences[k]
            contrast += value * d * d
            dissimilarity += value * d
            near += value / (1 + d)
            nearer += value / (1 + d * d)
            far += value / (1 + d / highest)
            farther += value / (1 + d * d / (highest * highest))
            if k > 0:
                inverse += value / (d * d)
        spread_of_differences = 0.0
        for k in range(highest):
            spread_of_differences += differences[k] * (k - dissimilarity) ** 2
        sx, sy, joint, hxy1, hxy2 = 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(g):
            for j in range(g):
                independent = px[i] * py[j]
                if independent == 0:
                    continue
                bits = np.log2(independent + _EPS)
                hxy2 -= independent * bits
                value = p[i, j]
                if value != 0:
                    whole = independent + _EPS
                    h[i, j] = value / np.sqrt(whole)
                    share = larger(share, _EPS / whole)
                    hxy1 -= value * bits
                    x = gray[i] - ux
                    y = gray[j] - uy
                    sx += value * (x * x)
                    sy += value * (y * y)
                    joint += value * x * y
        spread = np.sqrt(sx) * np.sqrt(sy)
        hx = _plogp(px)
        hy = _plogp(py)
        largest = larger(hx, hy)
        imc2 = np.sqrt(1 - np.exp(-2 * (hxy2 - hxy))) if hxy2 != hxy else 0.0
        if np.isnan(imc2):
            missing += 1
            imc2 = 0.0
        total[0] += product
        total[1] += prominence
        total[2] += shade
        total[3] += tendency
        total[4] += contrast
        total[5] += joint / (spread + _EPS) if spread != 0 else 1.0
        total[6] += dissimilarity
        total[7] += _plogp(differences)
        total[8] += spread_of_differences
        total[9] += near
        total[10] += nearer
        total[11] += farther
        total[12] += far
        total[13] += (hxy - hxy1) / largest if largest != 0 else 0.0
        total[14] += imc2
        total[15] += inverse
        total[16] += ux
        total[17] += energy
        total[18] += hxy
        total[19] += most
        total[20] += average
        total[21] += _plogp(sums)
        total[22] += sx
    for k in range(defined):
        total[k] /= used - missing if k == 14 else used
    return used, share
