"""The ridge logistic regression against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import estimator_checks_generator

from robustrad.drift.models.logistic import RidgeLogistic


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
def test_it_is_scikit_learns_solution(C):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(80, 6))
    y = (X[:, 0] + rng.normal(size=80) > 0.4).astype(int)
    weights = rng.uniform(0.2, 2.0, 80)
    ours = RidgeLogistic(C=C).fit(X, y, sample_weight=weights)
    theirs = LogisticRegression(C=C, tol=1e-12, max_iter=10_000, solver="newton-cholesky")
    theirs.fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-8)


def test_separated_classes_give_finite_weights():
    X = np.linspace(-1, 1, 20)[:, None]
    fitted = RidgeLogistic(C=10.0).fit(X, (X[:, 0] > 0).astype(int))
    assert np.isfinite(fitted.coef_).all()
    assert fitted.coef_[0, 0] > 5


def test_scikit_learns_checks_pass():
    for estimator, check in estimator_checks_generator(RidgeLogistic()):
        check(estimator)
