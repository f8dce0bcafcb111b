"""Interval of ICC(A,1) when the conditions are named levels: fixed, not a sample of levels.

McGraw and Wong's interval treats the conditions as drawn at random. For a reference and one level (k = 2) it
has one degree of freedom for the bias and its lower limit falls to nearly nothing at a bias of 0.3 SD,
whatever the number of subjects. Here the level means are fixed parameters, known up to error.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import special

from robustrad.stability.anova import Floats, MeanSquares

DRAWS = 2000
SEED = 20_220_613
_CHUNK = 64  # features at a time: 64 x 2,000 doubles stay in cache


class Limits(NamedTuple):
    """Lower and upper limit; arrays of shape (p_features,)."""

    low: Floats
    high: Floats


class _Draws(NamedTuple):
    rows: Floats  # (n-1) / chi2(n-1)
    error: Floats  # df / chi2(df)
    along: Floats  # standard normal: error of the level means along their own direction
    across: Floats  # chi2(k-2): squared error of the level means across it


def fixed_limits(
    squares: MeanSquares, *, alpha: float = 0.05, draws: int = DRAWS, seed: int = SEED
) -> Limits:
    """Return the generalized interval of ICC(A,1) for fixed levels.

    Parameters
    ----------
    squares : MeanSquares
        Of a complete table.
    alpha : float, default 0.05
        One minus the coverage of the two-sided interval.
    draws : int, default 2000
        Monte Carlo draws, shared by all features.
    seed : int
        Of the draws. The same input gives the same limits, in any order of subjects or levels.

    Returns
    -------
    Limits

    Notes
    -----
    With MSR* = MSR (n-1)/chi2(n-1), MSE* = MSE df/chi2(df), df = (n-1)(k-1), means m* = m + N(0, MSE*/n)::

        theta2 = max(0, var(m*, ddof 1) - 2 MSE*/n)
        icc*   = var_s / (var_s + theta2 + MSE*),   var_s = (MSR* - MSE*) / k

    and the limits are the alpha/2 and 1 - alpha/2 quantiles of icc*. The variance of k disturbed means
    depends on the means' own variance only (MSC/n), through a noncentral chi-square, so no level needs a draw
    of its own. The draws fill a Latin hypercube, which steadies the quantiles at the same number of draws.
    """
    n, k, p = squares.n, squares.k, squares.rows.size
    star = _draws(n, k, draws, seed)
    low, high = np.empty(p), np.empty(p)
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, p, _CHUNK):
            part = slice(start, min(start + _CHUNK, p))
            rows = squares.rows[part, None] * star.rows
            error = squares.error[part, None] * star.error
            theta = _level_variance(squares.columns[part, None], error, star, n, k)
            subjects = (rows - error) / k
            low[part], high[part] = tails(subjects / (subjects + theta + error), alpha)
    return Limits(low, high)


def share_samples(f: Floats, n: int, k: int) -> Floats:
    """Return draws of theta2 / (theta2 + var_e) for each F = MSC/MSE, shape (f.size, DRAWS)."""
    star = _draws(n, k, DRAWS, SEED)
    error = np.broadcast_to(star.error, (f.size, DRAWS))
    theta = _level_variance(f[:, None], error, star, n, k)
    return np.asarray(theta / (theta + error))


def _level_variance(columns: Floats, error: Floats, star: _Draws, n: int, k: int) -> Floats:
    """Draws of the variance of the level means, freed of their own error: theta2 of the notes above."""
    noise = error / n
    bias = np.sqrt(columns * ((k - 1) / n))
    theta = ((bias + np.sqrt(noise) * star.along) ** 2 + noise * star.across) / (k - 1)
    return np.asarray(np.maximum(theta - 2 * noise, 0.0))


@lru_cache(maxsize=64)
def _draws(n: int, k: int, draws: int, seed: int) -> _Draws:
    rng = np.random.default_rng([seed, n, k])
    uniform = np.stack([(rng.permutation(draws) + rng.random(draws)) / draws for _ in range(4)])
    df = (n - 1) * (k - 1)
    across = _chi2(k - 2, uniform[3]) if k > 2 else np.zeros(draws)
    return _Draws(
        (n - 1) / _chi2(n - 1, uniform[0]), df / _chi2(df, uniform[1]), special.ndtri(uniform[2]), across
    )


def _chi2(df: int, uniform: Floats) -> Floats:
    return np.asarray(2.0 * special.gammaincinv(df / 2, uniform))


def tails(samples: Floats, alpha: float) -> Limits:
    """Quantiles alpha/2 and 1 - alpha/2 along the last axis, linear between order statistics.

    Reorders ``samples``.
    """
    last = samples.shape[-1] - 1
    places = [alpha / 2 * last, (1 - alpha / 2) * last]
    below = [int(place) for place in places]
    samples.partition(sorted({*below, *(min(i + 1, last) for i in below)}), axis=-1)
    limits = []
    for place, i in zip(places, below, strict=True):
        left, right = samples[..., i], samples[..., min(i + 1, last)]
        limits.append(left + (right - left) * (place - i))
    return Limits(limits[0], limits[1])
