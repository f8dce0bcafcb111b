"""What a model is: its specification, what tuning finds, and what a fitted one can do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robustrad.drift.data import Floats

MODELS = ("logistic", "elasticnet", "random_forest", "svm", "gradient_boosting")
MIN_BATCH = 10  # of ComBat, in rows: combat.enigma's
Selector = Literal["univariate", "l1", "none"]


@dataclass(frozen=True)
class ModelSpec:
    """How a model is made. Two equal specifications give equal models on equal data.

    Attributes
    ----------
    name : str
        One of :data:`MODELS`, or ``module:object``: a scikit-learn estimator class or instance with
        ``predict_proba``. A ``Pipeline`` is taken to bring its own steps and gets all features; any other
        estimator gets those that the steps below leave.
    n_features : int, optional
        Features to select at most. Default: a fifth of the training patients of the rarer class, at least
        2, at most 10.
    selector : {"univariate", "l1", "none"}
        By the AUC of each feature; by the order of entry into the lasso path; no selection.
    correlation : float
        Of two features with |Spearman| above it the less stable one goes; 1 keeps all.
    same_value : float
        A feature of which more than this share of training rows has one value is near-constant and goes.
    inner_folds : int
        Of the tuning.
    combat : bool
        Harmonize the batches first, by ComBat fitted on the training rows.
    combat_settings : mapping as a tuple of pairs
        Parameters of :class:`robustrad.harmonize.combat.ComBat`.
    keep_isolated : bool
        Leave features that ComBat cannot harmonize (constant within a batch) in the model as they are. By
        default they do not enter it: such a feature can be the batch by another name.
    """

    name: str = "logistic"
    n_features: int | None = None
    selector: Selector = "univariate"
    correlation: float = 0.9
    same_value: float = 0.95
    inner_folds: int = 3
    combat: bool = False
    combat_settings: tuple[tuple[str, Any], ...] = ()
    keep_isolated: bool = False


def model_spec(
    name: str,
    n_features: int | None,
    selector: Selector,
    *,
    combat: bool,
    min_batch: int = MIN_BATCH,
    keep_isolated: bool = False,
) -> ModelSpec:
    """Return the specification that a run is asked for; ``min_batch`` only where it is not the usual one."""
    settings = (("min_batch_size", min_batch),) if combat and min_batch != MIN_BATCH else ()
    return ModelSpec(
        name,
        n_features=n_features,
        selector=selector,
        combat=combat,
        combat_settings=settings,
        keep_isolated=combat and keep_isolated,
    )


def of_any_size(spec: ModelSpec) -> ModelSpec:
    """Return the specification with ComBat accepting any batch that it can learn from.

    For fits in folds that nobody sees, of data whose own folds were found large enough: the smallest batch
    decides whether ComBat is fitted, not what it estimates.
    """
    if not spec.combat:
        return spec
    others = tuple(pair for pair in spec.combat_settings if pair[0] != "min_batch_size")
    return replace(spec, combat_settings=(*others, ("min_batch_size", 2)))


@dataclass(frozen=True)
class Tuned:
    """What the inner folds found: passed to another fit, nothing is tuned again.

    Attributes
    ----------
    params : dict
        Hyperparameters of the estimator.
    threshold : float
        Probability at which balanced accuracy over the inner out-of-fold predictions is best; in sample
        where no inner folds were possible.
    sigmoid : tuple of two floats, optional
        Slope and intercept that turn an SVM's decision into a probability (Platt, on inner out-of-fold
        decisions); None for models that give probabilities.
    auc : float
        Mean inner AUC; NaN without inner folds.
    """

    params: dict[str, Any] = field(default_factory=dict)
    threshold: float = 0.5
    sigmoid: tuple[float, float] | None = None
    auc: float = float("nan")


class FittedModel(Protocol):
    """A model after training.

    Attributes
    ----------
    selected : ndarray of bool, shape (p,)
        Features that enter the prediction.
    tuned : Tuned
        What was found, or given.
    """

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Features that enter the prediction, shape (p,)."""

    @property
    def tuned(self) -> Tuned:
        """What the inner folds found."""

    def probability(self, X: Floats, *, batch: ArrayLike | None = None) -> Floats:
        """Return the probability of class 1 of each row of X, shape (m,); batch only with ComBat."""

    def fingerprint(self) -> str:
        """Return a hash of everything that was learned."""
