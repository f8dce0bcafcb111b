"""Estimators by name with the grids they are tuned over, and any estimator of the user's."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import sklearn
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted

from robustrad.core.errors import DataError, nearest
from robustrad.drift.models.logistic import RidgeLogistic
from robustrad.drift.models.spec import MODELS

Params = dict[str, Any]


class Choice(NamedTuple):
    """An estimator to be cloned, and what it is tuned over.

    Attributes
    ----------
    estimator : estimator
        Unfitted, or fitted where the user gave a frozen one.
    grid : tuple of dict
        From the strongest regularization to the weakest: of equally good ones the first wins. The middle
        one is used where nothing can be tuned.
    whole : bool
        It brings its own steps and gets all features as they are.
    """

    estimator: Any
    grid: tuple[Params, ...]
    whole: bool = False

    @property
    def default(self) -> Params:
        """Hyperparameters where nothing can be tuned."""
        return self.grid[len(self.grid) // 2]


def choose(name: str) -> Choice:
    """Return the estimator of a name, see :class:`robustrad.drift.models.spec.ModelSpec`.

    Raises
    ------
    DataError
        If there is none, or it cannot say how likely class 1 is.
    """
    if ":" in name:
        estimator = load_estimator(name)
        return Choice(estimator, ({},), whole=isinstance(estimator, Pipeline))
    if name not in MODELS:
        raise DataError("model", f"unknown {name!r}", "", nearest(name, [*MODELS, "module:object"]))
    return _BUILTIN[name]()


def make(choice: Choice, params: Params, seed: int) -> Any:
    """Return a fresh estimator with ``params``; every ``random_state`` in it follows ``seed``."""
    estimator = clone(choice.estimator).set_params(**params)
    states = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    return estimator.set_params(**dict.fromkeys(states, seed))


def is_frozen(estimator: Any) -> bool:
    """Return whether the estimator comes fitted: it is evaluated, never fitted again."""
    if not hasattr(estimator, "fit"):
        return True
    try:
        check_is_fitted(estimator)
    except (NotFittedError, TypeError):
        return False
    return True


def load_estimator(name: str) -> Any:
    """Return what ``module:object`` names: an instance, or a class without required parameters.

    Raises
    ------
    DataError
        If it cannot be imported or is no classifier.
    """
    module, _, attribute = name.partition(":")
    try:
        sys.path.insert(0, str(Path.cwd()))
        try:
            found: Any = import_module(module)
        finally:
            sys.path.pop(0)
        for part in attribute.split("."):
            found = getattr(found, part)
        estimator = found() if isinstance(found, type) else found
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        todo = "The module must be importable from where robustrad runs."
        raise DataError(
            "model", f"{name!r}: {error}", "module:object, a scikit-learn classifier", todo
        ) from (error)
    scores = any(hasattr(estimator, how) for how in ("predict_proba", "decision_function"))
    if not hasattr(estimator, "fit") and hasattr(estimator, "predict_proba"):
        return estimator  # a frozen thing of any make
    if scores and not isinstance(estimator, BaseEstimator):
        raise DataError(
            "model",
            f"{name!r} is a {type(estimator).__name__} with fit that is no scikit-learn estimator",
            "a scikit-learn classifier, or a finished model with predict_proba and without fit",
            "Derive it from BaseEstimator: otherwise nothing tells whether it is fitted.",
        )
    if not scores or not is_classifier(estimator):
        raise DataError(
            "model",
            f"{name!r} is a {type(estimator).__name__} "
            f"{'without predict_proba or decision_function' if not scores else 'and no classifier'}",
            "a scikit-learn classifier",
        )
    return estimator


def _logistic() -> Choice:
    return Choice(RidgeLogistic(), tuple({"C": C} for C in (0.01, 0.1, 1.0, 10.0)))


def _elasticnet() -> Choice:
    new = tuple(int(part) for part in sklearn.__version__.split(".")[:2]) >= (1, 8)
    penalty = {} if new else {"penalty": "elasticnet"}  # since 1.8 l1_ratio says it all
    estimator = LogisticRegression(
        solver="saga", l1_ratio=0.5, max_iter=10_000, tol=1e-4, random_state=0, **penalty
    )
    grid = ({"C": C, "l1_ratio": ratio} for C in (0.05, 0.2, 1.0) for ratio in (0.9, 0.5))
    return Choice(estimator, tuple(grid))


def _random_forest() -> Choice:
    estimator = RandomForestClassifier(n_estimators=100, max_features="sqrt", random_state=0)
    return Choice(estimator, tuple({"min_samples_leaf": leaf} for leaf in (10, 3)))


def _svm() -> Choice:
    return Choice(SVC(kernel="rbf", gamma="scale"), tuple({"C": C} for C in (0.1, 1.0, 10.0)))


def _gradient_boosting() -> Choice:
    estimator = GradientBoostingClassifier(
        n_estimators=100, learning_rate=0.05, subsample=0.8, random_state=0
    )
    return Choice(estimator, tuple({"max_depth": depth} for depth in (1, 2)))


_BUILTIN = {
    "logistic": _logistic,
    "elasticnet": _elasticnet,
    "random_forest": _random_forest,
    "svm": _svm,
    "gradient_boosting": _gradient_boosting,
}
