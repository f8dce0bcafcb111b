"""First-order features. Level-free ones come from the values alone; Entropy and Uniformity need levels."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.jit import bare, reducing
from robustrad.extract.native.extremes import larger, smaller

Values = NDArray[np.float64]
#: Percentiles are exact order statistics, found through a histogram of this many buckets.
BUCKETS = 4096
#: Up to so many values a plain sort is faster.
SORTED = 2048
PERCENTS = np.array([10.0, 25.0, 50.0, 75.0, 90.0])


#: Features that need no gray levels.
NAMES = (
    "10Percentile",
    "90Percentile",
    "Energy",
    "InterquartileRange",
    "Kurtosis",
    "Maximum",
    "Mean",
    "MeanAbsoluteDeviation",
    "Median",
    "Minimum",
    "Range",
    "RobustMeanAbsoluteDeviation",
    "RootMeanSquared",
    "Skewness",
    "StandardDeviation",
    "TotalEnergy",
    "Variance",
)
#: Features of the histogram of gray levels; see ``Levels.spread``.
LEVEL_NAMES = ("Entropy", "Uniformity")


class Extent(NamedTuple):
    """Extremes of the ROI and whether all values are finite."""

    low: float
    high: float
    finite: bool


def extent(values: Values) -> Extent:
    """Return the extremes of ``values``; ``finite`` is False if any is NaN or infinite."""
    low, high, total = _extent(values)
    return Extent(low, high, math.isfinite(total))


def first_order(values: Values, span: Extent, *, voxel_volume: float, shift: float = 0.0) -> list[float]:
    """Return the first-order features that need no gray levels, in the order of `NAMES`.

    Parameters
    ----------
    values : ndarray of float64, (n,)
        Intensities of the ROI.
    span : Extent
        Their extremes.
    voxel_volume : float
        mm^3 (scales TotalEnergy).
    shift : float
        ``voxelArrayShift``, added before squaring in the energies.
    """
    low, high, _ = span
    p10, p25, p50, p75, p90 = _percentiles(values, low, high)
    mean, energy, m2, m3, m4, deviation, robust = _moments(values, float(shift), p10, p90)
    if low == high:
        mean, energy, m2, m3, m4, deviation = _flat_moments(values, shift)
    flat = m2 == 0
    found = (
        *(p10, p90, energy, p75 - p25, m4 if flat else m4 / m2**2.0),
        *(high, mean, deviation, p50, low, high - low, robust),
        *(math.sqrt(energy / len(values)), m3 if flat else m3 / m2**1.5, math.sqrt(m2)),
        *(energy * voxel_volume, m2),
    )
    return [float(value) for value in found]


@reducing
def _extent(values: Values) -> tuple[float, float, float]:
    low = values[0]
    high = values[0]
    total = 0.0
    for i in range(values.shape[0]):
        value = values[i]
        low = smaller(low, value)
        high = larger(high, value)
        total += value * 0.0  # NaN as soon as one value is not finite
    return low, high, total


def _flat_moments(values: Values, shift: float) -> tuple[float, float, float, float, float, float]:
    # Of a constant ROI only the rounding of the mean is left, so it is taken exactly as PyRadiomics takes it.
    mean = float(np.mean(values))
    d = values - mean
    m2, m3, m4 = (float(np.mean(np.power(d, k))) for k in (2, 3, 4))
    return mean, float(np.sum((values + shift) ** 2)), m2, m3, m4, float(np.mean(np.abs(d)))


@reducing
def _moments(
    values: Values, shift: float, p10: float, p90: float
) -> tuple[float, float, float, float, float, float, float]:
    n = values.shape[0]
    total = 0.0
    energy = 0.0
    middle = 0.0
    inner = 0
    for i in range(n):
        value = values[i]
        total += value
        shifted = value + shift
        energy += shifted * shifted
        inside = p10 <= value <= p90
        inner += inside
        middle += value if inside else 0.0
    mean = total / n
    middle /= inner
    m2 = m3 = m4 = deviation = robust = 0.0
    for i in range(n):
        value = values[i]
        d = value - mean
        square = d * d
        m2 += square
        m3 += square * d
        m4 += square * square
        deviation += abs(d)
        robust += abs(value - middle) if p10 <= value <= p90 else 0.0
    return mean, energy, m2 / n, m3 / n, m4 / n, deviation / n, robust / inner


def _percentiles(values: Values, low: float, high: float) -> list[float]:
    ranks, parts = _ranks(len(values))
    found = _order_statistics(values, low, high, ranks) if len(values) > SORTED else np.sort(values)[ranks]
    ends = found.tolist()
    # numpy's own interpolation, which starts from the nearer end
    return [
        first + (second - first) * t if t < 0.5 else second - (second - first) * (1.0 - t)
        for first, second, t in zip(ends[::2], ends[1::2], parts, strict=True)
    ]


@lru_cache(maxsize=64)
def _ranks(count: int) -> tuple[NDArray[np.int64], list[float]]:
    # The two ranks beside every percentile, and how far it lies between them.
    position = PERCENTS / 100.0 * (count - 1)
    rank = np.floor(position).astype(np.int64)
    return np.stack([rank, np.minimum(rank + 1, count - 1)], axis=1).ravel(), (position - rank).tolist()


def _order_statistics(values: Values, low: float, high: float, ranks: NDArray[np.int64]) -> Values:
    # The bucket of a value rises with the value, so an order statistic is found in one small bucket.
    scale = (BUCKETS - 1) / (high - low) if high > low else 0.0
    if not math.isfinite(scale):
        scale = 0.0
    bucket, chosen = np.empty(len(values), dtype=np.int32), np.empty(len(values))
    places, counts = np.empty(len(ranks), dtype=np.int64), np.zeros(BUCKETS + 1, dtype=np.int64)
    few = _choose(values, low, scale, ranks, bucket, counts, chosen, places)
    found: Values = np.sort(chosen[:few])[places]
    return found


@bare
def _choose(  # noqa: PLR0917  # a compiled kernel takes arrays, not objects
    values: Values,
    low: float,
    scale: float,
    ranks: NDArray[np.int64],
    bucket: NDArray[np.int32],
    counts: NDArray[np.int64],
    chosen: Values,
    places: NDArray[np.int64],
) -> int:
    # Copies the values of the buckets that hold the ``ranks`` (rising), and tells where the ranks stand among
    # them once they are sorted. Returns how many they are.
    for i in range(values.shape[0]):
        bucket[i] = int((values[i] - low) * scale)
    for i in range(values.shape[0]):
        counts[bucket[i]] += 1
    below = 0  # values in the buckets so far, and in those of them that are wanted
    few = 0
    place = 0
    for b in range(counts.shape[0]):
        count = counts[b]
        counts[b] = 0
        while place < ranks.shape[0] and ranks[place] < below + count:
            places[place] = few + ranks[place] - below
            counts[b] = 1
            place += 1
        below += count
        few += count * counts[b]
    few = 0
    for i in range(values.shape[0]):
        if counts[bucket[i]] > 0:
            chosen[few] = values[i]
            few += 1
    return few
