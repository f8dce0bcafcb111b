"""What is predicted, and by what its prediction is judged.

Cross-validation, permutations and the experiments with remedies ask an endpoint to fit a model, to score rows
with it, and who is compared with whom. Everything else they do alike. The two that there are stand in
:mod:`robustrad.drift.endpoints`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robustrad.drift.data import Codes, Floats
from robustrad.drift.models.spec import ModelSpec, Tuned
from robustrad.drift.models.steps import Stability
from robustrad.drift.sites.pairs import Unit
from robustrad.drift.sites.secondary import Calibration


class Fitted(Protocol):
    """A model of either kind."""

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Features that enter it."""

    @property
    def tuned(self) -> Tuned:
        """Its hyperparameters."""

    @property
    def isolated(self) -> dict[int, str]:
        """Features that ComBat could not harmonize, with the reason."""

    def fingerprint(self) -> str:
        """Return a hash of everything learned."""


class Labels(Protocol):
    """Training rows without their features."""

    @property
    def y(self) -> Codes:
        """1 for the positive class, or where the event happened; else 0, shape (m,)."""

    @property
    def groups(self) -> Codes:
        """Patient of each row, shape (m,)."""

    @property
    def weights(self) -> Floats | None:
        """Of each row in training, shape (m,)."""

    @property
    def time(self) -> Floats | None:
        """To the event or to the end of follow-up, shape (m,); None for an outcome of two values."""


class SubjectLabels(NamedTuple):
    """The labels of some subjects, each a row."""

    y: Codes
    groups: Codes
    weights: Floats | None = None
    time: Floats | None = None


class Endpoint(ABC):
    """What is predicted.

    Attributes
    ----------
    statistic : str
        ``AUC`` or ``C``, for sentences.
    needed : tuple of int
        Labels (1: positive, or with the event) of which some must be judged, and some be trained on.
    short : tuple of str
        What training rows without them are, and what is expected instead.
    """

    statistic: ClassVar[str]
    needed: ClassVar[tuple[int, ...]]
    short: ClassVar[tuple[str, str]]

    @property
    @abstractmethod
    def labels(self) -> Codes:
        """Class of each subject, or whether it had the event, shape (n,): what folds are stratified by."""

    @abstractmethod
    def training(self, rows: NDArray[np.intp], groups: Codes) -> Labels:
        """Return the labels of some subjects; ``groups`` are the patients of these."""

    def trainable(self, rows: NDArray[np.intp]) -> bool:
        """Return whether a model can learn from these subjects."""
        return all((self.labels[rows] == label).any() for label in self.needed)

    @abstractmethod
    def judge(self, rows: NDArray[np.intp], scores: Floats) -> float:
        """Return AUC or C of these subjects; NaN where nobody can be compared."""

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
        self,
        spec: ModelSpec,
        X: Floats,
        labels: Labels,
        *,
        stability: Stability | None = None,
        tuned: Tuned | None = None,
        batch: ArrayLike | None = None,
        seed: int = 0,
    ) -> Fitted:
        """Return a model of training rows; ``X`` holds the columns that it may use.

        The other parameters are those of :func:`robustrad.drift.models.fit.fit_model`.

        Raises
        ------
        DataError
            If they cannot be learned from.
        """

    @abstractmethod
    def score(self, model: Any, X: Floats, *, batch: ArrayLike | None = None) -> Floats:
        """Return the probability of class 1, or the risk, of each row; ``batch`` only with ComBat."""

    @abstractmethod
    def identity(self, name: str) -> dict[str, Any]:
        """Return what a model's name stands for, as JSON: a change of it makes other results."""

    @abstractmethod
    def calibration(self, y: Codes, p: Floats, weights: Floats) -> Calibration:
        """Return the calibration of predictions at random places; NaN where it is not defined."""
