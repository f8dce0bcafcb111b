"""Steps before a model that learn from training rows: near-constant, correlated, selected features.

Each is a scikit-learn transformer that keeps a subset of the columns, bit by bit.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.linear_model import lars_path
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted, validate_data

from robustrad.drift.data import Floats
from robustrad.drift.models.ranks import midranks

Mask = NDArray[np.bool_]

_CONSTANT = 1e-9  # of the largest value: PyRadiomics' floats are never exactly constant


class _Subset(SelectorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Keeps the columns of ``kept_``."""

    kept_: Mask

    def _get_support_mask(self) -> Mask:
        check_is_fitted(self)
        return self.kept_


class NearConstantFilter(_Subset):
    """Drop features that are constant (SD below 1e-9 of the largest value) or nearly so.

    Parameters
    ----------
    same_value : float
        Drop where more than this share of rows has one and the same value.
    """

    def __init__(self, *, same_value: float = 0.95) -> None:
        self.same_value = same_value

    def fit(self, X: Any, y: Any = None) -> Self:
        """Look at the rows of X; y is not used."""
        del y
        values = validate_data(self, X, dtype=np.float64)
        self.kept_ = ~near_constant(values, same_value=self.same_value)
        return self


class CorrelationPruner(_Subset):
    """Of features with |Spearman| above a threshold keep the most stable one.

    Features are visited from the most to the least stable; one that correlates with a feature already kept
    goes. Without ``stability``: from the one with the smallest mean |correlation| on, which is redundant
    with the fewest.

    Parameters
    ----------
    threshold : float
        On |Spearman|; 1 keeps all.
    stability : array of shape (p,), optional
        The larger, the more stable; NaN counts as least. It must come from training patients.
    """

    def __init__(self, *, threshold: float = 0.9, stability: ArrayLike | None = None) -> None:
        self.threshold = threshold
        self.stability = stability

    def fit(self, X: Any, y: Any = None) -> Self:
        """Look at the rows of X; y is not used."""
        del y
        values = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        given = None if self.stability is None else np.asarray(self.stability, dtype=np.float64)
        if given is not None and given.shape != (values.shape[1],):
            raise ValueError(f"stability: shape {given.shape}; expected ({values.shape[1]},)")
        self.kept_ = prune(values, threshold=self.threshold, stability=given)
        return self


class TopFeatures(_Subset):
    """Keep the features that tell the two classes apart best.

    Parameters
    ----------
    n_features : int
        How many.
    by : {"univariate", "l1"}
        ``univariate``: largest |AUC - 0.5| of the feature alone. ``l1``: the first to enter the lasso path
        of the outcome (least angle regression; scale the features before).
    """

    def __init__(self, *, n_features: int = 10, by: str = "univariate") -> None:
        self.n_features = n_features
        self.by = by

    def fit(self, X: Any, y: Any) -> Self:
        """Look at the rows of X and their class, any two labels.

        Raises
        ------
        ValueError
            If there are not two classes, or ``by`` is unknown.
        """
        values, labels = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        classes, codes = np.unique(labels, return_inverse=True)
        if classes.size != 2:
            raise ValueError(f"y: {classes.size} class(es); expected 2")
        if self.by not in {"univariate", "l1"}:
            raise ValueError(f"by={self.by!r}; expected 'univariate' or 'l1'")
        order = (univariate_order if self.by == "univariate" else lasso_order)(
            values, codes, n=int(self.n_features)
        )
        self.kept_ = np.zeros(values.shape[1], dtype=np.bool_)
        self.kept_[order] = True
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags


def near_constant(X: Floats, *, same_value: float) -> Mask:
    """Return which columns are constant or have one value in more than ``same_value`` of the rows."""
    n = X.shape[0]
    constant = X.std(axis=0) <= _CONSTANT * np.abs(X).max(axis=0)
    gap = int(np.floor(same_value * n))  # gap + 1 equal values in a row of the sorted column
    if gap >= n:
        return np.asarray(constant)
    ordered = np.sort(X, axis=0)
    return np.asarray(constant | (ordered[gap:] == ordered[: n - gap]).any(axis=0))


def prune(X: Floats, *, threshold: float, stability: Floats | None) -> Mask:
    """Return which columns stay; see :class:`CorrelationPruner`."""
    p = X.shape[1]
    if threshold >= 1 or p < 2:
        return np.ones(p, dtype=np.bool_)
    rho = np.abs(spearman_matrix(X))
    # Ranks make equal correlations equal to rounding only.
    close = rho > threshold + 1e-12
    if stability is None:
        order = np.argsort(np.round(rho.mean(axis=0), 12), kind="stable")
    else:
        order = np.argsort(-np.round(np.nan_to_num(stability, nan=-np.inf), 12), kind="stable")
    kept = np.zeros(p, dtype=np.bool_)
    gone = np.zeros(p, dtype=np.bool_)
    for column in order:
        if not gone[column]:
            kept[column] = True
            gone |= close[column]
    return kept


def spearman_matrix(X: Floats) -> Floats:
    """Return Spearman's correlation of all pairs of columns; 0 with a constant one."""
    ranks = midranks(X) - (X.shape[0] + 1) / 2.0
    length = np.sqrt((ranks**2).sum(axis=0))
    ranks /= np.where(length > 0, length, 1.0)
    return np.asarray(ranks.T @ ranks)


def univariate_order(X: Floats, y: NDArray[np.intp], *, n: int) -> NDArray[np.intp]:
    """Return the ``n`` columns with the largest |AUC - 0.5|, best first; the first column wins a tie."""
    positive = int(y.sum())
    total = midranks(X)[y == 1].sum(axis=0)
    auc = (total - positive * (positive + 1) / 2.0) / (positive * (y.size - positive))
    return np.asarray(np.argsort(-np.round(np.abs(auc - 0.5), 12), kind="stable")[:n], dtype=np.intp)


def lasso_order(X: Floats, y: NDArray[np.intp], *, n: int) -> NDArray[np.intp]:
    """Return the first ``n`` columns on the lasso path of the centered outcome."""
    if X.shape[1] <= n:
        return np.arange(X.shape[1])
    _, active, _ = lars_path(
        X - X.mean(axis=0), y - y.mean(), method="lasso", max_iter=8 * n, return_path=True
    )
    return np.asarray(active[:n], dtype=np.intp)
