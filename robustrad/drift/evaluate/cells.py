r"""The variance of a mean over pairs of patients, without bias, and the same without each patient.

An AUC is a mean over pairs of a positive and a negative, a C over pairs of patients that can be ranked.
With :math:`g_{ij}` the share of a pair in the deviation of the mean, :math:`u_p` the sum over the pairs of
patient p, and :math:`d_{pq}` over those of patients p and q,

.. math::
    \widehat{\mathrm{var}} = \frac{\sum_p u_p^2 - \sum_{p<q} d_{pq}^2}
                                  {1 - \sum_p m_p^2 + \sum_{p<q} m_{pq}^2}

where m are the same sums of the weights, which add up to 1. A pair stands in the sums of both its patients,
so that the interaction of the two, counted twice, is taken off once. With one case of every patient and all
pairs compared this is Bamber's estimator, which has no bias; DeLong's counts the interaction twice, and a
bootstrap that draws positives and negatives three times. Where the scores of two conditions correlate
highly, most of the variance of their difference is interaction.

References
----------
Bamber D. J Math Psychol 1975;12:387-415. doi:10.1016/0022-2496(75)90001-2
Cameron AC, Gelbach JB, Miller DL. J Bus Econ Stat 2011;29:238-249. doi:10.1198/jbes.2010.07136
Efron B, Stein C. Ann Stat 1981;9:586-596. doi:10.1214/aos/1176345462
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.inputs import Flags, Floats, Ints
from robustrad.drift.evaluate.pairs import Pairs, deviation_of

_ROUNDING = 1e-12  # one pair of a million, in one mix of hundreds, weighs more than a thousand times that


class Cells(NamedTuple):
    """Sums over the pairs of two patients.

    Attributes
    ----------
    form, weight : ndarray of shape (p, p)
        Row: the patient of the positive, or of the event.
    kind : ndarray of int, shape (p,)
        Whether a patient has subjects in the rows, the columns or both: who can stand for whom.
    """

    form: Floats
    weight: Floats
    kind: Ints


def cells_of(form: Floats, pairs: Pairs, present: Flags, groups: Ints) -> Cells:
    """Return the sums of ``form`` and of the pairs compared, over the patients who are present."""
    rows, columns = (present[members] for members in (pairs.positive, pairs.negative))
    first, second = groups[pairs.positive[rows]], groups[pairs.negative[columns]]
    patients, patient = np.unique(np.concatenate([first, second]), return_inverse=True)
    left, right = patient[: first.size], patient[first.size :]
    p = patients.size
    cell = (left[:, None] * p + right[None, :]).ravel()
    weight = pairs.together[np.ix_(rows, columns)]
    value = np.where(weight > 0, form[np.ix_(rows, columns)], 0.0)
    kind = np.zeros(p, dtype=np.intp)
    kind[left] = 1
    kind[np.unique(right)] += 2
    won, compared = (np.bincount(cell, each.ravel(), p * p).reshape(p, p) for each in (value, weight))
    return Cells(np.asarray(won, dtype=np.float64), np.asarray(compared, dtype=np.float64), kind)


def variance_of(cells: Cells) -> float:
    """Return the variance of the mean; NaN where too few patients are compared, 0 where nothing varies."""
    total = float(cells.weight.sum())
    if total <= 0.0:
        return float("nan")
    alone, shared = _squares(deviation_of(cells.form, cells.weight))
    own, common = _squares(cells.weight / total)
    known = 1.0 - own + common
    # A variance that comes out below what independent pairs would have is an accident of few patients.
    variance = max(alone - shared, shared) / known if known > 0.0 else float("nan")
    return 0.0 if variance < _ROUNDING**2 else variance


def variances_without_each(cells: Cells) -> Floats:
    """Return the variance without each patient, shape (p,); not held above that of independent pairs.

    NaN where the patients left do not tell.
    """
    form, weight = (_both_ways(each) for each in (cells.form, cells.weight))
    total = cells.weight.sum() - _own(cells.weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (cells.form.sum() - _own(cells.form)) / total
        left = (_own(cells.form)[:, None] - form) - mean * (_own(cells.weight)[:, None] - weight)
        np.fill_diagonal(left, 0.0)
        shared = _pairs_left(form**2) - 2.0 * mean * _pairs_left(form * weight)
        shared += mean**2 * _pairs_left(weight**2)
        of_weight = _own(cells.weight)[:, None] - weight
        np.fill_diagonal(of_weight, 0.0)
        known = total**2 - (of_weight**2).sum(axis=0) + _pairs_left(weight**2)
        variance = ((left**2).sum(axis=0) - shared) / known
    return np.asarray(np.where((total > 0.0) & (known > 0.0), variance, np.nan))


def jackknife_variance(values: Floats, kind: Ints) -> float:
    """Return the jackknife's variance of an estimate of which ``values`` (p,) are left when one goes.

    Patients of a kind are drawn apart. NaN where a value is not known.
    """
    total = 0.0
    for one in np.unique(kind):
        here = values[kind == one]
        total += (here.size - 1) * float(here.var())
    return total


def _own(square: Floats) -> Floats:
    """Return the sum over the pairs of each patient, shape (p,)."""
    return np.asarray(square.sum(axis=0) + square.sum(axis=1) - np.diagonal(square))


def _both_ways(square: Floats) -> Floats:
    """Return the sums over the pairs of two patients, in either order; the patient's own on the diagonal."""
    both = square + square.T
    np.fill_diagonal(both, np.diagonal(square))
    return np.asarray(both)


def _pairs_left(product: Floats) -> Floats:
    """Return the sum over pairs of two different patients without each patient, of a symmetric (p, p)."""
    off = product - np.diag(np.diagonal(product))
    return np.asarray(off.sum() / 2.0 - off.sum(axis=1))


def _squares(square: Floats) -> tuple[float, float]:
    """Return the squared sums over the patients, and over the pairs of two different patients."""
    both = _both_ways(square)
    np.fill_diagonal(both, 0.0)
    return float((_own(square) ** 2).sum()), float((both**2).sum() / 2.0)
