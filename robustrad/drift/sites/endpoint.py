"""What is predicted, and by what its prediction is judged: two classes by the AUC, a time to event by C.

The experiments ask an endpoint three things: fit a model, who is compared with whom, are predictions
calibrated. Everything else they do alike.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from robustrad.core.errors import DataError
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.models.fit import Model, fit_model
from robustrad.drift.models.identity import model_identity
from robustrad.drift.models.spec import ModelSpec, Tuned
from robustrad.drift.remedies.base import Training
from robustrad.drift.sites.pairs import Unit
from robustrad.drift.sites.secondary import Calibration, pooled_calibration
from robustrad.drift.survival.concordance import TIED, comparable
from robustrad.drift.survival.estimators import choose_survival, require_survival
from robustrad.drift.survival.fit import SurvivalModel, check_selector, fit_survival_model
from robustrad.drift.survival.times import Survival


class Fitted(Protocol):
    """A model of either kind."""

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Features that enter it."""

    @property
    def tuned(self) -> Tuned:
        """Its hyperparameters."""

    def fingerprint(self) -> str:
        """Return a hash of everything learned."""


class Endpoint(ABC):
    """What is predicted.

    Attributes
    ----------
    statistic : str
        ``AUC`` or ``C``, for sentences.
    needed : tuple of int
        Labels (1: positive, or with the event) of which some must be judged.
    """

    statistic: ClassVar[str]
    needed: ClassVar[tuple[int, ...]]

    @abstractmethod
    def permuted(self, order: Codes) -> Endpoint:
        """Return the endpoint with each subject's outcome taken from the subject that ``order`` names."""

    @abstractmethod
    def lacking(self, rows: NDArray[np.intp]) -> str:
        """Return what these subjects lack to be compared with each other; empty if nothing."""

    @abstractmethod
    def unit(self, draw: int, rows: NDArray[np.intp]) -> Unit:
        """Return who of these subjects, tested by one model, is compared with whom."""

    def units(self, draw: int, fold: Codes) -> list[Unit]:
        """Return the folds of a repeat; those without a pair compare nobody."""
        return [self.unit(draw, np.flatnonzero(fold == number)) for number in np.unique(fold[fold >= 0])]

    @abstractmethod
    def check(self, spec: ModelSpec) -> None:
        """Make sure that the model can be fitted, before anything is."""

    @abstractmethod
    def fit(
        self, spec: ModelSpec, X: Floats, training: Training, *, tuned: Tuned | None, seed: int
    ) -> Fitted:
        """Return a model of the training rows; ``X`` holds the columns that it may use.

        Raises
        ------
        DataError
            If they cannot be learned from.
        """

    @abstractmethod
    def score(self, model: Any, X: Floats) -> Floats:
        """Return the probability of class 1, or the risk, of each row."""

    @abstractmethod
    def identity(self, name: str) -> dict[str, Any]:
        """Return what a model's name stands for, as JSON: a change of it makes other results."""

    @abstractmethod
    def calibration(self, y: Codes, p: Floats, weights: Floats) -> Calibration:
        """Return the calibration of predictions at random places; NaN where it is not defined."""


@dataclass(frozen=True)
class TwoClasses(Endpoint):
    """An outcome with two values.

    Attributes
    ----------
    y : ndarray of int, shape (n,)
        0 or 1.
    """

    y: Codes
    statistic: ClassVar[str] = "AUC"
    needed: ClassVar[tuple[int, ...]] = (0, 1)

    def permuted(self, order: Codes) -> TwoClasses:
        return TwoClasses(self.y[order])

    def lacking(self, rows: NDArray[np.intp]) -> str:
        return "" if np.unique(self.y[rows]).size == 2 else "one class only"

    def unit(self, draw: int, rows: NDArray[np.intp]) -> Unit:
        return Unit(draw, rows[self.y[rows] == 1], rows[self.y[rows] == 0])

    def check(self, spec: ModelSpec) -> None:
        model_identity(spec.name)

    def fit(self, spec: ModelSpec, X: Floats, training: Training, *, tuned: Tuned | None, seed: int) -> Model:
        y, groups, weights = training.y, training.groups, training.weights
        return fit_model(spec, X, y, groups, weights=weights, tuned=tuned, seed=seed)

    def score(self, model: Model, X: Floats) -> Floats:
        return model.probability(X)

    def identity(self, name: str) -> dict[str, Any]:
        return {"model": model_identity(name)}

    def calibration(self, y: Codes, p: Floats, weights: Floats) -> Calibration:
        return pooled_calibration(y, p, weights)


@dataclass(frozen=True)
class TimeToEvent(Endpoint):
    """A time to an event or to the end of follow-up; models predict a risk.

    Attributes
    ----------
    survival : Survival
        Of the n subjects.
    """

    survival: Survival
    statistic: ClassVar[str] = "C"
    needed: ClassVar[tuple[int, ...]] = (1,)

    def permuted(self, order: Codes) -> TimeToEvent:
        """Return the endpoint with times and events dealt together."""
        return TimeToEvent(self.survival.take(order))

    def lacking(self, rows: NDArray[np.intp]) -> str:
        return "" if self.unit(0, rows).pairs.any() else "no comparable pair"

    def unit(self, draw: int, rows: NDArray[np.intp]) -> Unit:
        time, event = self.survival.time[rows], self.survival.event[rows]
        return Unit(draw, rows[event], rows, comparable(time, event)[event], TIED)

    def check(self, spec: ModelSpec) -> None:
        choose_survival(spec.name)
        check_selector(spec)
        require_survival()

    def fit(
        self, spec: ModelSpec, X: Floats, training: Training, *, tuned: Tuned | None, seed: int
    ) -> SurvivalModel:
        if training.time is None or training.time.shape != training.y.shape:
            raise DataError("remedy", "it adds training rows without their times", "a time for each row")
        survival = Survival(training.time, training.y == 1)
        groups, weights = training.groups, training.weights
        return fit_survival_model(spec, X, survival, groups, weights=weights, tuned=tuned, seed=seed)

    def score(self, model: SurvivalModel, X: Floats) -> Floats:
        return model.risk(X)

    def identity(self, name: str) -> dict[str, Any]:
        choice = choose_survival(name)
        times = hashlib.sha256(self.survival.time.astype("<f8").tobytes()).hexdigest()
        installed = version("scikit-survival")
        return {"fixed": choice.fixed, "grid": choice.grid, "times": times, "scikit-survival": installed}

    def calibration(self, y: Codes, p: Floats, weights: Floats) -> Calibration:  # noqa: ARG002
        """Return none: a risk is no probability."""
        return Calibration(float("nan"), float("nan"))


def followed(data: DriftData, survival: Survival) -> DriftData:
    """Return the data with the event as their outcome: what sites and folds are stratified by.

    Raises
    ------
    ValueError
        If times and subjects are not equally many.
    """
    if survival.time.shape != data.outcome.shape:
        raise ValueError(f"{survival.time.size} times of {data.outcome.size} subjects")
    return replace(data, outcome=survival.event.astype(np.intp))
