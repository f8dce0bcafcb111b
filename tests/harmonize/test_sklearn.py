"""ComBat as scikit-learn sees it: its own checks, pipelines with metadata routing, cross-validation."""

# ruff: noqa: ARG002 - the adapters keep the signatures that they override

from __future__ import annotations

import doctest
import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import robustrad.harmonize.combat as module
from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.errors import HarmonizationError
from robustrad.harmonize.sequential import SequentialComBat

from .conftest import Table


def batch_of(X: Any) -> np.ndarray:
    """A batch that follows from the row itself, so that the checks may call without one."""
    values = np.asarray(X.to_numpy() if hasattr(X, "to_numpy") else X, dtype=float)
    return np.where(np.floor(np.abs(np.nan_to_num(values[:, 0])) * 1234.567) % 2 == 0, "even", "odd")


class SelfBatched(ComBat):
    """ComBat for callers that give X and y alone."""

    def fit(self, X: Any, y: Any = None, *, batch: Any = None, covariates: Any = None) -> SelfBatched:
        return super().fit(X, y, batch=self._own(X, batch), covariates=covariates)

    def transform(self, X: Any, *, batch: Any = None, covariates: Any = None) -> Any:
        return super().transform(X, batch=self._own(X, batch), covariates=covariates)

    def fit_transform(self, X: Any, y: Any = None, *, batch: Any = None, covariates: Any = None) -> Any:
        return self.fit(X, y).transform(X)

    @staticmethod
    def _own(X: Any, batch: Any) -> Any:
        try:
            return batch_of(X) if batch is None else batch
        except (IndexError, TypeError, ValueError):
            return ["a"]  # not a table of numbers: what follows says so


class SelfBatchedChain(SequentialComBat):
    """The same for a chain of two batch variables."""

    def fit(self, X: Any, y: Any = None, *, batch: Any = None, covariates: Any = None) -> SelfBatchedChain:
        return super().fit(X, y, batch=self._own(X))

    def transform(self, X: Any, *, batch: Any = None, covariates: Any = None) -> Any:
        return super().transform(X, batch=self._own(X))

    def fit_transform(self, X: Any, y: Any = None, *, batch: Any = None, covariates: Any = None) -> Any:
        return self.fit(X, y).transform(X)

    @staticmethod
    def _own(X: Any) -> Any:
        own = SelfBatched._own(X, None)
        return pd.DataFrame(
            {"site": own, "kernel": own}, index=X.index if isinstance(X, pd.DataFrame) else None
        )


EXCEPTIONS = {
    "check_estimators_pickle": "puts a NaN into every feature: with nothing left to harmonize ComBat says so",
}
STEP = {"min_batch_size": 2, "on_unseen": "passthrough", "engine": "native"}


def checks() -> list[Any]:
    chain = SelfBatchedChain([("site", ComBat(**STEP)), ("kernel", ComBat(**STEP, eb=False))])
    return [*estimator_checks_generator(SelfBatched(**STEP)), *estimator_checks_generator(chain)]


def name_of(value: Any) -> str:
    return value.func.__name__ if hasattr(value, "func") else type(value).__name__


@pytest.mark.parametrize(("estimator", "check"), checks(), ids=name_of)
def test_check_estimator(estimator: Any, check: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks feed constant features on purpose
        if name_of(check) in EXCEPTIONS:
            with pytest.raises(HarmonizationError, match="none of 3 features"):
                check(estimator)
        else:
            check(estimator)


def test_it_can_be_cloned_and_pickled_though_files_never_are(table: Table) -> None:
    combat = ComBat(eb=False).fit(table.X, batch=table.batch)
    again = pickle.loads(pickle.dumps(combat))
    assert (
        again.transform(table.X, batch=table.batch).tobytes()
        == combat.transform(table.X, batch=table.batch).tobytes()
    )
    with pytest.raises(NotFittedError):
        clone(combat).transform(table.X, batch=table.batch)


def test_batch_is_routed_through_a_pipeline_and_cross_validation(table: Table) -> None:
    y = (table.X[:, 0] > np.median(table.X[:, 0])).astype(int)
    groups = np.repeat(np.arange(45), 2)
    with sklearn.config_context(enable_metadata_routing=True):
        combat = (
            ComBat()
            .set_fit_request(batch=True, covariates=True)
            .set_transform_request(batch=True, covariates=True)
        )
        pipeline = make_pipeline(combat, StandardScaler(), LogisticRegression())
        metadata = {"batch": table.batch, "covariates": table.covariates}
        pipeline.fit(table.X, y, **metadata)
        probability = pipeline.predict_proba(table.X, **metadata)
        scores = cross_val_score(
            pipeline, table.X, y, cv=GroupKFold(3), params=metadata | {"groups": groups}, error_score="raise"
        )
    harmonized = ComBat().fit_transform(table.X, **metadata)
    by_hand = make_pipeline(StandardScaler(), LogisticRegression()).fit(harmonized, y)
    np.testing.assert_allclose(probability, by_hand.predict_proba(harmonized), rtol=0, atol=1e-12)
    assert scores.shape == (3,)


def test_a_pipeline_without_routing_is_told_what_to_do(table: Table) -> None:
    with pytest.raises(HarmonizationError, match="enable metadata routing"):
        make_pipeline(ComBat(), StandardScaler()).fit(table.X)


def test_an_outcome_in_a_pipeline_meets_the_guard(table: Table) -> None:
    y = np.arange(90) % 2
    with sklearn.config_context(enable_metadata_routing=True):
        combat = ComBat().set_fit_request(batch=True, covariates=True)
        combat.set_transform_request(batch=True, covariates=True)
        pipeline = make_pipeline(combat, LogisticRegression())
        with pytest.raises(HarmonizationError, match="is the outcome"):
            pipeline.fit(table.X, y, batch=table.batch, covariates=pd.DataFrame({"event": y}))


def test_the_example_in_the_docstring_runs() -> None:
    assert doctest.testmod(module).failed == 0
