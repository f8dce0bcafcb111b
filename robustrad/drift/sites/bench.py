"""What all experiments share: data, folds, model, and what of the data they look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from robustrad.core.identity import generator
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.endpoint import Endpoint
from robustrad.drift.endpoints import endpoint_of
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.remedies.base import Copies, Rows
from robustrad.drift.sites.places import Place, places_of, volumes_of
from robustrad.drift.survival.times import Survival
from robustrad.stability.observations import REFERENCE


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
