r"""How well an AUC, a C or a difference of two is known: its standard error, and how well that is known.

Student's t has Satterthwaite's degrees of freedom: the share of each class in the variance comes from its own
patients. They are those of normal shares. Few patients carry the AUC of a good model, and its variance is
less certain by the excess kurtosis of their shares; most of the variance of a difference is interaction, and
what it varies by is the jackknife's to say.

References
----------
Satterthwaite FE. Biometrics Bull 1946;2:110-114. doi:10.2307/3002019
Efron B, Stein C. Ann Stat 1981;9:586-596. doi:10.1214/aos/1176345462
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.cells import (
    Cells,
    cells_of,
    jackknife_variance,
    variance_of,
    variances_without_each,
)
from robustrad.drift.evaluate.inputs import Flags, Floats, Ints
from robustrad.drift.evaluate.pairs import Pairs, deviation_of


class Precision(NamedTuple):
    """Of one estimate, or of several, shape (m,).

    Attributes
    ----------
    error : float or ndarray
        Standard error. 0 where nothing varies.
    freedom : float or ndarray
        Degrees of freedom of Student's t, of normal shares. NaN with fewer than two patients of a class:
        nothing is known of the error. Infinite where nothing varies.
    surplus : float or ndarray
        Relative variance of the squared error beyond the 2 / freedom of normal shares.
    """

    error: Floats
    freedom: Floats
    surplus: Floats


UNKNOWN = Precision(*(np.array(np.nan) for _ in range(3)))


def precision_of_area(
    form: Floats, pairs: Pairs, present: Flags, groups: Ints, *, most: float = np.inf
) -> Precision:
    """Return how well the mean of ``form`` over the pairs compared is known.

    Parameters
    ----------
    form : ndarray of shape (n1, n0)
        Sums over the repeats, as :func:`robustrad.drift.evaluate.pairs.wins` gives them.
    pairs : Pairs
    present : ndarray of bool, shape (n,)
    groups : ndarray of int, shape (n,)
        Patient of each subject.
    most : float
        Degrees of freedom that there can be.

    Returns
    -------
    Precision
        Numbers; NaN where no pair is compared. The surplus is by the kurtosis of the patients' shares, and
        may be negative.
    """
    cells = cells_of(form, pairs, present, groups)
    freedom, kurtosis = _by_class(cells)
    return _known(variance_of(cells), min(freedom, most), kurtosis)


def precision_of_change(
    form: Floats, pairs: Pairs, present: Flags, groups: Ints, *, most: float = np.inf
) -> Precision:
    """Return how well the difference of two areas is known, ``form`` being the difference of their wins.

    As :func:`precision_of_area`, but the surplus is the jackknife's and not negative; 0 where it cannot tell.
    """
    cells = cells_of(form, pairs, present, groups)
    freedom, variance = min(_by_class(cells)[0], most), variance_of(cells)
    surplus = 0.0
    if variance > 0.0:
        varies = jackknife_variance(variances_without_each(cells), cells.kind) / variance**2
        surplus = max(varies - 2.0 / freedom, 0.0) if np.isfinite(varies) else 0.0
    return _known(variance, freedom, surplus)


def stacked(each: list[Precision]) -> Precision:
    """Return the precision of several estimates as one, shape (m,)."""
    return Precision(*(np.array([one[i] for one in each], dtype=np.float64) for i in range(3)))


def _known(variance: float, freedom: float, surplus: float) -> Precision:
    return Precision(np.asarray(np.sqrt(variance)), np.asarray(freedom), np.asarray(surplus))


def _by_class(cells: Cells) -> tuple[float, float]:
    """Return Satterthwaite's degrees, and what the kurtosis of the shares adds to 2 / degrees."""
    if float(cells.weight.sum()) <= 0.0:
        return float("nan"), float("nan")
    deviation = deviation_of(cells.form, cells.weight)
    variance, uncertainty, excess = 0.0, 0.0, 0.0
    for axis, members in ((1, cells.kind % 2 == 1), (0, cells.kind >= 2)):
        sums = deviation.sum(axis=axis)[members]
        n = sums.size
        if n < 2:
            return float("nan"), float("nan")
        square = float((sums**2).sum())
        if square > 0.0:
            share = square * n / (n - 1)
            variance += share
            uncertainty += share**2 / (n - 1)
            excess += share**2 * (float((sums**4).sum()) / square**2 - 3.0 / n)
    return (variance**2 / uncertainty, excess / variance**2) if uncertainty > 0.0 else (float("inf"), 0.0)
