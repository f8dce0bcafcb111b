"""One split of an experiment: what is learned from its training patients, for all remedies and for each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from robustrad.core.errors import DataError
from robustrad.core.identity import fingerprint
from robustrad.drift.data import Floats
from robustrad.drift.endpoint import Endpoint, Fitted
from robustrad.drift.models.filters import near_constant, prune
from robustrad.drift.models.spec import Tuned
from robustrad.drift.remedies.base import FittedRemedy, NotApplicableError, Remedy, Rows, Training
from robustrad.drift.sites.bench import Bench

_MANY_ROWS = 3  # times the patients: beyond it, correlated features are pruned on the unperturbed rows


@dataclass(frozen=True)
class Learned:
    """A model and the columns that it was given."""

    model: Fitted
    endpoint: Endpoint
    columns: NDArray[np.intp]
    p: int

    def score(self, X: Floats) -> Floats:
        """Return the probability of class 1, or the risk, of rows of all p features."""
        return self.endpoint.score(self.model, np.ascontiguousarray(X[:, self.columns]))

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Features that enter the prediction, shape (p,)."""
        out = np.zeros(self.p, dtype=np.bool_)
        out[self.columns] = self.model.selected
        return out


@dataclass(frozen=True)
class FittedArm:
    """A remedy and a model, fitted.

    Attributes
    ----------
    remedy : FittedRemedy
        What it learned.
    model : Learned
        The model trained on what it made of the training patients.
    kept : ndarray of bool, shape (p,)
        Features left.
    seconds : float
        That fitting took.
    trained : ndarray
        Rows that the model was trained on.
    """

    remedy: FittedRemedy
    model: Learned
    kept: NDArray[np.bool_]
    seconds: float
    trained: Floats

    def score(self, rows: Rows) -> tuple[Floats, Floats]:
        """Return the scores and the features as the model sees them; NaN stays NaN."""
        ready = self.remedy.transform(rows).X
        there = np.isfinite(ready).all(axis=1)
        scores = np.full(ready.shape[0], np.nan)
        if there.any():
            scores[there] = self.model.score(ready[there])
        return scores, ready

    def fingerprint(self) -> str:
        """Return a hash of everything learned."""
        return fingerprint([self.remedy.fingerprint(), self.model.model.fingerprint()])


@dataclass
class Split:
    """Training patients of one fold, and what is learned from them once for all remedies."""

    bench: Bench
    training: Training
    seed: int
    tuned: Tuned | None = None
    _without: tuple[tuple[str, ...], Training] | None = field(default=None, repr=False)

    def without(self, factors: Sequence[str]) -> Training:
        """Return the training set with no copies of some factors; the last one asked for is kept."""
        copies = self.training.copies
        if not factors or copies is None:
            return self.training
        if self._without is None or self._without[0] != tuple(factors):
            self._without = (tuple(factors), replace(self.training, copies=copies.without(factors)))
        return self._without[1]

    def tune(self) -> Tuned:
        """Tune the model on the rows as they come: the hyperparameters of every remedy of this split."""
        if self.tuned is None:
            self.tuned = self._fit(self.training, None).model.tuned
        return self.tuned

    def fit(self, remedy: Remedy, training: Training, *, like: FittedArm | None = None) -> FittedArm:
        """Fit remedy and model; the model of ``like`` is taken where its training rows were the same.

        Raises
        ------
        NotApplicableError
            If the remedy cannot be used, or leaves nothing to train on.
        """
        try:
            tuned = self.tune()
        except DataError as error:
            raise NotApplicableError("model", str(error)) from error
        started = time.perf_counter()
        fitted = remedy.fit(training)
        ready = fitted.training(training)
        if not ready.kept.any():
            raise NotApplicableError(remedy.name, "no feature is left", "at least one")
        same = like is not None and np.array_equal(like.trained, ready.rows.X[:, ready.kept])
        try:
            model = like.model if like is not None and same else self._fit(ready, tuned)
        except DataError as error:
            raise NotApplicableError(remedy.name, str(error)) from error
        seconds = time.perf_counter() - started
        return FittedArm(fitted, model, ready.kept, seconds, ready.rows.X[:, ready.kept])

    def _fit(self, training: Training, tuned: Tuned | None) -> Learned:
        columns, spec = np.flatnonzero(training.kept), self.bench.spec
        if training.rows.X.shape[0] > _MANY_ROWS * self.training.rows.X.shape[0]:
            # Copies of the same patients: which features are constant or redundant is known already.
            columns = np.intersect1d(columns, self._pruned(training.kept))
            spec = replace(spec, correlation=1.0, same_value=1.0)
        X, endpoint = np.ascontiguousarray(training.rows.X[:, columns]), self.bench.endpoint
        model = endpoint.fit(spec, X, training, tuned=tuned, seed=self.seed)
        return Learned(model, endpoint, columns, training.kept.size)

    def _pruned(self, kept: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Columns that are left when correlated ones are pruned on this split's own rows."""
        X, spec = self.training.rows.X, self.bench.spec
        columns = np.flatnonzero(kept & ~near_constant(X, same_value=spec.same_value))
        return columns[prune(X[:, columns], threshold=spec.correlation, stability=None)]
