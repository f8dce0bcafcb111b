"""Intervals over several draws of named levels, or over cases that share patients.

Patients are resampled with all their draws and cases.

The levels stay what they are, so the limits are those of fixed levels. In simulations of a reference and
five draws of one level (20 and 34 patients, ICC .5 to .94) the lower limit missed in 1.1 to 2.2 % (nominal
2.5), the two-sided interval covered 91 to 93 %; the mean of the draws' generalized limits is far too low
where noise dominates (.20 instead of .30 at an ICC of .5).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from robustrad.stability.anova import Floats
from robustrad.stability.fixed import Limits, tails

RESAMPLES = 2000
SEED = 20_220_614
_CHUNK = 64  # features at a time: 64 x 2,000 doubles stay in cache


class AgreementLimits(NamedTuple):
    """Limits of quantities averaged over the draws."""

    icc_a_1: Limits
    ccc: Limits  # NaN for more than two conditions
    harmonizable: Limits  # of the mean over the draws, with the draws in the rest


def bootstrap_limits(
    values: Floats,
    patients: NDArray[np.intp],
    *,
    alpha: float = 0.05,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    only_icc: bool = False,
) -> AgreementLimits:
    """Return percentile limits of ICC(A,1) and CCC, averaged over the draws, and of the harmonizable share.

    Parameters
    ----------
    values : ndarray of shape (n_cases, k_conditions, n_draws, p_features)
        Finite.
    patients : ndarray of int, shape (n_cases,)
        Patient 0 .. m-1 of each case: all cases of a patient come and go together.
    alpha : float, default 0.05
        One minus the coverage.
    resamples : int, default 2000
        Bootstrap samples, the same for all features.
    seed : int
        Of the resampling.
    only_icc : bool, default False
        Leave the other limits NaN, which is faster.

    Notes
    -----
    All sums of squares of a resample follow from sums over cases, weighted by how often each was drawn: a few
    matrix products per draw serve all resamples and features. Resampling adds the level means' own error once
    more, so the share's level variance is (MSC - 2 MSE) / n there.
    """
    k, n_draws, p = values.shape[1:]
    _, patients = np.unique(patients, return_inverse=True)
    counts = _counts(int(patients.max()) + 1, resamples, seed)[patients]
    icc, ccc, share = (Limits(np.full(p, np.nan), np.full(p, np.nan)) for _ in range(3))
    # One thread: the order of additions, and so the last digit, must not depend on the machine's cores.
    with threadpool_limits(limits=1, user_api="blas"), np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, p, _CHUNK):
            part = slice(start, min(start + _CHUNK, p))
            sums = [_resampled(values[:, :, draw, part], counts) for draw in range(n_draws)]
            n = counts.sum(axis=0)
            icc.low[part], icc.high[part] = tails(_average([_icc(s, n, k) for s in sums]), alpha)
            if only_icc:
                continue
            if k == 2:
                ccc.low[part], ccc.high[part] = tails(_average([_ccc(s) for s in sums]), alpha)
            shares = _harmonizable(values[:, :, :, part], counts)
            share.low[part], share.high[part] = tails(shares, alpha)
    return AgreementLimits(icc, ccc, share)


def _average(draws: list[Floats]) -> Floats:
    return np.asarray(sum(draws[1:], start=draws[0]) / len(draws))


@lru_cache(maxsize=8)
def _counts(patients: int, resamples: int, seed: int) -> Floats:
    """Return how often each patient is drawn, shape (patients, resamples)."""
    rng = np.random.default_rng([seed, patients])
    drawn = rng.multinomial(patients, np.full(patients, 1 / patients), resamples)
    return np.ascontiguousarray(drawn.T, dtype=np.float64)


class _Sums(NamedTuple):
    """Sums of squares of each feature (rows) in each resample (columns)."""

    subjects: Floats
    conditions: Floats
    error: Floats


def _resampled(values: Floats, counts: Floats) -> _Sums:
    k = values.shape[1]
    values = values - values.mean(axis=(0, 1))
    levels = values.mean(axis=0)
    subjects = values.mean(axis=1)
    residuals = values - subjects[:, None] - levels
    n = counts.sum(axis=0)

    def mean(cases: Floats) -> Floats:
        return np.asarray((cases.T @ counts) / n)

    # Means of the residuals per level: they sum to zero, so the last level follows from the others.
    shifts = [mean(residuals[:, j]) for j in range(k - 1)]
    shifts.append(-np.sum(shifts, axis=0))
    spread = np.einsum("ijp,ijp->ip", residuals, residuals)
    return _Sums(
        subjects=k * n * (mean(subjects**2) - mean(subjects) ** 2),
        conditions=n * np.sum([(levels[j][:, None] + shift) ** 2 for j, shift in enumerate(shifts)], axis=0),
        error=n * (mean(spread) - np.sum(np.square(shifts), axis=0)),
    )


def _icc(sums: _Sums, n: Floats, k: int) -> Floats:
    """ICC(A,1) from sums of squares over n cases and k conditions."""
    msr, msc = sums.subjects / (n - 1), sums.conditions / (k - 1)
    mse = sums.error / ((n - 1) * (k - 1))
    return np.asarray((msr - mse) / (msr + (k - 1) * mse + k * (msc - mse) / n))


def _ccc(sums: _Sums) -> Floats:
    """CCC: subjects and error are n (s_x^2 + s_y^2 +- 2 s_xy) / 2, conditions n (m_x - m_y)^2 / 2."""
    return np.asarray((sums.subjects - sums.error) / (sums.subjects + sums.error + 2 * sums.conditions))


def _harmonizable(values: Floats, counts: Floats) -> Floats:
    """Share of the level in all variance but the subjects', with draws nested in the cells."""
    k, draws = values.shape[1:3]
    n = counts.sum(axis=0)
    cells = values.mean(axis=2)
    sums = _resampled(cells, counts)
    msc, mse = sums.conditions / (k - 1), sums.error / ((n - 1) * (k - 1))
    spread = np.square(values - cells[:, :, None]).sum(axis=(1, 2))
    level = np.maximum((msc - 2 * mse) / n, 0.0)
    if draws == 1:
        return np.asarray(level / (level + mse))
    within = (spread.T @ counts) / (n * k * (draws - 1))
    rest = np.maximum(mse - within / draws, 0.0) + within
    return np.asarray(level / (level + rest))
