"""Finished models: which probability counts, and what is no model at all."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from robustrad.audit.drift import drift
from robustrad.core.errors import DataError
from tests.drift.tables import plain_table

FAST = {"repeats": 1, "permutations": 0, "bootstraps": 100, "jobs": 1}
COLUMNS = ["a", "b"]


@pytest.fixture
def offer(monkeypatch):
    """Make objects importable as ``models_of_a_test:name``."""
    module = type(sys)("models_of_a_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def put(given: object, name: str = "given") -> str:
        setattr(module, name, given)
        return f"{module.__name__}:{name}"

    return put


def auc(table, model, **more) -> float:
    return float(drift(table, outcome="y", model=model, **more, **FAST).tables.drift["auc"].iloc[0])


def fitted(table, labels) -> LogisticRegression:
    return LogisticRegression().fit(table[COLUMNS], labels)


def test_the_probability_is_that_of_the_positive_label_whichever_class_it_is(offer):
    table = plain_table()
    right = auc(table, offer(fitted(table, table["y"])))
    assert right > 0.7
    words = table.assign(y=np.where(table["y"] == 1, "bad", "good"))
    model = offer(fitted(words, words["y"]))
    assert auc(words, model, positive="bad") == pytest.approx(right, abs=1e-9)
    assert auc(words, model, positive="good") == pytest.approx(right, abs=1e-9)
    # 0 and 1 are class 0 and 1 of the run, whatever the labels.
    assert auc(words, offer(fitted(table, table["y"]), "numbers"), positive="bad") == pytest.approx(right)


def test_a_model_of_other_classes_is_refused(offer):
    table = plain_table()
    words = offer(fitted(table, np.where(table["y"] == 1, "bad", "good")), "words")
    with pytest.raises(DataError, match=r"its classes are bad, good; expected two, one of them '1'"):
        auc(table, words)
    three = offer(fitted(table, np.arange(len(table)) % 3), "three")
    with pytest.raises(DataError, match=r"its classes are 0, 1, 2"):
        auc(table, three)


class Finished:
    """No estimator: it can predict and nothing else."""

    def predict_proba(self, X):
        return np.column_stack([1 - self.p(X), self.p(X)])

    @staticmethod
    def p(X):
        return 1 / (1 + np.exp(-X[:, 0]))


def test_a_finished_thing_of_any_make_is_evaluated(offer):
    table = plain_table()
    found = drift(table, outcome="y", model=offer(Finished()), **FAST)
    assert found.arms[0].frozen
    np.testing.assert_allclose(
        found.arms[0].scores[0, :, 0], Finished.p(table.sort_values("case_id")[COLUMNS].to_numpy())
    )


class Learns(Finished):
    """Neither an estimator nor finished."""

    def fit(self, X, y):  # noqa: ARG002 - the signature of an estimator
        return self


def test_a_thing_that_learns_must_be_an_estimator(offer):
    with pytest.raises(DataError, match="with fit that is no scikit-learn estimator"):
        auc(plain_table(), offer(Learns()))


class Missing(LogisticRegression):
    def predict_proba(self, X):
        return super().predict_proba(X) * np.nan


class Short(LogisticRegression):
    def predict_proba(self, X):
        return super().predict_proba(X)[:-1]


@pytest.mark.parametrize(("model", "found"), [(Missing, "values are not finite"), (Short, "shape")])
def test_what_a_model_predicts_is_a_number_for_each_row(offer, model, found):
    with pytest.raises(DataError, match=rf"predict_proba of {model.__name__}.*{found}"):
        auc(plain_table(), offer(model))


def test_a_threshold_of_finished_scores_is_a_probability():
    table = plain_table().assign(p=0.5)
    with pytest.raises(DataError, match=r"threshold: 1\.5; expected a probability"):
        drift(table, outcome="y", score="p", threshold=1.5, **FAST)
