"""Clusters of features that say the same: |Spearman| > .9 over the reference values.

Complete linkage, cut so that every pair within a cluster exceeds the threshold: connected components would
chain features together that share nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from robustrad.stability.anova import Floats

THRESHOLD = 0.9


def correlation_clusters(values: Floats, *, threshold: float = THRESHOLD) -> NDArray[np.int64]:
    """Return the cluster of each feature, numbered from 0 in the order of their first features.

    Parameters
    ----------
    values : ndarray of shape (n_cases, p_features)
        Reference values; NaN where missing. Cases without any value do not count; a feature that is then
        still incomplete, or constant, is a cluster of its own.
    threshold : float, default 0.9
        Every pair of a cluster has |rho| above it.
    """
    values = values[np.isfinite(values).any(axis=1)]
    usable = np.isfinite(values).all(axis=0)
    if values.shape[0]:
        usable &= np.ptp(np.where(np.isfinite(values), values, 0.0), axis=0) > 0
    labels = np.arange(values.shape[1]) + values.shape[1]
    if usable.sum() > 1 and values.shape[0] > 2:
        ranks = rankdata(values[:, usable], axis=0) - (values.shape[0] + 1) / 2
        ranks /= np.sqrt(np.einsum("ip,ip->p", ranks, ranks))
        # Rounded: which of two equal correlations is larger must not hang on the last bit.
        distance = np.round(1 - np.abs(np.einsum("ip,iq->pq", ranks, ranks, optimize=False)), 12)
        np.fill_diagonal(distance, 0.0)
        tree = linkage(squareform(np.maximum(distance, 0.0), checks=False), method="complete")
        labels[usable] = fcluster(tree, np.nextafter(round(1 - threshold, 12), 0), criterion="distance")
    _, first, which = np.unique(labels, return_index=True, return_inverse=True)
    order = np.empty(first.size, dtype=np.int64)
    order[np.argsort(first)] = np.arange(first.size)
    return order[which.ravel()]
