"""Kaplan-Meier curves with Greenwood's interval, the censoring distribution, and the log-rank test."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from robustrad.drift.data import Floats
from robustrad.drift.survival.times import Flags


class Curve(NamedTuple):
    """A survival curve at the distinct times; arrays of shape (t,).

    Attributes
    ----------
    time : ndarray
        Distinct times, rising.
    at_risk, events, censored : ndarray of int
        Subjects followed until just before, and what happened to them at the time.
    survival, low, high : ndarray
        Kaplan-Meier estimate from the time on, with its log-log interval; the interval is NaN where the
        estimate is 1 or 0.
    """

    time: Floats
    at_risk: np.ndarray
    events: np.ndarray
    censored: np.ndarray
    survival: Floats
    low: Floats
    high: Floats


class LogRank(NamedTuple):
    """Log-rank test of two groups.

    Attributes
    ----------
    chi2, p : float
        Statistic with one degree of freedom, NaN where a group is empty or nothing can differ.
    observed, expected : float
        Events in the first group, and what equal hazards let expect.
    """

    chi2: float
    p: float
    observed: float
    expected: float


def kaplan_meier(time: Floats, event: Flags, *, alpha: float = 0.05) -> Curve:
    """Return the Kaplan-Meier curve.

    Parameters
    ----------
    time : ndarray of shape (n,)
    event : ndarray of bool, shape (n,)
        Otherwise censored; of equal times the events come first.
    alpha : float, default 0.05
        One minus the pointwise coverage.

    Notes
    -----
    S(t) = prod (1 - d/n); Greenwood's variance on the log(-log) scale (Kaplan and Meier 1958,
    doi:10.1080/01621459.1958.10501452; Kalbfleisch and Prentice 1980).
    """
    times, at_risk, events, censored = _counts(time, event)
    survival = np.cumprod(1.0 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        half = special.ndtri(1 - alpha / 2) * np.sqrt(greenwood) / np.log(survival)
        low, high = survival ** np.exp(-half), survival ** np.exp(half)
    inside = (survival > 0) & (survival < 1)
    return Curve(
        times, at_risk, events, censored, survival,
        np.where(inside, low, np.nan), np.where(inside, high, np.nan),
    )  # fmt: skip


def censoring_survival(time: Floats, event: Flags, at: Floats) -> Floats:
    """Return the Kaplan-Meier estimate of not being censored until ``at`` (included), for each time.

    Of equal times the events come first: who has the event is not at risk of censoring. Beyond the last time
    the estimate stays as it is.
    """
    times, at_risk, events, censored = _counts(time, event)
    left = at_risk - events
    steps = np.where(censored > 0, 1.0 - censored / np.maximum(left, 1), 1.0)
    estimate = np.concatenate([[1.0], np.cumprod(steps)])
    return np.asarray(estimate[np.searchsorted(times, at, side="right")])


def log_rank(time: Floats, event: Flags, first: Flags) -> LogRank:
    """Test whether the hazards of two groups are equal (Mantel's log-rank, hypergeometric variance).

    Parameters
    ----------
    time, event : ndarray of shape (n,)
    first : ndarray of bool, shape (n,)
        Who is in the first group.
    """
    times, at_risk, events, _ = _counts(time, event)
    n1 = (time[first][None, :] >= times[:, None]).sum(axis=1)
    d1 = ((time[first][None, :] == times[:, None]) & event[first][None, :]).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = events * n1 / at_risk
        spread = expected * (1 - n1 / at_risk) * (at_risk - events) / np.maximum(at_risk - 1, 1)
    variance = float(spread.sum())
    observed, foreseen = float(d1.sum()), float(expected.sum())
    if variance <= 0:
        return LogRank(float("nan"), float("nan"), observed, foreseen)
    chi2 = (observed - foreseen) ** 2 / variance
    return LogRank(chi2, float(special.chdtrc(1, chi2)), observed, foreseen)


def _counts(time: Floats, event: Flags) -> tuple[Floats, np.ndarray, np.ndarray, np.ndarray]:
    """Return the distinct times, subjects at risk just before, events and censored there."""
    times, place = np.unique(time, return_inverse=True)
    events = np.bincount(place, weights=event, minlength=times.size).astype(np.intp)
    everyone = np.bincount(place, minlength=times.size)
    at_risk = time.size - np.concatenate([[0], np.cumsum(everyone)[:-1]])
    return times, at_risk, events, everyone - events
