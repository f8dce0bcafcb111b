"""First-order features. Level-free ones come from the values alone; Entropy and Uniformity need levels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare, summing

Values = NDArray[np.float64]
#: Percentiles are exact order statistics, found through a histogram of this many buckets.
BUCKETS = 4096
PERCENTS = np.array([10.0, 25.0, 50.0, 75.0, 90.0])


class Extent(NamedTuple):
    """Extremes of the ROI and whether all values are finite."""

    low: float
    high: float
    finite: bool


def extent(values: NDArray[Any]) -> Extent:
    """Return the extremes of ``values``; ``finite`` is False if any is NaN or infinite."""
    low, high, total = _extent(values.astype(np.float64, copy=False))
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
def _extent(values: Values) -> tuple[float, float, float]:
    low = values[0]
    high = values[0]
    total = 0.0
    for i in range(values.shape[0]):
        value = values[i]
        low = min(low, value)
        high = max(high, value)
        total += value * 0.0  # NaN as soon as one value is not finite
    return low, high, total


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


def _percentiles(values: Values, low: float, high: float) -> list[float]:
    # The bucket of a value rises with the value, so an order statistic is found in one small bucket.
    n = len(values)
    with np.errstate(all="ignore"):
        scale = float(np.float64(BUCKETS - 1) / (high - low)) if high > low else 0.0
    if not np.isfinite(scale):
        scale = 0.0
    bucket, counts = np.empty(n, dtype=np.int32), np.zeros(BUCKETS + 1, dtype=np.int64)
    _fill_buckets(values, low, scale, bucket, counts)
    counts = np.cumsum(counts)
    position = PERCENTS / 100.0 * (n - 1)
    rank = np.floor(position).astype(np.int64)
    ranks = np.stack([rank, np.minimum(rank + 1, n - 1)])
    of_rank = np.searchsorted(counts, ranks, side="right") - 1
    wanted = np.zeros(BUCKETS, dtype=np.bool_)
    wanted[of_rank] = True
    # Values of the wanted buckets only, sorted; ``before`` holds how many of them lie before each bucket.
    sizes = np.where(wanted, np.diff(counts), 0)
    chosen = np.empty(n)
    chosen = np.sort(chosen[: _choose(values, bucket, wanted, chosen)])
    before = np.cumsum(sizes) - sizes
    first, second = chosen[before[of_rank] + ranks - counts[of_rank]]
    t = position - rank
    step = second - first
    # numpy's own interpolation, which starts from the nearer end
    found: list[float] = np.where(t < 0.5, first + step * t, second - step * (1.0 - t)).tolist()
    return found


@bare
def _fill_buckets(
    values: Values, low: float, scale: float, bucket: NDArray[np.int32], counts: NDArray[np.int64]
) -> None:
    for i in range(values.shape[0]):
        bucket[i] = int((values[i] - low) * scale)
    for i in range(values.shape[0]):
        counts[bucket[i] + 1] += 1


@bare
def _choose(values: Values, bucket: NDArray[np.int32], wanted: NDArray[np.bool_], chosen: Values) -> int:
    m = 0
    for i in range(values.shape[0]):
        chosen[m] = values[i]
        m += wanted[bucket[i]]
    return m
