"""Empirical Bayes over the features of one batch: parametric and nonparametric."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.harmonize.errors import HarmonizationError

Floats = NDArray[np.float64]

TOLERANCE = 1e-4  # sva's; smaller values would be more exact and no longer sva's numbers
MAX_ITERATIONS = 1000
_ROWS = 256  # features at a time in the p x p likelihood


def shrink_parametric(
    S: Floats, mean: Floats, variance: Floats, *, max_iterations: int = MAX_ITERATIONS
) -> tuple[Floats, Floats]:
    r"""Return posterior gamma and delta of one batch under a normal and an inverse gamma prior.

    .. math::
        \gamma^* = \frac{\tau^2 n \hat\gamma + \delta^* \bar\gamma}{\tau^2 n + \delta^*}, \qquad
        \delta^* = \frac{\theta + \frac12 \sum (s - \gamma^*)^2}{\lambda + n/2 - 1}

    with :math:`\lambda = 2 + m^2/v`, :math:`\theta = m (\lambda - 1)` and m, v the mean and variance of
    the batch's variances over the features. Both are divided by :math:`\lambda - 1` here, which leaves
    :math:`\delta^*` defined where all variances are equal (v = 0).

    Parameters
    ----------
    S : ndarray of shape (n, p)
        Standardized rows of the batch, p >= 2.
    mean, variance : ndarray of shape (p,)
        Their means and variances (ddof 1).
    max_iterations : int
        Where to stop with an error.

    Raises
    ------
    HarmonizationError
        If the iteration has not settled after ``max_iterations``.
    """
    within = ((S - mean) ** 2).sum(axis=0)
    return shrink_moments(S.shape[0], mean, variance, within, max_iterations=max_iterations)


def shrink_moments(
    n: int, mean: Floats, variance: Floats, within: Floats, *, max_iterations: int = MAX_ITERATIONS
) -> tuple[Floats, Floats]:
    """Return what :func:`shrink_parametric` returns, from the moments of the batch's standardized rows.

    Parameters
    ----------
    n : int
        Rows of the batch.
    mean, variance, within : ndarray of shape (p,)
        Mean, variance (ddof 1) and sum of squares about the mean of each feature, p >= 2.
    max_iterations : int
        Where to stop with an error.

    Raises
    ------
    HarmonizationError
        If the iteration has not settled after ``max_iterations``.
    """
    center, tau2 = mean.mean(), np.var(mean, ddof=1)
    m, v = variance.mean(), np.var(variance, ddof=1)
    weight = v / (v + m**2)  # 1 / (lambda - 1)
    gamma, delta = mean, variance
    for _ in range(max_iterations):
        gamma_new = (tau2 * n * mean + delta * center) / (tau2 * n + delta)
        squares = within + n * (mean - gamma_new) ** 2
        delta_new = (0.5 * weight * squares + m) / (0.5 * weight * n + 1.0)
        settled = max(_change(gamma_new, gamma), _change(delta_new, delta)) <= TOLERANCE
        gamma, delta = gamma_new, delta_new
        if settled:
            return gamma, delta
    raise HarmonizationError(
        "ComBat",
        f"the empirical Bayes estimates had not settled after {max_iterations} iterations",
        f"a relative change of at most {TOLERANCE}",
        "Look for outliers in this batch, or use eb=False.",
    )


def shrink_nonparametric(S: Floats, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return posterior gamma and delta of one batch, the other features being the prior.

    Feature g gets the mean of the other features' (gamma, delta), weighted by the likelihood of g's own
    rows under them. The weights are normalized as logarithms, so that they do not vanish in large batches;
    the sum of squares about another feature's mean is expanded about the own one, so that no
    p x p x n table is needed.
    """
    n, p = S.shape
    within = ((S - mean) ** 2).sum(axis=0)
    constant = -0.5 * n * np.log(variance)
    gamma, delta = np.empty(p), np.empty(p)
    for start in range(0, p, _ROWS):
        rows = np.arange(start, min(start + _ROWS, p))
        squares = within[rows, None] + n * (mean[rows, None] - mean) ** 2
        log_weight = constant - 0.5 * squares / variance
        log_weight[np.arange(rows.size), rows] = -np.inf
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        gamma[rows], delta[rows] = weight @ mean, weight @ variance
    return gamma, delta


def _change(new: Floats, old: Floats) -> float:
    # The denominator keeps its sign, as in sva: features with a negative gamma do not hold up the others.
    # With its absolute value the iteration runs a little longer and the numbers are not sva's any more.
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(new - old) / old
    return float(np.max(np.where(np.isnan(ratio), 0.0, ratio)))
