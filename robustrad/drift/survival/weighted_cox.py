r"""Ridge Cox regression with weights of the rows, which scikit-survival's has not.

.. math::
    \min_\beta \; -\sum_{i\,:\,\text{event}} w_i
    \Big( x_i\beta - \log \sum_{j\,:\,t_j \ge t_i} w_j e^{x_j\beta} \Big) + \tfrac{\alpha}{2} \beta^\top\beta

Equal times as Breslow does. With all weights 1 it is the optimum of scikit-survival; a row of weight 2 is two
rows of weight 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from robustrad.core.errors import DataError
from robustrad.drift.data import Codes, Floats
from robustrad.drift.survival.times import Survival

_STEPS, _ENOUGH, _SMALLEST = 100, 1e-12, 1e-10


@dataclass(frozen=True)
class WeightedCox:
    """Coefficients of a weighted fit.

    Attributes
    ----------
    coef_ : ndarray of shape (q,)
        Log hazard ratio of each feature.
    """

    coef_: Floats

    def predict(self, X: Floats) -> Floats:
        """Return the log relative hazard of each row."""
        return np.asarray(X @ self.coef_)


def fit_weighted_cox(X: Floats, y: Survival, weights: Floats, *, alpha: float) -> WeightedCox:
    """Return the optimum, by Newton steps that are halved until the loss falls.

    Parameters
    ----------
    X : ndarray of shape (m, q)
        Scaled features.
    y : Survival
        Of the m rows.
    weights : ndarray of shape (m,)
        Positive; a tuned ``alpha`` means the same where they sum to the number of patients it was tuned on.
    alpha : float
        Positive: the optimum exists and is one.

    Raises
    ------
    DataError
        If the steps do not arrive.
    """
    order = np.argsort(-y.time, kind="stable")
    rows = _Sorted.of(X[order], y.take(order), weights[order], alpha)
    beta = np.zeros(X.shape[1])
    for _ in range(_STEPS):
        hessian, gradient = rows.curvature(beta)
        step = np.linalg.solve(hessian, gradient)
        if float(gradient @ step) < _ENOUGH:  # so near, the whole step arrives
            return WeightedCox(beta - step)
        size, loss = 1.0, rows.loss(beta)
        while rows.loss(beta - size * step) > loss and size > _SMALLEST:
            size /= 2
        if size <= _SMALLEST:  # no smaller loss in double precision
            return WeightedCox(beta)
        beta = beta - size * step
    raise DataError("cox", f"no optimum after {_STEPS} Newton steps", "a fit that arrives")


class _Curvature(NamedTuple):
    hessian: Floats
    gradient: Floats


@dataclass(frozen=True)
class _Sorted:
    """Rows from the longest time to the shortest; those at risk at row i are rows 0 .. at[i]."""

    x: Floats
    w: Floats
    alpha: float
    events: Codes
    at: Codes

    @classmethod
    def of(cls, x: Floats, y: Survival, w: Floats, alpha: float) -> _Sorted:
        events = np.flatnonzero(y.event)
        at = np.searchsorted(-y.time, -y.time, side="right")[events] - 1
        return cls(x, w, alpha, events, at)

    def loss(self, beta: Floats) -> float:
        eta = self.x @ beta
        top = float(eta.max())
        risk = np.log(np.cumsum(self.w * np.exp(eta - top))[self.at]) + top
        return float(self.alpha / 2 * beta @ beta - self.w[self.events] @ (eta[self.events] - risk))

    def curvature(self, beta: Floats) -> _Curvature:
        eta = self.x @ beta
        r = self.w * np.exp(eta - eta.max())
        c, total = self.w[self.events], np.cumsum(r)[self.at]
        mean = np.cumsum(r[:, None] * self.x, axis=0)[self.at] / total[:, None]
        # Row j is at risk at all events whose at-risk set reaches it: its share of the second moments.
        share = np.bincount(self.at, weights=c / total, minlength=r.size)[::-1].cumsum()[::-1]
        hessian = self.x.T @ ((r * share)[:, None] * self.x) - mean.T @ (c[:, None] * mean)
        gradient = self.alpha * beta - c @ (self.x[self.events] - mean)
        return _Curvature(hessian + self.alpha * np.eye(beta.size), gradient)
