"""The six ICC forms of McGraw and Wong, with their intervals, from mean squares."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from robustrad.stability.anova import Floats, MeanSquares
from robustrad.stability.quantiles import satterthwaite_quantiles

FORMS = ("icc_1_1", "icc_a_1", "icc_c_1", "icc_1_k", "icc_a_k", "icc_c_k")


class Estimate(NamedTuple):
    """A point estimate with its two-sided interval; arrays of shape (p_features,)."""

    value: Floats
    low: Floats
    high: Floats


class FTest(NamedTuple):
    """An F statistic and its p value; arrays of shape (p_features,)."""

    statistic: Floats
    p: Floats


def six_forms(squares: MeanSquares, *, alpha: float = 0.05) -> dict[str, Estimate]:
    """Return the ICC forms 1,1 - A,1 - C,1 - 1,k - A,k - C,k with 1 - alpha intervals.

    Nothing is clipped: a negative estimate stays negative.

    Parameters
    ----------
    squares : MeanSquares
        Of a complete table.
    alpha : float, default 0.05
        One minus the coverage of the two-sided intervals.

    Returns
    -------
    dict of str to Estimate
        Keys are :data:`FORMS`.

    References
    ----------
    McGraw and Wong 1996, doi:10.1037/1082-989X.1.1.30 (tables 4 and 7); Shrout and Fleiss 1979,
    doi:10.1037/0033-2909.86.2.420.
    """
    n, k = squares.n, squares.k
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        one_way = _without_bias(squares, squares.within, n * (k - 1), alpha)
        two_way = _without_bias(squares, squares.error, (n - 1) * (k - 1), alpha)
        agreement = _agreement(squares, alpha)
        single = {"icc_1_1": one_way, "icc_a_1": agreement, "icc_c_1": two_way}
        average = {f"{form[:-1]}k": averaged(estimate, k) for form, estimate in single.items()}
    return {**single, **average}


def averaged(single: Estimate, k: int) -> Estimate:
    """Return the ICC of the mean of ``k`` conditions (Spearman-Brown), limits included.

    A limit at or below -1/(k-1) has no finite step-up; it becomes minus infinity, which it approaches.
    """

    def step_up(r: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            stepped = k * r / (1 + (k - 1) * r)
        return np.asarray(np.where(r <= -1 / (k - 1), -np.inf, stepped))

    return Estimate(*(step_up(part) for part in single))


def bias_test(squares: MeanSquares) -> FTest:
    """Return F = MSC/MSE and its p: do the conditions' means differ? (Not the reliability test MSR/MSE.)"""
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = squares.columns / squares.error
    between = squares.k - 1
    return FTest(statistic, special.fdtrc(between, (squares.n - 1) * between, statistic))


def _without_bias(squares: MeanSquares, noise: Floats, df: int, alpha: float) -> Estimate:
    """ICC(1,1) when ``noise`` is MSW, ICC(C,1) when it is MSE; ``df`` are the noise's degrees of freedom.

    The limits (F - 1)/(F + k - 1) are written without the ratio F, so that no noise at all gives 1.
    """
    rows, k = squares.rows, squares.k
    lower = special.fdtri(squares.n - 1, df, 1 - alpha / 2)
    upper = special.fdtri(df, squares.n - 1, 1 - alpha / 2)
    return Estimate(
        (rows - noise) / (rows + (k - 1) * noise),
        (rows - lower * noise) / (rows + (k - 1) * lower * noise),
        (upper * rows - noise) / (upper * rows + (k - 1) * noise),
    )


def _agreement(squares: MeanSquares, alpha: float) -> Estimate:
    """ICC(A,1); the interval's denominator degrees of freedom are Satterthwaite's, one per feature."""
    rows, columns, error, n, k = squares.rows, squares.columns, squares.error, squares.n, squares.k
    r = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    # a and b of McGraw and Wong, both times n (1 - r): the ratio below does not change and r = 1 is no pole.
    a = k * r * columns
    b = (n * (1 - r) + k * r * (n - 1)) * error
    df = (a + b) ** 2 / (a**2 / (k - 1) + b**2 / ((n - 1) * (k - 1)))
    lower, upper = satterthwaite_quantiles(df, n, k, alpha)
    spread = k * columns + (k * n - k - n) * error
    # Both limits divided by their quantile: with few degrees of freedom it overflows, the limits do not.
    low = n * (rows / lower - error) / (spread + n * rows / lower)
    high = n * (rows - error / upper) / (spread / upper + n * rows)
    return Estimate(r, low, high)
