from __future__ import annotations

import numpy as np
import pytest

from robustrad.drift.survival.times import Survival
from robustrad.drift.survival.weighted_cox import fit_weighted_cox
from tests.drift.survival.followed import EVENT, TIME


def rows(seed: int, n: int = 24, q: int = 3) -> tuple[np.ndarray, Survival]:
    rng = np.random.default_rng(seed)
    if n == TIME.size:
        return rng.normal(size=(n, q)), Survival(TIME, EVENT)
    return rng.normal(size=(n, q)), Survival(rng.integers(1, 12, n).astype(float), rng.random(n) < 0.6)


@pytest.mark.parametrize("alpha", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("n", [24, 90])
def test_without_weights_it_is_scikit_survivals_optimum(n: int, alpha: float) -> None:
    linear = pytest.importorskip("sksurv.linear_model", reason="needs the extra 'survival'")
    util = pytest.importorskip("sksurv.util")
    X, y = rows(1, n)
    expected = linear.CoxPHSurvivalAnalysis(alpha=alpha, tol=1e-14).fit(
        X, util.Surv.from_arrays(y.event, y.time)
    )
    found = fit_weighted_cox(X, y, np.ones(n), alpha=alpha)
    np.testing.assert_allclose(found.coef_, expected.coef_, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.predict(X), X @ found.coef_, rtol=0, atol=0)


def test_the_gradient_of_the_weighted_loss_is_zero() -> None:
    X, y = rows(2)
    weights = np.random.default_rng(3).uniform(0.1, 3, 24)
    beta = fit_weighted_cox(X, y, weights, alpha=0.7).coef_
    gradient = 0.7 * beta
    for i in np.flatnonzero(y.event):
        at_risk = y.time >= y.time[i]
        share = weights[at_risk] * np.exp(X[at_risk] @ beta)
        gradient = gradient - weights[i] * (X[i] - share @ X[at_risk] / share.sum())
    np.testing.assert_allclose(gradient, 0.0, atol=1e-9)


def test_a_row_of_weight_two_is_two_rows() -> None:
    X, y = rows(4, 60)
    times = np.random.default_rng(5).integers(1, 4, 60)
    twice = np.repeat(np.arange(60), times)
    weighted = fit_weighted_cox(X, y, times.astype(float), alpha=1.0)
    repeated = fit_weighted_cox(X[twice], y.take(twice), np.ones(twice.size), alpha=1.0)
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=0, atol=1e-9)


def test_a_perfect_predictor_stays_finite() -> None:
    time = np.arange(1.0, 31.0)
    X = -1e3 * time[:, None] / time.std()
    found = fit_weighted_cox(X, Survival(time, np.ones(30, dtype=bool)), np.full(30, 0.5), alpha=1e-3)
    assert np.isfinite(found.coef_).all()
    assert found.coef_[0] > 0
