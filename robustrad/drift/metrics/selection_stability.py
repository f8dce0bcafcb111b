"""How much the selected features agree between runs (folds, resamples, conditions).

References
----------
Nogueira S, Sechidis K, Brown G. J Mach Learn Res 2018;18(174):1-54.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

OK = "ok"
ALL_OR_NOTHING = "all_or_nothing"
TOO_FEW = "too_few"


class SelectionStability(NamedTuple):
    """Nogueira's measure: 1 the same selection always, 0 what chance gives.

    Attributes
    ----------
    value, variance, low, high : float
        Estimate, its variance and normal limits; NaN where not defined.
    mean_selected : float
        Features selected on average.
    status : str
        ``ok``; ``all_or_nothing`` (no run selects anything, or every run everything); ``too_few`` (one run).
    """

    value: float
    variance: float
    low: float
    high: float
    mean_selected: float
    status: str


def nogueira(
    selected: ArrayLike, *, confidence: float = 0.95, r_compatible: bool = False
) -> SelectionStability:
    r"""Return the stability of a selection.

    .. math:: \Phi = 1 - \frac{\frac1d \sum_f \frac{M}{M-1} p_f (1 - p_f)}{q (1 - q)}, \qquad q = \bar k / d

    Correlated features make it pessimistic: give it :func:`by_cluster` as well.

    Parameters
    ----------
    selected : array of shape (M, d)
        1 where run i selected feature f.
    confidence : float
        Of the limits.
    r_compatible : bool
        Variance as the authors' R function has it. Its last term has the opposite sign of their Matlab and
        Python code and of the delta method; it is too wide unless every run selects equally many (in
        simulation 1.1 to 1.7 times the variance).
    """
    Z = _matrix(selected)
    runs, d = Z.shape
    nan = float("nan")
    size = Z.sum(axis=1)
    share = float(size.mean()) / d
    if runs < 2:
        return SelectionStability(nan, nan, nan, nan, share * d, TOO_FEW)
    if share in {0.0, 1.0}:
        return SelectionStability(nan, nan, nan, nan, share * d, ALL_OR_NOTHING)
    frequency = Z.mean(axis=0)
    chance = share * (1.0 - share)
    value = 1.0 - float((runs / (runs - 1) * frequency * (1.0 - frequency)).mean()) / chance
    own = (Z @ frequency) / d - size * share / d
    sign = -1.0 if r_compatible else 1.0
    each = (own + sign * value / 2.0 * (2.0 * size * share / d - size / d - share + 1.0)) / chance
    variance = 4.0 / runs**2 * float(((each - each.mean()) ** 2).sum())
    half = float(norm.isf((1.0 - confidence) / 2.0)) * float(np.sqrt(variance))
    return SelectionStability(value, variance, value - half, value + half, share * d, OK)


def by_cluster(selected: ArrayLike, clusters: ArrayLike) -> NDArray[np.float64]:
    """Return the selection of clusters: 1 where a run selected any feature of the cluster.

    Parameters
    ----------
    selected : array of shape (M, d)
        As in :func:`nogueira`.
    clusters : array of shape (d,)
        Cluster of each feature; columns of the result follow the sorted labels.
    """
    Z, labels = _matrix(selected), np.asarray(clusters)
    if labels.shape != (Z.shape[1],):
        raise ValueError(f"clusters: shape {labels.shape}; expected ({Z.shape[1]},)")
    return np.column_stack([Z[:, labels == label].max(axis=1) for label in np.unique(labels)])


def _matrix(selected: ArrayLike) -> NDArray[np.float64]:
    Z = np.asarray(selected, dtype=np.float64)
    if Z.ndim != 2 or Z.size == 0 or not np.isin(Z, (0.0, 1.0)).all():
        raise ValueError(f"selected: shape {Z.shape}; expected a matrix of 0 and 1, runs x features")
    return Z
