"""Ridge-penalized logistic regression by Newton's method: exact, deterministic, fast on few columns."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from robustrad.drift.data import Floats

_ITERATIONS = 100
_TOLERANCE = 1e-10


class RidgeLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    r"""Binary logistic regression with a ridge penalty, as scikit-learn's ``LogisticRegression`` defines it.

    Minimizes :math:`\tfrac12 \lVert w \rVert^2 + C \sum_i s_i \log(1 + e^{-\tilde y_i (x_i^\top w + b)})`;
    the intercept is not penalized.

    Parameters
    ----------
    C : float
        Inverse strength of the penalty; larger than 0.

    Attributes
    ----------
    coef_, intercept_ : ndarray of shape (1, p) and (1,)
        The solution.
    """

    def __init__(self, *, C: float = 1.0) -> None:
        self.C = C

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to rows of X and their class (two labels; the larger is class 1)."""
        values, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if self.classes_.size != 2:
            raise ValueError(
                f"Only binary classification is supported. y has {self.classes_.size} class: expected 2"
            )
        weights = _check_sample_weight(sample_weight, values, dtype=np.float64)
        solution = ridge_newton(values, codes, weights, C=self.C)
        self.coef_, self.intercept_ = solution[None, 1:], solution[:1]
        return self

    def decision_function(self, X: Any) -> Floats:
        """Return the log odds of class 1, shape (m,)."""
        check_is_fitted(self)
        values = validate_data(self, X, reset=False, dtype=np.float64)
        return np.asarray(values @ self.coef_[0] + self.intercept_[0])

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of either class, shape (m, 2)."""
        p = expit(self.decision_function(X))
        return np.column_stack([1.0 - p, p])

    def predict(self, X: Any) -> Any:
        """Return the likelier class of each row."""
        check_is_fitted(self)
        return self.classes_[(self.decision_function(X) > 0).astype(np.intp)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


def ridge_newton(X: Floats, y: Any, weights: Floats, *, C: float) -> Floats:
    """Return intercept and weights, shape (1 + p,): Newton steps, halved while they do not descend."""
    n, p = X.shape
    design = np.empty((n, p + 1))
    design[:, 0] = 1.0
    design[:, 1:] = X
    penalty = np.full(p + 1, 1.0 / C)
    penalty[0] = 0.0
    beta = np.zeros(p + 1)
    loss = _loss(design @ beta, y, weights, penalty, beta)
    for _ in range(_ITERATIONS):
        q = expit(design @ beta)
        gradient = design.T @ (weights * (q - y)) + penalty * beta
        hessian = (design * (weights * q * (1.0 - q))[:, None]).T @ design
        hessian[np.diag_indices(p + 1)] += penalty + 1e-12
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-8:
            trial = beta - size * step
            new = _loss(design @ trial, y, weights, penalty, trial)
            if new <= loss + 1e-12 * abs(loss):
                break
            size /= 2.0
        else:
            break
        beta, loss = trial, new
        if np.abs(size * step).max() <= _TOLERANCE * (1.0 + np.abs(beta).max()):
            break
    return beta


def _loss(eta: Floats, y: Any, weights: Floats, penalty: Floats, beta: Floats) -> float:
    return float(weights @ (np.logaddexp(0.0, eta) - y * eta) + 0.5 * penalty @ beta**2)
