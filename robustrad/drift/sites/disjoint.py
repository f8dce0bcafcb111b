"""E2: every patient at one site only, trained and tested over the same sites. E4: the same without signal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import Floats
from robustrad.drift.folds import deal
from robustrad.drift.remedies.base import SITES, NotApplicableError, Remedy, Rows, Training
from robustrad.drift.remedies.moments import SiteSamples
from robustrad.drift.remedies.nothing import Nothing
from robustrad.drift.sites.agreement import AgreementSums
from robustrad.drift.sites.batch_effect import batch_classifier, batch_effect_share
from robustrad.drift.sites.bench import Bench, PresentRows
from robustrad.drift.sites.collector import Collector
from robustrad.drift.sites.paired import mean_of_draws
from robustrad.drift.sites.results import SEEN, UNSEEN, Result, Variant, variants_of
from robustrad.drift.sites.split import FittedArm, Split
from robustrad.drift.sites.virtual import Assignment
from robustrad.stability.observations import REFERENCE

EXAMINED = 5
"""Assignments in which batch effects are looked for in all features; scores come from all."""

OWN, AT_REFERENCE = 0, 1


def disjoint_variants(remedies: tuple[Remedy, ...], assignment: Assignment) -> list[Variant]:
    """Return all variants of an assignment; unseen means without the factors that its sites differ by."""
    if not assignment.virtual:
        # Sites of real batches were no perturbation: nothing that was learned from has been seen there.
        return [
            replace(v, scope=SEEN if SITES in v.remedy.learns_from else UNSEEN)
            for remedy in remedies
            for v in variants_of(remedy, ())
        ]
    return [v for remedy in remedies for v in variants_of(remedy, (assignment.factors,))]


def run_disjoint(
    bench: Bench, variants: list[Variant], assignment: Assignment, number: int, *, name: str
) -> tuple[Result | None, list[Result]]:
    """Return what training and testing at the reference gives, and the results of the variants.

    Columns of the scores: the subject at its own site, and the same model on the subject at the reference.
    """
    n_splits = int(bench.folds.max()) + 1
    fold_of = deal(
        assignment.outcome,
        bench.data.groups,
        n_splits=n_splits,
        seed=(name, bench.seed, number),
        site=assignment.names,
    )
    examine = number < EXAMINED
    ideal = _Collector(bench, assignment, Variant(Nothing(), "unseen"), n_splits, examine=False)
    collect = [_Collector(bench, assignment, variant, n_splits, examine=examine) for variant in variants]
    for fold in range(n_splits):
        test = np.flatnonzero((fold_of == fold) & (assignment.site >= 0))
        train = np.flatnonzero((fold_of != fold) & (assignment.site >= 0))
        split = disjoint_split(bench, assignment, train, seed=bench.seed_of(name, number, fold))
        for collector in collect:
            try:
                training = split.without(collector.variant.without)
                collector.take(fold, split.fit(collector.variant.remedy, training), train, test)
            except NotApplicableError as error:
                collector.fail(fold, str(error))
        if assignment.virtual:
            at_home = replace(split.training, rows=home_rows(bench, train), copies=None)
            home = Split(bench, at_home, split.seed)
            try:
                ideal.take_home(fold, home.fit(Nothing(), at_home), test)
            except NotApplicableError as error:
                ideal.fail(fold, str(error))
    return (ideal.result() if assignment.virtual else None), [collector.result() for collector in collect]


def disjoint_split(bench: Bench, assignment: Assignment, train: NDArray[np.intp], *, seed: int) -> Split:
    """Return the training set: each patient at its own site; only the home site has perturbed copies."""
    data = bench.data
    names = assignment.names[train]
    cells = {
        str(label): (train[names == label], assignment.column[train][names == label])
        for label in assignment.labels
        if (names == label).any()
    }
    training = Training(
        rows=bench.rows(train, assignment.column[train], names),
        y=assignment.outcome[train],
        groups=data.groups[train],
        weights=np.ones(train.size),
        kept=np.ones(len(data.features), dtype=np.bool_),
        copies=bench.copies(train, _own(assignment, names), None),
        sites=SiteSamples(
            PresentRows(bench, cells),
            frozenset(),
            {label: int(np.unique(data.groups[cell[0]]).size) for label, cell in cells.items()},
        ),
        seed=seed,
        time=bench.times(assignment.order[train]),
    )
    return Split(bench, training, seed)


def _own(assignment: Assignment, names: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Whose images one can perturb: those of the home site; with real batches, everyone's."""
    return names == REFERENCE if assignment.virtual else np.ones(names.size, dtype=np.bool_)


def home_rows(bench: Bench, subjects: NDArray[np.intp]) -> Rows:
    """Return subjects at the reference."""
    zero = np.zeros(subjects.size, dtype=np.intp)
    return bench.rows(subjects, zero, np.full(subjects.size, REFERENCE))


def score_at_site(
    bench: Bench, arm: FittedArm, subjects: NDArray[np.intp], assignment: Assignment, *, averages: bool
) -> tuple[Floats, Floats]:
    """Return scores and features of subjects at their sites; scores averaged over the draws if asked for."""
    names = assignment.names[subjects]
    scores, ready = arm.score(bench.rows(subjects, assignment.column[subjects], names))
    if not averages:
        return scores, ready
    if all(place.columns.size == 1 for place in bench.places):
        raise NotApplicableError("test_time_averaging", "no level has more than one draw", "draws")
    each = [scores]
    for column in _other_draws(bench, assignment, subjects):
        drawn, _ = arm.score(bench.rows(subjects, np.maximum(column, 0), names))
        each.append(np.where(column >= 0, drawn, np.nan))
    return mean_of_draws(np.stack(each, axis=1)), ready


def _other_draws(
    bench: Bench, assignment: Assignment, subjects: NDArray[np.intp]
) -> Iterator[NDArray[np.intp]]:
    """Yield, one after the other, the draws that the subjects were not seen at; -1 where there is none."""
    places = {place.label: place.columns for place in bench.places}
    other = [
        [int(column) for column in places.get(str(name), ()) if column != own]
        for name, own in zip(assignment.names[subjects], assignment.column[subjects], strict=True)
    ]
    for draw in range(max((len(columns) for columns in other), default=0)):
        yield np.array([columns[draw] if draw < len(columns) else -1 for columns in other], dtype=np.intp)


class _Collector(Collector):
    """Judges the folds at the patients' own sites and at the reference."""

    def __init__(
        self, bench: Bench, assignment: Assignment, variant: Variant, n_splits: int, *, examine: bool
    ) -> None:
        super().__init__(bench, variant, columns=2, folds=n_splits)
        self.assignment, self.examine = assignment, examine
        n, p = len(bench.data.subjects), len(bench.data.features)
        self.sums = AgreementSums(1, p)
        self.values = np.full((n, p), np.nan) if examine else np.empty((0, p))
        self.called = np.full(n, -1, dtype=np.intp)

    def take(self, fold: int, arm: FittedArm, train: NDArray[np.intp], test: NDArray[np.intp]) -> None:
        """Score the test patients at their own sites and at the reference."""
        averages = self.variant.remedy.averages_draws
        own, ready = score_at_site(self.bench, arm, test, self.assignment, averages=averages)
        self.scores[test, OWN] = own
        if self.assignment.virtual:
            at_reference, unperturbed = arm.score(home_rows(self.bench, test))
            self.scores[test, AT_REFERENCE] = at_reference
        self.note(fold, arm, test)
        if not self.examine:
            return
        site, kept = self.assignment.site, arm.kept
        self.values[test] = ready
        rows = self.bench.rows(train, self.assignment.column[train], self.assignment.names[train])
        trained = arm.remedy.transform(rows).X[:, kept]
        self.called[test] = batch_classifier(trained, site[train], ready[:, kept])
        if self.assignment.virtual:
            away = site[test] != 0
            self.sums.add(0, unperturbed[away], ready[away])

    def take_home(self, fold: int, arm: FittedArm, test: NDArray[np.intp]) -> None:
        """Score the test patients at the reference only."""
        self.scores[test, AT_REFERENCE], _ = arm.score(home_rows(self.bench, test))
        self.fold[test] = fold
        self.selected[fold], self.lost[fold] = arm.model.selected, 0.0
        self.fingerprints[fold] = arm.fingerprint()

    def result(self) -> Result:
        """Return what was gathered."""
        agreement = share = classified = float("nan")
        tested = self.fold >= 0
        if self.examine and tested.any() and self.kept.any():
            codes = self.assignment.site[tested]
            share = batch_effect_share(self.values[tested][:, self.kept], codes)
            hits = self.called[tested] == codes
            classified = float(np.mean([hits[codes == code].mean() for code in np.unique(codes)]))
            values = self.sums.icc()[0, self.kept]
            agreement = float(np.nanmedian(values)) if np.isfinite(values).any() else agreement
        return Result(
            self.scores, self.fold, self.selected, self.lost, self.status, self.fingerprints, self.seconds,
            agreement, share, classified,
        )  # fmt: skip
