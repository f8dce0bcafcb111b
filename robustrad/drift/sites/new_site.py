"""E3: one site is left out, and a few of its patients, unlabelled, may calibrate.

Virtual sites: the model is trained at the other sites and meets patients of a site it has never seen. Real
batches: leave one batch out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import Floats
from robustrad.drift.endpoint import Endpoint
from robustrad.drift.remedies.base import SITES, NotApplicableError, Remedy, Training
from robustrad.drift.remedies.moments import SiteSamples
from robustrad.drift.remedies.nothing import Nothing
from robustrad.drift.sites.bench import Bench, PresentRows
from robustrad.drift.sites.calibration import CalibrationSplit, split_site
from robustrad.drift.sites.disjoint import disjoint_split, home_rows, score_at_site
from robustrad.drift.sites.results import Variant, variants_of
from robustrad.drift.sites.split import FittedArm, Split
from robustrad.drift.sites.virtual import Assignment

NO_CALIBRATION = 0
NEW, HOME = 0, 1
"""Columns of the scores: the patient at the new site, and the same model on the patient at the reference."""


@dataclass(frozen=True)
class NewSiteResult:
    """Scores of one variant at the left-out sites of one assignment.

    Attributes
    ----------
    sites : tuple of str
        Left out in turn.
    sizes : tuple of int
        Numbers of calibration patients; 0 alone for a remedy that uses none.
    scores : ndarray of shape (sites, sizes, n, 2)
        NaN for everyone who is not judged at the site.
    status : ndarray of str, shape (sites, sizes)
        Empty, or why there are no scores.
    lost : ndarray of shape (sites,)
        Features that the remedy took away.
    seconds : ndarray of shape (sites,)
        That fitting took.
    """

    sites: tuple[str, ...]
    sizes: tuple[int, ...]
    scores: Floats
    status: NDArray[np.str_]
    lost: Floats
    seconds: Floats


def new_site_variants(remedies: tuple[Remedy, ...]) -> list[Variant]:
    """Return all variants; unseen means without the factor of the site left out, whichever it is."""
    return [v for remedy in remedies for v in variants_of(remedy, (("",),), new_site=True)]


def run_new_site(
    bench: Bench, variants: list[Variant], assignment: Assignment, number: int, *, sizes: tuple[int, ...]
) -> tuple[NewSiteResult, list[NewSiteResult]]:
    """Return what training and judging at the reference gives (virtual sites), and each variant's result."""
    labels = assignment.labels[1:] if assignment.virtual else assignment.labels
    ideal = _blank(bench, labels, (NO_CALIBRATION,))
    results = [_blank(bench, labels, sizes if SITES in v.remedy.learns_from else (0,)) for v in variants]
    for position, label in enumerate(labels):
        site = assignment.labels.index(label)
        away = np.flatnonzero(assignment.site == site)
        train = np.flatnonzero((assignment.site >= 0) & (assignment.site != site))
        seed = bench.seed_of("new site", number, label)
        split = disjoint_split(bench, assignment, train, seed=seed)
        drawn = split_site(
            away, bench.data.groups, assignment.outcome,
            sizes=sizes, seed=(bench.seed, number, label), needed=bench.endpoint.needed,
        )  # fmt: skip
        problem = _unusable(bench.endpoint.permuted(assignment.order), train, drawn)
        for variant, result in zip(variants, results, strict=True):
            _judge(split, assignment, variant, result, position=position, drawn=drawn, problem=problem)
        if assignment.virtual and not problem:
            at_home = replace(split.training, rows=home_rows(bench, train), copies=None)
            try:
                arm = Split(bench, at_home, seed).fit(Nothing(), at_home)
            except NotApplicableError as error:
                ideal.status[position, 0] = str(error)[:200]
                continue
            ideal.scores[position, 0, drawn.judged, HOME] = arm.score(home_rows(bench, drawn.judged))[0]
    return ideal, results


def _judge(
    split: Split,
    assignment: Assignment,
    variant: Variant,
    result: NewSiteResult,
    *,
    position: int,
    drawn: CalibrationSplit,
    problem: str,
) -> None:
    """Fill in what one variant does at one new site."""
    bench, label = split.bench, result.sites[position]
    base = split.without((label.split("=")[0],)) if variant.without else split.training
    arm: FittedArm | None = None
    for column, size in enumerate(result.sizes):
        try:
            if problem or size in drawn.refused:
                raise NotApplicableError("new site", problem or drawn.refused[size])
            training = base
            if size != NO_CALIBRATION:
                training = _with_site(bench, base, label, assignment, drawn.pools[size])
            arm = split.fit(variant.remedy, training, like=arm)
            averages = variant.remedy.averages_draws
            scores, _ = score_at_site(bench, arm, drawn.judged, assignment, averages=averages)
        except NotApplicableError as error:
            result.status[position, column] = str(error)[:200]
            continue
        result.scores[position, column, drawn.judged, NEW] = scores
        if assignment.virtual:
            home = arm.score(home_rows(bench, drawn.judged))[0]
            result.scores[position, column, drawn.judged, HOME] = home
        result.lost[position] = (~arm.kept).sum()
        result.seconds[position] += arm.seconds


def _with_site(
    bench: Bench, training: Training, label: str, assignment: Assignment, rows: NDArray[np.intp]
) -> Training:
    """Add the calibration patients of the new site to the site samples."""
    fresh = PresentRows(bench, {label: (rows, assignment.column[rows])})
    known = training.sites
    size = int(np.unique(bench.data.groups[rows]).size)
    samples = SiteSamples(
        {**dict(known.rows), **dict(fresh)}, frozenset({label}), {**known.patients, label: size}
    )
    return replace(training, sites=samples)


def _unusable(endpoint: Endpoint, train: NDArray[np.intp], drawn: CalibrationSplit) -> str:
    for rows, what in ((train, "training patients at the other sites"), (drawn.judged, "judged patients")):
        if lacking := endpoint.lacking(rows):
            return f"{lacking} among the {rows.size} {what}"
    return ""


def _blank(bench: Bench, labels: tuple[str, ...], sizes: tuple[int, ...]) -> NewSiteResult:
    shape = (len(labels), len(sizes))
    return NewSiteResult(
        labels,
        sizes,
        np.full((*shape, len(bench.data.subjects), 2), np.nan),
        np.full(shape, "", dtype="U200"),
        np.full(len(labels), np.nan),
        np.zeros(len(labels)),
    )
