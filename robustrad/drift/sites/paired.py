"""E1: the same patients at every condition, as if they traveled. The upper bound of what a remedy can do.

The model is trained on the training patients at the reference; site statistics come from the same
training patients at every condition, which no practice has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import Floats
from robustrad.drift.remedies.base import NotApplicableError, Remedy, Training
from robustrad.drift.remedies.moments import SiteSamples
from robustrad.drift.sites.agreement import AgreementSums
from robustrad.drift.sites.bench import Bench, PresentRows
from robustrad.drift.sites.collector import Collector
from robustrad.drift.sites.places import factors_of
from robustrad.drift.sites.results import Result, Variant, variants_of
from robustrad.drift.sites.split import FittedArm, Split
from robustrad.stability.observations import REFERENCE


def paired_variants(bench: Bench, remedies: tuple[Remedy, ...]) -> list[Variant]:
    """Return all variants of E1, those that leave out the same factor together."""
    each = tuple((factor,) for factor in factors_of(bench.places))
    variants = [variant for remedy in remedies for variant in variants_of(remedy, each)]
    return sorted(variants, key=lambda variant: variant.without)


def judged_columns(bench: Bench) -> NDArray[np.intp]:
    """Return the conditions that E1 tests: the reference, then those of the places."""
    return np.concatenate([[0], bench.copy_columns]).astype(np.intp)


def paired_split(bench: Bench, repeat: int, fold: int) -> Split:
    """Return the training set of one fold."""
    data = bench.data
    train = np.flatnonzero((bench.folds[repeat] != fold) & bench.present[:, 0])
    m = train.size
    home = np.full(m, REFERENCE)
    cells = {REFERENCE: (train, np.zeros(m, dtype=np.intp))}
    for place in bench.places:
        d = place.columns.size
        cells[place.label] = (np.repeat(train, d), np.tile(place.columns, m))
    training = Training(
        rows=bench.rows(train, np.zeros(m, dtype=np.intp), home),
        y=data.outcome[train],
        groups=data.groups[train],
        weights=np.ones(m),
        kept=np.ones(len(data.features), dtype=np.bool_),
        copies=bench.copies(train, np.ones(m, dtype=np.bool_), None),
        sites=SiteSamples(PresentRows(bench, cells), frozenset(), dict.fromkeys(cells, m)),
        seed=bench.seed_of("paired", repeat, fold),
        time=bench.times(train),
    )
    return Split(bench, training, training.seed)


def run_paired(bench: Bench, variants: list[Variant], repeat: int) -> list[Result]:
    """Return the results of one repeat; columns of the scores are those of :func:`judged_columns`."""
    columns = judged_columns(bench)
    collect = [_Collector(bench, columns, variant, repeat) for variant in variants]
    for fold in range(int(bench.folds.max()) + 1):
        split = paired_split(bench, repeat, fold)
        test = np.flatnonzero((bench.folds[repeat] == fold) & bench.present[:, 0])
        for collector in collect:
            try:
                arm = split.fit(collector.variant.remedy, split.without(collector.variant.without))
                collector.take(fold, test, arm)
            except NotApplicableError as error:
                collector.fail(fold, str(error))
    return [collector.result() for collector in collect]


class _Collector(Collector):
    """Judges the folds at every condition."""

    def __init__(self, bench: Bench, columns: NDArray[np.intp], variant: Variant, repeat: int) -> None:
        super().__init__(bench, variant, columns=columns.size, folds=int(bench.folds.max()) + 1)
        # A variant that left a factor out is judged on that factor, and at the reference.
        factor = bench.data.conditions["factor"].to_numpy()[columns]
        judged = np.isin(factor, variant.without) if variant.without else np.ones(columns.size, dtype=bool)
        judged[0] = True
        self.positions = np.flatnonzero(judged)
        self.columns = columns
        # Agreement needs all features of all conditions: one repeat is enough for a median.
        self.sums = AgreementSums(columns.size, len(bench.data.features)) if repeat == 0 else None

    def take(self, fold: int, test: NDArray[np.intp], arm: FittedArm) -> None:
        """Score the test patients at every condition."""
        columns, q = self.columns[self.positions], self.positions.size
        rows = self.bench.rows(
            np.repeat(test, q),
            np.tile(columns, test.size),
            np.tile(self.bench.site_of_column[columns], test.size),
        )
        scores, ready = arm.score(rows)
        self.scores[np.ix_(test, self.positions)] = scores.reshape(test.size, q)
        self.note(fold, arm, test)
        if self.sums is not None:
            cube = ready.reshape(test.size, q, -1)
            for i, position in enumerate(self.positions[1:], start=1):
                self.sums.add(int(position), cube[:, 0], cube[:, i])

    def result(self) -> Result:
        """Return what was gathered."""
        if self.variant.remedy.averages_draws:
            self._average()
        agreement = float("nan")
        if self.sums is not None and self.kept.any():
            values = self.sums.icc()[self.positions[1:]][:, self.kept]
            if np.isfinite(values).any():
                agreement = float(np.nanmedian(values))
        return Result(
            self.scores, self.fold, self.selected, self.lost, self.status, self.fingerprints, self.seconds,
            agreement,
        )  # fmt: skip

    def _average(self) -> None:
        position = {int(column): i for i, column in enumerate(self.columns)}
        if all(place.columns.size == 1 for place in self.bench.places):
            self.status[:] = "no level has more than one draw: nothing to average"
            self.scores[:] = np.nan
            return
        for place in self.bench.places:
            at = [position[int(column)] for column in place.columns]
            self.scores[:, at] = mean_of_draws(self.scores[:, at])[:, None]


def mean_of_draws(scores: Floats) -> Floats:
    """Return the mean over the draws that a subject has, shape (n,); NaN where it has none."""
    known = np.isfinite(scores)
    total = np.where(known, scores, 0.0).sum(axis=1)
    return np.asarray(np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan))
