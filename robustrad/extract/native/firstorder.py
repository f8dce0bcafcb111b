"""First-order features. Level-free ones come from the values alone; Entropy and Uniformity need levels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import kernel, summing

Values = NDArray[np.float64]
#: Percentiles are exact order statistics, found through a histogram of this many buckets.
BUCKETS = 4096


class Extent(NamedTuple):
    """Extremes of the ROI and whether all values are finite."""

    low: float
    high: float
    finite: bool


def extent(values: NDArray[Any]) -> Extent:
    """Return the extremes of ``values``; ``finite`` is False if any is NaN or infinite."""
    low, high, total = _extent(values)
    return Extent(low, high, bool(np.isfinite(total)))


def first_order(
    values: NDArray[Any], span: Extent, *, voxel_volume: float, shift: float = 0.0
) -> dict[str, float]:
    """Return the first-order features that need no gray levels, by PyRadiomics' names.

    Parameters
    ----------
    values : ndarray, (n,)
        Intensities of the ROI.
    span : Extent
        Their extremes.
    voxel_volume : float
        mm^3 (scales TotalEnergy).
    shift : float
        ``voxelArrayShift``, added before squaring in the energies.
    """
    data = values.astype(np.float64) if values.dtype != np.float64 else values
    p10, p25, p50, p75, p90 = _percentiles(data, span.low, span.high)
    mean, energy, m2, m3, m4, deviation = (
        _flat_moments(data, shift) if span.low == span.high else _moments(data, float(shift))
    )
    robust = _robust_deviation(data, p10, p90)
    flat = m2 == 0
    return {
        "10Percentile": p10,
        "90Percentile": p90,
        "Energy": energy,
        "InterquartileRange": p75 - p25,
        "Kurtosis": m4 if flat else m4 / m2**2.0,
        "Maximum": span.high,
        "Mean": mean,
        "MeanAbsoluteDeviation": deviation,
        "Median": p50,
        "Minimum": span.low,
        "Range": span.high - span.low,
        "RobustMeanAbsoluteDeviation": robust,
        "RootMeanSquared": float(np.sqrt(energy / data.size)),
        "Skewness": m3 if flat else m3 / m2**1.5,
        "StandardDeviation": float(np.sqrt(m2)),
        "TotalEnergy": energy * voxel_volume,
        "Variance": m2,
    }


def level_features(counts: NDArray[np.int64]) -> dict[str, float]:
    """Return Entropy (bits) and Uniformity of the histogram ``counts``."""
    p = counts / counts.sum()
    return {
        "Entropy": float(-np.sum(p * np.log2(p + np.spacing(1)))),
        "Uniformity": float(np.sum(p**2)),
    }


@summing
def _extent(values: NDArray[Any]) -> tuple[float, float, float]:
    low = values[0]
    high = values[0]
    total = 0.0
    for i in range(values.shape[0]):
        value = values[i]
        low = min(low, value)
        high = max(high, value)
        total += np.float64(value) * 0.0  # NaN as soon as one value is not finite
    return np.float64(low), np.float64(high), total


def _flat_moments(values: Values, shift: float) -> tuple[float, float, float, float, float, float]:
    # Of a constant ROI only the rounding of the mean is left, so it is taken exactly as PyRadiomics takes it.
    mean = float(np.mean(values))
    d = values - mean
    m2, m3, m4 = (float(np.mean(np.power(d, k))) for k in (2, 3, 4))
    return mean, float(np.sum((values + shift) ** 2)), m2, m3, m4, float(np.mean(np.abs(d)))


@summing
def _moments(values: Values, shift: float) -> tuple[float, float, float, float, float, float]:
    n = values.shape[0]
    total = 0.0
    energy = 0.0
    for i in range(n):
        total += values[i]
        shifted = values[i] + shift
        energy += shifted * shifted
    mean = total / n
    m2 = m3 = m4 = deviation = 0.0
    for i in range(n):
        d = values[i] - mean
        square = d * d
        m2 += square
        m3 += square * d
        m4 += square * square
        deviation += abs(d)
    return mean, energy, m2 / n, m3 / n, m4 / n, deviation / n


@summing
def _robust_deviation(values: Values, low: float, high: float) -> float:
    n = 0
    total = 0.0
    for i in range(values.shape[0]):
        inside = low <= values[i] <= high
        n += inside
        total += values[i] if inside else 0.0
    mean = total / n
    deviation = 0.0
    for i in range(values.shape[0]):
        inside = low <= values[i] <= high
        deviation += abs(values[i] - mean) if inside else 0.0
    return deviation / n


@kernel
def _percentiles(values: Values, low: float, high: float) -> Values:
    # The bucket of a value rises with the value, so an order statistic is found in one small bucket.
    n = values.shape[0]
    percents = np.array([10.0, 25.0, 50.0, 75.0, 90.0])
    found = np.empty(percents.shape[0])
    scale = (BUCKETS - 1) / (high - low) if high > low else 0.0
    if not np.isfinite(scale):
        scale = 0.0
    bucket = np.empty(n, dtype=np.int32)
    counts = np.zeros(BUCKETS + 1, dtype=np.int64)
    for i in range(n):
        bucket[i] = int((values[i] - low) * scale)
    for i in range(n):
        counts[bucket[i] + 1] += 1
    for b in range(BUCKETS):
        counts[b + 1] += counts[b]
    wanted = np.zeros(BUCKETS, dtype=np.bool_)
    ranks = np.empty((percents.shape[0], 2), dtype=np.int64)
    for k in range(percents.shape[0]):
        position = percents[k] / 100.0 * (n - 1)
        ranks[k, 0] = int(np.floor(position))
        ranks[k, 1] = min(ranks[k, 0] + 1, n - 1)
        for j in range(2):
            wanted[np.searchsorted(counts, ranks[k, j], side="right") - 1] = True
    # Values of the wanted buckets only, sorted; ``below`` holds how many values lie before each bucket.
    chosen = np.empty(n)
    m = 0
    for i in range(n):
        chosen[m] = values[i]
        m += wanted[bucket[i]]
    chosen = np.sort(chosen[:m])
    before = np.zeros(BUCKETS + 1, dtype=np.int64)
    for b in range(BUCKETS):
        before[b + 1] = before[b] + (counts[b + 1] - counts[b] if wanted[b] else 0)
    for k in range(percents.shape[0]):
        position = percents[k] / 100.0 * (n - 1)
        ends = np.empty(2)
        for j in range(2):
            b = np.searchsorted(counts, ranks[k, j], side="right") - 1
            ends[j] = chosen[before[b] + ranks[k, j] - counts[b]]
        t = position - ranks[k, 0]
        step = ends[1] - ends[0]
        # numpy's own interpolation, which starts from the nearer end
        found[k] = ends[0] + step * t if t < 0.5 else ends[1] - step * (1.0 - t)
    return found
