"""k-sample tests on many features at once: Anderson-Darling, Kruskal-Wallis, Brown-Forsythe, KS.

References
----------
Scholz FW, Stephens MA. J Am Stat Assoc 1987;82:918-924. doi:10.1080/01621459.1987.10478517
Brown MB, Forsythe AB. J Am Stat Assoc 1974;69:364-367. doi:10.1080/01621459.1974.10482955
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f_oneway, kruskal, kstwo, rankdata

from robustrad.harmonize.estimation import Codes, Floats

# Scholz and Stephens, table 2: percentiles of the standardized statistic, by powers of 1 / sqrt(k - 1).
_LEVELS = np.array([0.25, 0.10, 0.05, 0.025, 0.01, 0.005, 0.001])
_TABLE = np.array([
    [0.675, 1.281, 1.645, 1.960, 2.326, 2.573, 3.085],
    [-0.245, 0.250, 0.678, 1.149, 1.822, 2.364, 3.615],
    [-0.105, -0.305, -0.362, -0.391, -0.396, -0.345, -0.154],
])  # fmt: skip


def anderson_darling(X: Floats, codes: Codes) -> Floats:
    """Return the p-value, per column, that all batches have one distribution (midrank version).

    Between .25 and .001 a quadratic in log p, as scipy; above .25 it says .25. Below .001, where scipy
    stops, log p goes on linearly: with p bounded at .001 no adjustment for 1,000 features finds anything.
    """
    statistic = anderson_darling_statistic(X, codes)
    m = np.unique(codes).size - 1
    critical = np.array([1.0, m**-0.5, 1.0 / m]) @ _TABLE
    log_p = np.polyval(np.polyfit(critical, np.log(_LEVELS), 2), statistic)
    slope = np.log(_LEVELS[-1] / _LEVELS[-2]) / (critical[-1] - critical[-2])
    beyond = np.log(_LEVELS[-1]) + slope * (statistic - critical[-1])
    p = np.exp(np.where(statistic > critical[-1], beyond, np.maximum(log_p, np.log(_LEVELS[-1]))))
    bounded: Floats = np.where(statistic < critical[0], _LEVELS[0], p)
    return bounded


def anderson_darling_statistic(X: Floats, codes: Codes) -> Floats:
    """Return the standardized k-sample statistic of each column; ties by midranks."""
    N = codes.size
    first, last = rankdata(X, "min", axis=0).astype(np.intp), rankdata(X, "max", axis=0).astype(np.intp)
    below = (first - 1 + last) / 2.0  # observations below, those tied counting half
    spread = below * (N - below) - N * (last - first + 1) / 4.0
    order = np.argsort(X, axis=0, kind="stable")
    total = np.zeros(X.shape[1])
    for batch in np.unique(codes):
        own = codes == batch
        n = int(own.sum())
        counts = np.vstack([np.zeros((1, X.shape[1])), np.cumsum(own[order], axis=0)])
        inside = (np.take_along_axis(counts, first - 1, 0) + np.take_along_axis(counts, last, 0)) / 2.0
        with np.errstate(invalid="ignore", divide="ignore"):
            total += ((N * inside - below * n) ** 2 / spread).sum(axis=0) / n
    k = np.unique(codes).size
    result: Floats = (total * (N - 1) / N**2 - (k - 1)) / np.sqrt(_null_variance(np.bincount(codes)))
    return result


def kruskal_wallis(X: Floats, codes: Codes) -> Floats:
    """Return the p-value, per column, that no batch tends to larger values (location)."""
    groups = [X[codes == batch] for batch in np.unique(codes)]
    return np.asarray(kruskal(*groups, axis=0).pvalue, dtype=np.float64)


def brown_forsythe(X: Floats, codes: Codes) -> Floats:
    """Return the p-value, per column, that all batches spread alike (Levene's test about the median)."""
    groups = [np.abs(X[codes == b] - np.median(X[codes == b], axis=0)) for b in np.unique(codes)]
    return np.asarray(f_oneway(*groups, axis=0).pvalue, dtype=np.float64)


def kolmogorov_smirnov(X: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return the approximate two-sample p-value, per column, of the rows ``inside`` against the others."""
    n, m = int(inside.sum()), int((~inside).sum())
    order = np.argsort(X, axis=0, kind="stable")
    ordered = np.take_along_axis(X, order, axis=0)
    steps = np.where(inside[order], 1.0 / n, -1.0 / m)
    gap = np.abs(np.cumsum(steps, axis=0))
    gap[:-1][ordered[:-1] == ordered[1:]] = 0.0  # inside a tie the distributions are not defined yet
    p: Floats = kstwo.sf(gap.max(axis=0), round(n * m / (n + m)))
    return p


def _null_variance(sizes: NDArray[np.intp]) -> float:
    sizes = sizes[sizes > 0]
    k, N = sizes.size, int(sizes.sum())
    H = float((1.0 / sizes).sum())
    tails = np.cumsum(1.0 / np.arange(N - 1, 1, -1))
    h = float(tails[-1]) + 1.0
    g = float((tails / np.arange(2, N)).sum())
    a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * H
    b = (2 * g - 4) * k**2 + 8 * h * k + (2 * g - 14 * h - 4) * H - 8 * h + 4 * g - 6
    c = (6 * h + 2 * g - 2) * k**2 + (4 * h - 4 * g + 6) * k + (2 * h - 6) * H + 4 * h
    d = (2 * h + 6) * k**2 - 4 * h * k
    return (a * N**3 + b * N**2 + c * N + d) / ((N - 1.0) * (N - 2.0) * (N - 3.0))
