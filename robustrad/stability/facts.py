"""What is known of each feature before any comparison: its name, its reference values, its volume."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robustrad.core.extremes import blanked, extreme_columns
from robustrad.stability.anova import Floats
from robustrad.stability.clusters import correlation_clusters
from robustrad.stability.naming import is_ratio_scale, parse
from robustrad.stability.observations import Observations
from robustrad.stability.transform import fit_transform

VOLUMES = ("original_shape_MeshVolume", "original_shape_VoxelVolume")


@dataclass(frozen=True)
class FeatureFacts:
    """Arrays over features unless said otherwise.

    Attributes
    ----------
    names, image_type, feature_class : ndarray of object
        Name and its parts.
    ratio : ndarray of bool
        Whether the name allows a coefficient of variation.
    extreme : ndarray of bool
        Whether it holds numbers that cannot be computed with: nothing below is known of it.
    cluster : ndarray of int
        Number of the correlation cluster.
    skewness : ndarray
        Of the baseline values.
    baseline : ndarray of shape (n_cases, p_features)
        Reference values, or means over the conditions.
    log_volume : ndarray of shape (n_cases,)
        Logarithm of the baseline's volume, NaN where unknown or not positive.
    has_volume : bool
        Whether there is a volume feature.
    transformed : ndarray of shape (n_cases, m_conditions, p_features)
        All values on the scale of :mod:`robustrad.stability.transform`, fitted on the baseline.
    transformed_by : ndarray of object
        ``yeo_johnson``, ``rank_normal`` or None.
    """

    names: NDArray[np.object_]
    image_type: NDArray[np.object_]
    feature_class: NDArray[np.object_]
    ratio: NDArray[np.bool_]
    extreme: NDArray[np.bool_]
    cluster: NDArray[np.int64]
    skewness: Floats
    baseline: Floats
    log_volume: Floats
    has_volume: bool
    transformed: Floats
    transformed_by: NDArray[np.object_]


def feature_facts(observed: Observations) -> FeatureFacts:
    """Return what ``observed`` says of its features."""
    extreme = extreme_columns(observed.values)
    observed = replace(observed, values=blanked(observed.values, extreme))
    names, baseline = observed.features, observed.baseline
    parsed = [parse(name) for name in names]
    transform = fit_transform(baseline)
    volume = next((name for name in VOLUMES if name in names), None)
    volumes = baseline[:, names.index(volume)] if volume else np.full(len(observed.cases), np.nan)
    return FeatureFacts(
        names=np.array(names, dtype=object),
        image_type=np.array([name.image_type for name in parsed], dtype=object),
        feature_class=np.array([name.feature_class for name in parsed], dtype=object),
        ratio=np.array([is_ratio_scale(name, modality=observed.modality) for name in names]),
        extreme=extreme,
        cluster=correlation_clusters(baseline),
        skewness=_skewness(baseline),
        baseline=baseline,
        log_volume=np.where(volumes > 0, np.log(np.where(volumes > 0, volumes, 1.0)), np.nan),
        has_volume=volume is not None,
        transformed=transform.apply(observed.values),
        transformed_by=transform.by,
    )


def _skewness(values: Floats) -> Floats:
    """Skewness of each column over its finite values."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    centered = np.where(known, values - mean, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((centered**3).sum(axis=0) / count / ((centered**2).sum(axis=0) / count) ** 1.5)
