"""How much a feature, or a score, is volume by another name.

References
----------
Welch ML et al. Radiother Oncol 2019;130:2-9. doi:10.1016/j.radonc.2018.10.027
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata
from scipy.stats import t as student

from robustrad.drift.evaluate.inputs import Floats, Ints

FLAG_AT, NOTE_AT = 0.9, 0.7
FLAG, NOTE = "FLAG", "NOTE"


class Partial(NamedTuple):
    """Partial rank correlation of each feature with the outcome; arrays of shape (p,)."""

    rho: Floats
    p: Floats


def spearman_with(columns: Floats, volume: Floats) -> Floats:
    """Return the Spearman correlation of each column (n, p) with ``volume``; NaN for a constant one.

    Rows with a missing value anywhere are left out.
    """
    known = np.isfinite(columns).all(axis=1) & np.isfinite(volume)
    if known.sum() < 3:
        return np.full(columns.shape[1], np.nan)
    return _correlation(_centered(columns[known]), _centered(volume[known][:, None]))


def volume_flags(rho: Floats) -> list[str]:
    """Return ``FLAG`` for |rho| >= .9, ``NOTE`` for |rho| >= .7, else nothing."""
    size = np.nan_to_num(np.abs(rho))
    return [FLAG if value >= FLAG_AT else NOTE if value >= NOTE_AT else "" for value in size]


def partial_spearman(columns: Floats, outcome: Ints, volume: Floats) -> Partial:
    """Return the Spearman correlation of each column with the outcome, given volume.

    Pearson's partial correlation of the ranks; p by t with n - 3 degrees of freedom. Ranks of volume and of
    its logarithm are the same. NaN for a column that is constant, or volume's ranks exactly.
    """
    known = np.isfinite(columns).all(axis=1) & np.isfinite(volume)
    nan = np.full(columns.shape[1], np.nan)
    n = int(known.sum())
    if n < 5:
        return Partial(nan, nan)
    x, y = _centered(columns[known]), _centered(outcome[known].astype(np.float64)[:, None])
    v = _centered(volume[known][:, None])
    xy, xv = _correlation(x, y), _correlation(x, v)
    yv = float(_correlation(y, v)[0])
    left = (1.0 - xv**2) * (1.0 - yv**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = np.where(left > 1e-12, (xy - xv * yv) / np.sqrt(left), np.nan)
        statistic = np.abs(rho) * np.sqrt((n - 3) / (1.0 - np.minimum(rho**2, 1.0)))
    return Partial(rho, np.asarray(2.0 * student.sf(statistic, n - 3)))


def _centered(values: Floats) -> Floats:
    ranks = rankdata(values, axis=0)
    return np.asarray(ranks - ranks.mean(axis=0))


def _correlation(x: Floats, y: Floats) -> Floats:
    size = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    product = (x * y).sum(axis=0)
    return np.asarray(np.where(size > 0, product / np.where(size > 0, size, 1.0), np.nan))
