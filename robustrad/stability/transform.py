"""A monotone map of each feature to a more normal scale, fitted on the reference alone.

Many radiomic features are heavy-tailed, and an ICC of such values rests on a few large lesions: in simulated
lognormal values (sigma 1.2, n = 50) the 95 % interval covers 76 %, after a transform 94 %. The ICC after the
transform is a sensitivity analysis beside the one on the raw scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.stats import rankdata

from robustrad.stability import status as policy
from robustrad.stability.anova import Floats

YEO_JOHNSON, RANK_NORMAL = "yeo_johnson", "rank_normal"
BOUNDS = (-3.0, 5.0)  # symmetric around 1, no change
_MOST_SKEWED = 2.0  # as for scale_sensitive
_GOLDEN = (np.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Transform:
    """A fitted map; arrays over features.

    Attributes
    ----------
    center, scale : ndarray of shape (p_features,)
        Median and interquartile range at the reference (SD where that is 0): Yeo-Johnson is not free of
        scale.
    power : ndarray of shape (p_features,)
        Lambda; 1 changes nothing.
    by : ndarray of object, shape (p_features,)
        ``yeo_johnson``, ``rank_normal``, or None for a feature that does not vary at the reference.
    reference : ndarray of shape (n_cases, p_features)
        Values fitted on, for ``rank_normal``.
    """

    center: Floats
    scale: Floats
    power: Floats
    by: NDArray[np.object_]
    reference: Floats

    def apply(self, values: Floats) -> Floats:
        """Return ``values`` (features last) on the new scale; NaN stays NaN, ``by`` None becomes NaN."""
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            mapped = yeo_johnson((values - self.center) / self.scale, self.power)
        mapped[..., self.by == None] = np.nan  # noqa: E711 (an array of objects)
        for feature in np.flatnonzero(self.by == RANK_NORMAL):
            mapped[..., feature] = _rank_normal(self.reference[:, feature], values[..., feature])
        return mapped


def fit_transform(reference: Floats) -> Transform:
    """Return the map of each feature that makes its reference values most normal.

    Parameters
    ----------
    reference : ndarray of shape (n_cases, p_features)
        NaN where missing.

    Notes
    -----
    Yeo-Johnson with the lambda of the highest likelihood within [-3, 5] (Yeo and Johnson 2000,
    doi:10.1093/biomet/87.4.954). Where lambda ends at a bound, or the mapped values still have a skewness
    beyond 2, ranks are mapped to normal scores instead (Blom's (r - 3/8) / (n + 1/4)), interpolated between
    the reference's values and continued beyond them with the mean slope.
    """
    known = np.isfinite(reference)
    count = known.sum(axis=0)
    filled = np.where(known, reference, np.nan)
    enough = count >= policy.MIN_SUBJECTS
    center, scale = np.zeros(count.size), np.ones(count.size)
    if enough.any():
        q1, middle, q3 = np.nanquantile(filled[:, enough], [0.25, 0.5, 0.75], axis=0)
        spread, sd = q3 - q1, np.nanstd(filled[:, enough], axis=0)
        center[enough], scale[enough] = middle, np.where(spread > 0.1 * sd, spread, sd)
    largest = np.where(known, np.abs(reference), 0.0).max(axis=0, initial=0.0)
    varies = enough & (scale > policy.RELATIVE_TOLERANCE * largest) & (scale > 0)
    scale = np.where(varies, scale, 1.0)
    z = np.where(known & varies, (reference - center) / scale, 0.0)
    power = _most_likely(z, known)
    skewness = _skewness(yeo_johnson(z, power), known)
    inside = (power > BOUNDS[0] + 1e-3) & (power < BOUNDS[1] - 1e-3)
    good = inside & (np.abs(skewness) <= _MOST_SKEWED)
    by = np.where(good, YEO_JOHNSON, RANK_NORMAL).astype(object)
    by[~varies] = None
    return Transform(center, scale, np.where(varies, power, 1.0), by, reference)


def yeo_johnson(x: Floats, power: Floats) -> Floats:
    """Return the Yeo-Johnson transform of ``x`` (features last) with one ``power`` per feature."""
    magnitude = np.log1p(np.abs(x))
    exponent = np.where(x >= 0, power, 2 - power)
    straight = np.abs(exponent) < 1e-12
    safe = np.where(straight, 1.0, exponent)
    with np.errstate(over="ignore"):
        size = np.where(straight, magnitude, np.expm1(safe * magnitude) / safe)
    return np.asarray(np.sign(x) * size)


def _most_likely(z: Floats, known: NDArray[np.bool_]) -> Floats:
    """Maximize the profile likelihood of each feature: a grid, then golden sections around its best."""
    count = np.maximum(known.sum(axis=0), 1)
    jacobian = (np.sign(z) * np.log1p(np.abs(z)) * known).sum(axis=0)

    def likelihood(power: Floats) -> Floats:
        mapped = yeo_johnson(z, power)
        mean = (mapped * known).sum(axis=0) / count
        variance = (np.square(mapped - mean) * known).sum(axis=0) / count
        with np.errstate(divide="ignore", invalid="ignore"):
            found = -count / 2 * np.log(variance) + (power - 1) * jacobian
        return np.asarray(np.where(np.isfinite(found), found, -np.inf))

    grid = np.linspace(*BOUNDS, 33)
    best = np.argmax([likelihood(np.full(z.shape[1], value)) for value in grid], axis=0)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, grid.size - 1)]
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = likelihood(left), likelihood(right)
    for _ in range(36):  # 0.5 x .618^36: 1.5e-8
        down = at_left >= at_right
        low, high = np.where(down, low, left), np.where(down, right, high)
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        at_new = likelihood(np.where(down, left, right))
        at_left, at_right = np.where(down, at_new, at_right), np.where(down, at_left, at_new)
    return np.asarray((low + high) / 2)


def _skewness(values: Floats, known: NDArray[np.bool_]) -> Floats:
    count = np.maximum(known.sum(axis=0), 1)
    centered = (values - (values * known).sum(axis=0) / count) * known
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        second = np.square(centered).sum(axis=0) / count
        return np.asarray((centered**3).sum(axis=0) / count / second**1.5)


def _rank_normal(reference: Floats, values: Floats) -> Floats:
    known = reference[np.isfinite(reference)]
    scores = special.ndtri((rankdata(known) - 0.375) / (known.size + 0.25))
    places, first = np.unique(known, return_index=True)
    heights = scores[first]
    slope = (heights[-1] - heights[0]) / (places[-1] - places[0])
    beyond = np.minimum(values - places[0], 0.0) + np.maximum(values - places[-1], 0.0)
    return np.asarray(np.interp(values, places, heights) + slope * beyond)
