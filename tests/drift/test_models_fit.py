"""Fitting a model: every model, tuning, thresholds, users' estimators, ComBat inside."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from robustrad.core.errors import DataError
from robustrad.drift.metrics.delong import delong
from robustrad.drift.metrics.threshold import choose_threshold
from robustrad.drift.models import ModelSpec, fit_model
from robustrad.drift.models.spec import MODELS
from robustrad.drift.models.stability import patient_stability
from robustrad.drift.models.tuning import fit_sigmoid, to_probability
from tests.drift.simulated import simulate

USERS = """
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

pipeline = make_pipeline(StandardScaler(), LogisticRegression())
margin = LinearSVC(C=0.1)
not_a_model = 3
"""


@pytest.fixture
def users(tmp_path, monkeypatch):
    (tmp_path / "users_models.py").write_text(USERS)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "users_models"
    sys.modules.pop("users_models", None)


def halves(n=120, **given):
    data = simulate(n, **given)
    return data, np.arange(n) < n // 2


@pytest.mark.parametrize("name", MODELS)
def test_every_model_finds_the_signal_and_repeats_itself_to_the_bit(name):
    data, train = halves()
    spec = ModelSpec(name)
    args = (spec, data.reference[train], data.outcome[train], data.groups[train])
    model, again = fit_model(*args, seed=5), fit_model(*args, seed=5)
    p = model.probability(data.reference[~train])
    assert delong(data.outcome[~train], p).auc[0] > 0.8
    assert p.min() >= 0
    assert p.max() <= 1
    assert model.fingerprint() == again.fingerprint()
    np.testing.assert_array_equal(p, again.probability(data.reference[~train]))
    assert model.selected[:2].all()


def test_tuned_hyperparameters_are_taken_over_and_not_sought_again():
    data, train = halves()
    rows = (data.reference[train], data.outcome[train], data.groups[train])
    model = fit_model(ModelSpec(), *rows, seed=1)
    taken = fit_model(ModelSpec(), *rows, seed=1, tuned=model.tuned)
    assert taken.tuned == model.tuned
    assert taken.fingerprint() == model.fingerprint()


def test_other_data_or_another_seed_give_another_fingerprint():
    data, train = halves()
    rows = (data.reference[train], data.outcome[train], data.groups[train])
    changed = data.reference[train].copy()
    changed[0, 0] += 1e-6
    boosted = ModelSpec("gradient_boosting")
    marks = {
        fit_model(boosted, *rows, seed=1).fingerprint(),
        fit_model(boosted, *rows, seed=2).fingerprint(),
        fit_model(boosted, changed, *rows[1:], seed=1).fingerprint(),
    }
    assert len(marks) == 3


def test_the_threshold_comes_from_inner_folds_not_from_the_fitted_rows():
    data, train = halves(signal=0.4)
    rows = (data.reference[train], data.outcome[train], data.groups[train])
    model = fit_model(ModelSpec("gradient_boosting"), *rows, seed=1)
    in_sample = choose_threshold(rows[1], model.probability(rows[0]))
    assert model.tuned.threshold != in_sample
    assert 0 < model.tuned.threshold < 1


def test_two_patients_of_a_class_are_enough_for_a_fit_without_tuning():
    X = np.random.default_rng(0).normal(size=(6, 3))
    y = np.array([0, 0, 0, 0, 0, 1])
    model = fit_model(ModelSpec("svm"), X, y, np.arange(6))
    assert np.isnan(model.tuned.auc)
    assert np.isfinite(model.tuned.threshold)
    assert np.isfinite(model.probability(X)).all()


def test_the_number_of_selected_features_is_the_declared_one():
    data, train = halves(p=30)
    rows = (data.reference[train], data.outcome[train], data.groups[train])
    for selector in ("univariate", "l1"):
        assert fit_model(ModelSpec(n_features=3, selector=selector), *rows).selected.sum() == 3
    assert fit_model(ModelSpec(selector="none"), *rows).selected.sum() == 30


def test_perturbations_decide_which_of_two_equal_features_stays():
    data = simulate(60, k=3, p=4, noise=0.05)
    values = data.values.copy()
    values[:, :, 3] = values[:, :, 0]
    values[:, 1:, 0] += 2.0 * np.random.default_rng(0).normal(size=(60, 2))
    noisy = data.with_features(values, data.features)
    spec = ModelSpec(selector="none")
    model = fit_model(spec, noisy.reference, noisy.outcome, noisy.groups, stability=patient_stability(noisy))
    assert model.selected.tolist() == [False, True, True, True]


def test_a_sigmoid_never_turns_the_decisions_round():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    decisions = rng.normal(size=40) - 0.8 * y
    p = to_probability(decisions, fit_sigmoid(decisions, y))
    assert (np.argsort(p) == np.argsort(decisions)).all()


def test_a_users_pipeline_gets_all_features_and_a_margin_gets_a_sigmoid(users):
    data, train = halves()
    rows = (data.reference[train], data.outcome[train], data.groups[train])
    whole = fit_model(ModelSpec(f"{users}:pipeline"), *rows)
    assert whole.selected.all()
    margin = fit_model(ModelSpec(f"{users}:margin"), *rows)
    assert margin.tuned.sigmoid is not None
    for model in (whole, margin):
        assert delong(data.outcome[~train], model.probability(data.reference[~train])).auc[0] > 0.8


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("logistics", "Did you mean logistic?"),
        ("no_such_module_here:thing", "No module named"),
        ("users_models:nothing", "has no attribute"),
        ("users_models:not_a_model", "without predict_proba"),
    ],
)
def test_an_unusable_model_is_a_named_error(users, name, said):
    data, train = halves()
    with pytest.raises(DataError, match=said):
        fit_model(ModelSpec(name), data.reference[train], data.outcome[train], data.groups[train])


def test_combat_inside_the_fit_is_applied_to_new_rows_with_their_batch():
    data, train = halves(n=160)
    batch = np.where(np.arange(160) % 4 < 2, "A", "B")
    values = data.reference + 4.0 * (batch == "B")[:, None]
    spec = ModelSpec(combat=True)
    model = fit_model(spec, values[train], data.outcome[train], data.groups[train], batch=batch[train])
    p = model.probability(values[~train], batch=batch[~train])
    b = batch[~train]
    assert abs(p[b == "A"].mean() - p[b == "B"].mean()) < 0.12
    plain = fit_model(ModelSpec(), values[train], data.outcome[train], data.groups[train])
    assert delong(data.outcome[~train], p).auc[0] > delong(
        data.outcome[~train], plain.probability(values[~train])
    ).auc[0]  # fmt: skip


def test_features_that_are_not_finite_or_do_not_vary_are_named_errors():
    X, y = np.ones((10, 2)), np.arange(10) % 2
    with pytest.raises(DataError, match="no feature varies"):
        fit_model(ModelSpec(), X, y, np.arange(10))
    X[0, 0] = np.nan
    with pytest.raises(DataError, match="1 values are not finite"):
        fit_model(ModelSpec(), X, y, np.arange(10))
    with pytest.raises(DataError, match="1 class"):
        fit_model(ModelSpec(), np.zeros((10, 2)), np.zeros(10, dtype=int), np.arange(10))
