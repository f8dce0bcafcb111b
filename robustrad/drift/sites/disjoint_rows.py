"""Rows of E2 and E4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from robustrad.drift.data import Floats
from robustrad.drift.evaluate.limits import Estimate, area_estimate
from robustrad.drift.remedies.base import SITES, Remedy
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.bootstrap import Resamples, Tables
from robustrad.drift.sites.compare import ALPHA, Comparison
from robustrad.drift.sites.disjoint import AT_REFERENCE, OWN
from robustrad.drift.sites.pairs import Unit, compared, plain
from robustrad.drift.sites.results import Result
from robustrad.drift.sites.rows import Row, blank, copies_needed, fill, mean_or_nan, status_of
from robustrad.drift.sites.secondary import rank_correlation, score_agreement
from robustrad.drift.sites.virtual import Assignment

DISJOINT, NULL = "E2 disjoint", "E4 null"
MIX, WITHIN = "auc_mix", "auc_within_batch"


@dataclass(frozen=True)
class Scored:
    """One remedy and scope over all assignments.

    Attributes
    ----------
    remedy : Remedy
        The remedy.
    scope : str
        ``seen`` or ``unseen``.
    results : list of Result
        One per assignment.
    """

    remedy: Remedy
    scope: str
    results: list[Result]


def disjoint_rows(
    bench: Bench,
    assignments: Sequence[Assignment],
    ideal: Sequence[Result] | None,
    scored: Sequence[Scored],
    resamples: Resamples,
    *,
    confounded: bool,
) -> list[Row]:
    """Return a row per remedy and scope of E2.

    Parameters
    ----------
    bench : Bench
        Data.
    assignments : sequence of Assignment
        R of them.
    ideal : sequence of Result, or None
        Trained and tested at the reference; None for real batches.
    scored : sequence of Scored
        With the remedy ``none`` among them.
    resamples : Resamples
        Of patients and assignments.
    confounded : bool
        Judge within sites: site itself predicts the outcome.
    """
    none = next(s for s in scored if s.remedy.name == "none")
    units = _units(bench, assignments, none.results, ideal)
    comparison = Comparison(units, resamples, len(bench.data.subjects))
    of = dict(enumerate(assignments))
    rows = []
    for one in scored:
        status, fits, failed = status_of([result.status for result in one.results])
        row = blank(DISJOINT, one.remedy.name, one.scope, status) | {"fits": fits, "fits_failed": failed}
        if failed < fits:
            own = _numbered(one.results)
            within, mix = (
                [_own(units, of, scores, own, within=w) for scores in (_numbered(none.results), own)]
                for w in (True, False)
            )
            before, after = within if confounded else mix
            reference = None if ideal is None else _at_home(units, ideal, after)
            numbers = comparison.numbers(reference, before, after, is_remedy=one.remedy.name != "none")
            row = fill(row, numbers) | _secondary(bench, assignments, one)
            row |= within_columns(area_estimate(comparison.samples(within[1]), ALPHA))
            row["metric"] = WITHIN if confounded else MIX
        rows.append(row | _costs(bench, assignments, one))
    return rows


def null_rows(bench: Bench, assignments: Sequence[Assignment], scored: Sequence[Scored]) -> list[Row]:
    """Return a row per remedy and scope of E4: the AUC (or C) within sites must be 0.5.

    Each assignment permutes the outcomes anew; the interval is Student's over the assignments.
    """
    rows = []
    for one in scored:
        status, fits, failed = status_of([result.status for result in one.results])
        row = blank(NULL, one.remedy.name, one.scope, status) | {"fits": fits, "fits_failed": failed}
        areas = []
        for number, (assignment, result) in enumerate(zip(assignments, one.results, strict=True)):
            units = bench.endpoint.permuted(assignment.order).units(number, result.fold)
            tables = _own(units, {number: assignment}, {number: result}, {number: result}, within=True)
            count = sum(float(c.sum()) for c in tables.compared)
            if count:
                won = sum(float((w * c).sum()) for w, c in zip(*tables, strict=True))
                areas.append(won / count)
        if len(areas) > 1:
            found = student_interval(np.array(areas))
            row |= within_columns(found) | {"auc_after": found.value, "metric": WITHIN, "auc_reference": 0.5}
            row |= {"auc_after_low": found.low, "auc_after_high": found.high}
            row["recovery_status"] = "no signal to recover"
            if not found.low <= 0.5 <= found.high:
                row["status"] = "excludes 0.5" if status == "ok" else f"excludes 0.5; {status}"
        rows.append(row | _costs(bench, assignments, one))
    return rows


def student_interval(values: Floats) -> Estimate:
    """Return mean and 95 % limits of independent values."""
    mean = float(values.mean())
    half = float(student.ppf(0.975, values.size - 1)) * float(values.std(ddof=1)) / values.size**0.5
    return Estimate(mean, mean - half, mean + half)


def _units(
    bench: Bench, assignments: Sequence[Assignment], none: Sequence[Result], ideal: Sequence[Result] | None
) -> list[Unit]:
    # Where nothing could be trained at the reference, there is nothing to compare with.
    folds = [result.fold for result in none]
    if ideal is not None:
        folds = [np.where(home.fold >= 0, fold, -1) for home, fold in zip(ideal, folds, strict=True)]
    return [
        unit
        for number, (assignment, fold) in enumerate(zip(assignments, folds, strict=True))
        for unit in bench.endpoint.permuted(assignment.order).units(number, fold)
    ]


def _own(
    units: list[Unit],
    assignments: Mapping[int, Assignment],
    scored: Mapping[int, Result],
    fitted: Mapping[int, Result],
    *,
    within: bool,
) -> Tables:
    """Return pairs of subjects at their own sites, where ``fitted`` has scores; within sites if asked for."""
    won, count = [], []
    for unit in units:
        score = scored[unit.draw].scores[:, OWN]
        pairs = compared(fitted[unit.draw].scores[:, OWN], unit) * compared(score, unit)
        if within:
            site = assignments[unit.draw].site
            pairs = pairs * (site[unit.positive][:, None] == site[unit.negative][None, :])
        won.append(plain(score, unit))
        count.append(pairs)
    return Tables(won, count)


def _numbered(results: Sequence[Result]) -> dict[int, Result]:
    return dict(enumerate(results))


def _at_home(units: list[Unit], ideal: Sequence[Result], like: Tables) -> Tables:
    return Tables([plain(ideal[u.draw].scores[:, AT_REFERENCE], u) for u in units], like.compared)


def within_columns(found: Estimate) -> Row:
    """Return the columns of the AUC within sites."""
    return {
        "auc_within_batch": found.value,
        "auc_within_batch_low": found.low,
        "auc_within_batch_high": found.high,
    }


def _secondary(bench: Bench, assignments: Sequence[Assignment], one: Scored) -> Row:
    p = np.stack([result.scores for result in one.results])
    y = np.stack([assignment.outcome for assignment in assignments])
    line = bench.endpoint.calibration(y.ravel(), p[:, :, OWN].ravel(), np.ones(y.size))
    away = np.stack([assignment.site > 0 for assignment in assignments])
    pairs = [
        score_agreement(scores[there][:, AT_REFERENCE], scores[there][:, [OWN]])
        for scores, there in zip(p, away, strict=True)
    ]
    volume = bench.volume
    rho = [
        rank_correlation(scores[:, OWN], None if volume is None else volume[np.arange(len(scores)), a.column])
        for scores, a in zip(p, assignments, strict=True)
    ]
    virtual = assignments[0].virtual
    tested = np.isfinite(p[:, :, OWN]).any(axis=0)
    return {
        "agreement": mean_or_nan([result.agreement for result in one.results]),
        "score_icc": mean_or_nan(pairs) if virtual else np.nan,
        "citl": line.citl,
        "slope": line.slope,
        "batch_effect_share": mean_or_nan([result.batch_effect for result in one.results]),
        "batch_classifier": mean_or_nan([result.batch_classifier for result in one.results]),
        "batch_classifier_chance": 1.0 / len(assignments[0].labels),
        "batch_status": "out of fold, first assignments",
        "spearman_volume": mean_or_nan(rho),
        "volume_status": "" if volume is not None else "no volume",
        "n": int(tested.sum()),
        "n_positive": int(bench.data.outcome[tested].sum()),
    }


def _costs(bench: Bench, assignments: Sequence[Assignment], one: Scored) -> Row:
    first = assignments[0]
    n_splits = int(bench.folds.max()) + 1
    groups = bench.data.groups
    at = [np.unique(groups[first.site == site]).size for site in range(len(first.labels))]
    draws = max((place.columns.size for place in bench.places), default=0)
    return {
        "cost_patients": round(float(np.mean(at)) * (1 - 1 / n_splits))
        if SITES in one.remedy.learns_from
        else 0,
        "cost_copies": copies_needed(one.remedy, bench.copy_columns.size, draws),
        "cost_seconds": round(sum(result.seconds for result in one.results), 3),
        "features_lost": mean_or_nan([float(x) for result in one.results for x in result.lost]),
        "assignments": len(assignments),
    }
