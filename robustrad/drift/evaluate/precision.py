r"""How well an AUC, a C or a difference of two is known: its standard error, without bias, and the degrees.

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
Satterthwaite FE. Biometrics Bull 1946;2:110-114. doi:10.2307/3002019
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.inputs import Flags, Floats, Ints
from robustrad.drift.evaluate.pairs import Pairs, mean_of, weighted_mean

_ROUNDING = 1e-12  # one pair of a million, in one mix of hundreds, weighs more than a thousand times that


class Precision(NamedTuple):
    """Of one estimate, or of several, shape (m,).

    Attributes
    ----------
    error : float or ndarray
        Standard error. 0 where nothing varies.
    freedom : float or ndarray
        Degrees of freedom of Student's t. NaN with fewer than two patients of a class: nothing is known of
        the error. Infinite where nothing varies.
    """

    error: Floats
    freedom: Floats


UNKNOWN = Precision(np.array(np.nan), np.array(np.nan))


def precision_of(form: Floats, pairs: Pairs, present: Flags, groups: Ints) -> Precision:
    """Return how well the mean of ``form`` over the pairs compared is known.

    Parameters
    ----------
    form : ndarray of shape (n1, n0)
        Sums over the repeats, as :func:`robustrad.drift.evaluate.pairs.wins` gives them, or their difference.
    pairs : Pairs
    present : ndarray of bool, shape (n,)
    groups : ndarray of int, shape (n,)
        Patient of each subject.

    Returns
    -------
    Precision
        Two numbers; NaN where no pair is compared.
    """
    weight, excess = _deviation(form, pairs, present)
    if not weight.any():
        return UNKNOWN
    return Precision(
        np.asarray(_standard_error(excess, weight, pairs, groups)),
        np.asarray(_freedom(excess, pairs, present, groups)),
    )


def resampled_deviation(form: Floats, pairs: Pairs, present: Flags, weights: Floats) -> Floats:
    """Return how far the mean of ``form`` lies from itself in each resample, shape (B,).

    Parameters
    ----------
    form, pairs, present
        As in :func:`precision_of`.
    weights : ndarray of shape (B, n)
        How often each subject was drawn.
    """
    return weighted_mean(form, weights, pairs, present) - mean_of(form, pairs, present)


def stacked(each: list[Precision]) -> Precision:
    """Return the precision of several estimates as one, shape (m,)."""
    return Precision(
        np.array([one.error for one in each], dtype=np.float64),
        np.array([one.freedom for one in each], dtype=np.float64),
    )


def _deviation(form: Floats, pairs: Pairs, present: Flags) -> tuple[Floats, Floats]:
    """Return the weight of each pair in the mean, and its share in the deviation of the mean."""
    together = pairs.among(present)
    weight = together / max(float(together.sum()), np.finfo(float).tiny)
    excess = np.where(together > 0, form, 0.0) / max(float(together.sum()), np.finfo(float).tiny)
    return weight, excess - weight * excess.sum()


def _standard_error(excess: Floats, weight: Floats, pairs: Pairs, groups: Ints) -> float:
    patients, patient = np.unique(groups, return_inverse=True)
    cell = patient[pairs.positive][:, None] * patients.size + patient[pairs.negative][None, :]
    alone, shared = _sums_of_squares(excess, cell, patients.size)
    own, common = _sums_of_squares(weight, cell, patients.size)
    known = 1.0 - own + common
    # A variance that comes out below what independent pairs would have is an accident of few patients.
    variance = max(alone - shared, shared) / known if known > 0.0 else float("nan")
    return 0.0 if variance < _ROUNDING**2 else float(np.sqrt(variance))


def _sums_of_squares(values: Floats, cell: Ints, patients: int) -> tuple[float, float]:
    """Return the squared sums over the patients, and over the pairs of two patients."""
    square = np.bincount(cell.ravel(), values.ravel(), patients * patients).reshape(patients, patients)
    within = np.diagonal(square)
    of_patient = square.sum(axis=0) + square.sum(axis=1) - within
    of_pair = square + square.T
    return float((of_patient**2).sum()), float(((of_pair**2).sum() - 4.0 * (within**2).sum()) / 2.0)


def _freedom(excess: Floats, pairs: Pairs, present: Flags, groups: Ints) -> float:
    """Return Satterthwaite's degrees: each class's share of the variance comes from its own patients.

    Where few of them carry the share, its own variance is larger than that of normal values, by their excess
    kurtosis: the AUC of a good model, and the change of one whose scores barely move, rest on few patients.
    """
    variance, uncertainty = 0.0, 0.0
    for members, each in ((pairs.positive, excess.sum(axis=1)), (pairs.negative, excess.sum(axis=0))):
        here = present[members]
        _, patient = np.unique(groups[members[here]], return_inverse=True)
        sums = np.bincount(patient, weights=each[here])
        n = sums.size
        if n < 2:
            return float("nan")
        square = float((sums**2).sum())
        if square > 0.0:
            share = square * n / (n - 1)
            kurtosis = max(n * float((sums**4).sum()) / square**2 - 3.0, 0.0)
            variance += share
            uncertainty += share**2 * (1.0 / (n - 1) + kurtosis / (2.0 * n))
    return variance**2 / uncertainty if uncertainty > 0.0 else float("inf")
