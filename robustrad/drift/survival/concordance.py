r"""Concordance of risk scores with times to event: Harrell's and Uno's C, closed form.

A pair is comparable if the one with the shorter time had the event (at equal times: if one had it and the
other was censored, who is taken to live longer). It is concordant if that one has the higher risk; equal
risks count one half.

.. math::
    C = \frac{\sum_{ij} w_i\,[i, j\ \text{comparable}]\,([r_i > r_j] + \tfrac12 [r_i = r_j])}
             {\sum_{ij} w_i\,[i, j\ \text{comparable}]}

Harrell's C has w = 1; it depends on how much is censored. Uno's has :math:`w_i = [t_i < \tau] / G(t_i)^2`
with G the Kaplan-Meier estimate of not being censored, from training subjects.

References
----------
Harrell FE et al. Stat Med 1996;15:361-387.
Uno H et al. Stat Med 2011;30:1105-1117. doi:10.1002/sim.4154
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.data import Floats
from robustrad.drift.survival.kaplan_meier import censoring_survival
from robustrad.drift.survival.times import Flags, Survival

TIED = 1e-8  # risks that differ by no more are equal


class Concordance(NamedTuple):
    """A C-index and the pairs that it rests on.

    Attributes
    ----------
    value : float
        NaN where no pair is comparable, or a weight is not defined.
    concordant, discordant, tied : int
        Comparable pairs by their risks.
    """

    value: float
    concordant: int
    discordant: int
    tied: int

    @property
    def comparable(self) -> int:
        """Comparable pairs."""
        return self.concordant + self.discordant + self.tied


def harrell(time: Floats, event: Flags, risk: Floats, *, tied: float = TIED) -> Concordance:
    """Return Harrell's C.

    Parameters
    ----------
    time : ndarray of shape (n,)
    event : ndarray of bool, shape (n,)
    risk : ndarray of shape (n,)
        Finite; higher means earlier.
    tied : float
        Largest difference of risks that counts as none.

    Examples
    --------
    >>> time, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, False, True])
    >>> harrell(time, event, np.array([4.0, 2.0, 3.0, 1.0])).value
    0.8
    """
    return _concordance(time, event, risk, np.ones(time.size), tied)


def uno(
    train: Survival, time: Floats, event: Flags, risk: Floats, *, tau: float, tied: float = TIED
) -> Concordance:
    """Return Uno's C up to ``tau``.

    Parameters
    ----------
    train : Survival
        Subjects whose censoring is estimated.
    time, event, risk : ndarray of shape (n,)
        Subjects to be ranked.
    tau : float
        Events from this time on do not count; they are compared as longer times.
    tied : float
        As of :func:`harrell`.
    """
    return _concordance(time, event, risk, uno_weights(train, time, event, tau=tau), tied)


def uno_weights(train: Survival, time: Floats, event: Flags, *, tau: float) -> Floats:
    """Return w of each subject: 0 for the censored and from ``tau`` on; NaN where G is 0."""
    counts = event & (time < tau)
    weights = np.zeros(time.size)
    stay = censoring_survival(train.time, train.event, time[counts])
    weights[counts] = np.where(stay > 0, 1.0 / np.where(stay > 0, stay, 1.0) ** 2, np.nan)
    return weights


def comparable(time: Floats, event: Flags) -> Flags:
    """Return which pairs (i, j) are comparable with i the earlier, shape (n, n)."""
    later = time[:, None] < time[None, :]
    outlived = (time[:, None] == time[None, :]) & ~event[None, :]
    return np.asarray(event[:, None] & (later | outlived))


def _concordance(time: Floats, event: Flags, risk: Floats, weights: Floats, tied: float) -> Concordance:
    rows = np.flatnonzero(event & (weights != 0))
    pairs = comparable(time, event)[rows]
    difference = risk[rows][:, None] - risk[None, :]
    equal = np.abs(difference) <= tied
    higher = (difference > 0) & ~equal
    agree, same = (pairs & higher).sum(axis=1), (pairs & equal).sum(axis=1)
    every = pairs.sum(axis=1)
    w = weights[rows]
    total = float(w @ every)
    value = float(w @ (agree + 0.5 * same)) / total if total > 0 else float("nan")
    return Concordance(value, int(agree.sum()), int((every - agree - same).sum()), int(same.sum()))
