"""What all experiments share: data, folds, model, and what is computed once for all remedies of a split."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from robustrad.core.errors import DataError
from robustrad.core.identity import fingerprint, generator
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.endpoint import Endpoint, Fitted, endpoint_of
from robustrad.drift.models.filters import near_constant, prune
from robustrad.drift.models.spec import ModelSpec, Tuned
from robustrad.drift.remedies.base import Copies, FittedRemedy, NotApplicableError, Remedy, Rows, Training
from robustrad.drift.sites.places import Place, places_of, volumes_of
from robustrad.drift.survival.times import Survival
from robustrad.stability.observations import REFERENCE

_MANY_ROWS = 3  # times the patients: beyond it, correlated features are pruned on the unperturbed rows


@dataclass(frozen=True)
class Bench:
    """Data, folds and model of a comparison of remedies.

    Attributes
    ----------
    data : DriftData
        Subjects under all conditions.
    folds : ndarray of int, shape (r, n)
        Outer folds, those of all arms of drift.
    spec : ModelSpec
        Model that every remedy trains.
    seed : int
        Of the run.
    survival : Survival, optional
        Follow-up, where a time to event is predicted; the outcome of ``data`` is then the event.
    """

    data: DriftData
    folds: Codes
    spec: ModelSpec
    seed: int
    survival: Survival | None = None

    @cached_property
    def endpoint(self) -> Endpoint:
        """What is predicted."""
        return endpoint_of(self.data, self.survival)

    def times(self, subjects: NDArray[np.intp]) -> Floats | None:
        """Return the follow-up of some subjects; None for an outcome of two values."""
        return None if self.survival is None else self.survival.time[subjects]

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Levels that remedies are judged on."""
        return places_of(self.data.conditions)

    @cached_property
    def volume(self) -> Floats | None:
        """Of each subject at each condition."""
        return volumes_of(self.data)

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Whether each subject has each condition, shape (n, k)."""
        return self.data.present

    @cached_property
    def copy_columns(self) -> NDArray[np.intp]:
        """Conditions that remedies may learn from."""
        if not self.places:
            return np.empty(0, dtype=np.intp)
        return np.concatenate([place.columns for place in self.places])

    @cached_property
    def site_of_column(self) -> NDArray[np.str_]:
        """Site that each condition stands for; its own name where it is not judged."""
        names = self.data.conditions["condition"].astype(str).to_list()
        names[0] = REFERENCE
        for place in self.places:
            for column in place.columns:
                names[column] = place.label
        return np.array(names)

    def rows(self, subjects: NDArray[np.intp], columns: NDArray[np.intp], labels: NDArray[np.str_]) -> Rows:
        """Return subjects, each at one condition."""
        volume = None if self.volume is None else self.volume[subjects, columns]
        return Rows(self.data.values[subjects, columns], labels, volume)

    def copies(
        self, subjects: NDArray[np.intp], own: NDArray[np.bool_], limits: Floats | None
    ) -> Copies | None:
        """Return the perturbed copies of some subjects; None where there is no condition to learn from."""
        columns = self.copy_columns
        if not columns.size:
            return None
        table = self.data.conditions
        draws = table["draw"].fillna(0).astype(int).to_numpy()[columns]
        return Copies(
            reference=self.data.values[subjects, 0],
            values=self.data.values[np.ix_(subjects, columns)],
            factors=tuple(str(table["factor"].iloc[c]) for c in columns),
            sites=tuple(self.site_of_column[columns].tolist()),
            draws=tuple(draws.tolist()),
            own=own,
            volume=None if self.volume is None else self.volume[np.ix_(subjects, columns)],
            limits=limits,
        )

    def seed_of(self, *what: str | int) -> int:
        """Return the seed of a part of the run; remedies are no part of it, they share seeds."""
        return int(generator("remedies", self.seed, *what).integers(2**31))


Cells = tuple[NDArray[np.intp], NDArray[np.intp]]  # subjects, and the condition of each


class PresentRows(Mapping[str, Floats]):
    """Rows of each site, cut out of the table when they are asked for."""

    def __init__(self, bench: Bench, cells: dict[str, Cells]) -> None:
        self._values = bench.data.values
        self._cells = {}
        for label, (subjects, columns) in cells.items():
            there = bench.present[subjects, columns]
            self._cells[label] = (subjects[there], columns[there])

    def __getitem__(self, label: str) -> Floats:
        subjects, columns = self._cells[label]
        return self._values[subjects, columns]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)


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
