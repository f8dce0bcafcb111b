"""The two things that are predicted: an outcome with two values, judged by AUC, and a time to event, by C."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robustrad.core.errors import DataError
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.endpoint import Endpoint, Labels, SubjectLabels
from robustrad.drift.models.fit import Model, fit_model
from robustrad.drift.models.identity import model_identity
from robustrad.drift.models.ranks import area_under
from robustrad.drift.models.spec import ModelSpec, Tuned
from robustrad.drift.models.steps import Stability
from robustrad.drift.sites.pairs import Unit
from robustrad.drift.sites.secondary import Calibration, pooled_calibration
from robustrad.drift.survival.concordance import TIED, comparable, harrell
from robustrad.drift.survival.estimators import choose_survival, require_survival
from robustrad.drift.survival.fit import SurvivalModel, check_selector, fit_survival_model
from robustrad.drift.survival.times import Survival


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
    short: ClassVar[tuple[str, str]] = ("one class", "both")

    @property
    def labels(self) -> Codes:
        return self.y

    def training(self, rows: NDArray[np.intp], groups: Codes) -> Labels:
        return SubjectLabels(self.y[rows], groups)

    def judge(self, rows: NDArray[np.intp], scores: Floats) -> float:
        return float("nan") if self.lacking(rows) else area_under(self.y[rows], scores)

    def permuted(self, order: Codes) -> TwoClasses:
        return TwoClasses(self.y[order])

    def lacking(self, rows: NDArray[np.intp]) -> str:
        return "" if np.unique(self.y[rows]).size == 2 else "one class only"

    def unit(self, draw: int, rows: NDArray[np.intp]) -> Unit:
        return Unit(draw, rows[self.y[rows] == 1], rows[self.y[rows] == 0])

    def check(self, spec: ModelSpec) -> None:
        model_identity(spec.name)

    def fit(
        self,
        spec: ModelSpec,
        X: Floats,
        labels: Labels,
        *,
        stability: Stability | None = None,
        tuned: Tuned | None = None,
        batch: ArrayLike | None = None,
        seed: int = 0,
    ) -> Model:
        return fit_model(
            spec, X, labels.y, labels.groups, weights=labels.weights,
            stability=stability, tuned=tuned, batch=batch, seed=seed,
        )  # fmt: skip

    def score(self, model: Model, X: Floats, *, batch: ArrayLike | None = None) -> Floats:
        return model.probability(X, batch=batch)

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
    short: ClassVar[tuple[str, str]] = ("no event", "some")

    @property
    def labels(self) -> Codes:
        return self.survival.event.astype(np.intp)

    def training(self, rows: NDArray[np.intp], groups: Codes) -> Labels:
        return SubjectLabels(self.labels[rows], groups, time=self.survival.time[rows])

    def judge(self, rows: NDArray[np.intp], scores: Floats) -> float:
        return harrell(self.survival.time[rows], self.survival.event[rows], scores).value

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
        self,
        spec: ModelSpec,
        X: Floats,
        labels: Labels,
        *,
        stability: Stability | None = None,
        tuned: Tuned | None = None,
        batch: ArrayLike | None = None,
        seed: int = 0,
    ) -> SurvivalModel:
        if labels.time is None or labels.time.shape != labels.y.shape:
            raise DataError("remedy", "it adds training rows without their times", "a time for each row")
        survival = Survival(labels.time, labels.y == 1)
        return fit_survival_model(
            spec, X, survival, labels.groups, weights=labels.weights,
            stability=stability, tuned=tuned, batch=batch, seed=seed,
        )  # fmt: skip

    def score(self, model: SurvivalModel, X: Floats, *, batch: ArrayLike | None = None) -> Floats:
        return model.risk(X, batch=batch)

    def identity(self, name: str) -> dict[str, Any]:
        choice = choose_survival(name)
        times = hashlib.sha256(self.survival.time.astype("<f8").tobytes()).hexdigest()
        installed = version("scikit-survival")
        return {"fixed": choice.fixed, "grid": choice.grid, "times": times, "scikit-survival": installed}

    def calibration(self, y: Codes, p: Floats, weights: Floats) -> Calibration:  # noqa: ARG002
        """Return none: a risk is no probability."""
        return Calibration(float("nan"), float("nan"))


def endpoint_of(data: DriftData, survival: Survival | None) -> Endpoint:
    """Return what is predicted: a time to event where there is follow-up, else the outcome of ``data``."""
    return TwoClasses(data.outcome) if survival is None else TimeToEvent(survival)


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
