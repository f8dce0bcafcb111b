"""How well each feature agrees over the levels of each factor: lower limits of ICC(A,1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robustrad.stability import status as policy
from robustrad.stability.anova import MeanSquares, mean_squares
from robustrad.stability.fixed import fixed_limits

Floats = NDArray[np.float64]


def lower_limits(
    reference: Floats,
    copies: Floats,
    factors: Sequence[str],
    sites: Sequence[str],
    draws: Sequence[int],
) -> Floats:
    """Return the lower 95 % limit of ICC(A,1) over the reference and all levels of each factor.

    Levels are fixed (:func:`robustrad.stability.fixed.fixed_limits`); with several draws, one draw of
    every level at a time, and the mean squares are averaged over the draws. Patients with a missing copy
    of the factor are left out of it. 1 for a feature that the factor does not change; NaN for a constant
    one, and with fewer than five patients.

    Parameters
    ----------
    reference : ndarray of shape (m, p)
        Patients unperturbed.
    copies : ndarray of shape (m, c, p)
        Perturbed.
    factors, sites, draws : sequence of length c
        Factor, level and draw of each copy.

    Returns
    -------
    ndarray of shape (number of factors, p)
        In the order in which the factors first appear.
    """
    rows = []
    for factor in dict.fromkeys(factors):
        columns = [i for i, name in enumerate(factors) if name == factor]
        table = copies[:, columns]
        complete = np.isfinite(table).all(axis=(1, 2))
        tables = [
            np.concatenate([reference[complete, None], table[complete][:, drawn]], axis=1)
            for drawn in _one_of_each([sites[i] for i in columns], [draws[i] for i in columns])
        ]
        rows.append(_limit(tables, int((~complete).sum())))
    return np.stack(rows) if rows else np.empty((0, reference.shape[1]))


def _one_of_each(sites: Sequence[str], draws: Sequence[int]) -> list[list[int]]:
    """Columns of one draw of every level, for each draw that any level has; a level repeats its last."""
    of_level: dict[str, list[int]] = {}
    for column in sorted(range(len(sites)), key=lambda i: draws[i]):
        of_level.setdefault(sites[column], []).append(column)
    most = max(len(columns) for columns in of_level.values())
    return [[columns[min(d, len(columns) - 1)] for columns in of_level.values()] for d in range(most)]


def _limit(tables: list[Floats], n_dropped: int) -> Floats:
    n, k, p = tables[0].shape
    if not policy.enough(n, k, n_dropped):
        return np.full(p, np.nan)
    each = [mean_squares(table) for table in tables]
    squares = mean_of(each)
    status = policy.judge(squares, n_dropped)
    with np.errstate(invalid="ignore"):
        low = fixed_limits(squares).low
    low[status == policy.INVARIANT] = 1.0
    low[status == policy.CONSTANT] = np.nan
    return low


def mean_of(each: list[MeanSquares]) -> MeanSquares:
    """Return the mean of several mean squares of one layout."""
    parts = {name: np.mean([getattr(s, name) for s in each], axis=0) for name in MeanSquares._fields[:4]}
    return each[0]._replace(**parts, scale=np.max([s.scale for s in each], axis=0))
