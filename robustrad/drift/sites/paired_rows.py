"""Rows of E1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import Floats
from robustrad.drift.remedies.base import SITES, Remedy
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.bootstrap import Resamples, Tables
from robustrad.drift.sites.compare import Comparison
from robustrad.drift.sites.paired import judged_columns
from robustrad.drift.sites.pairs import Unit, compared, mixed, plain, units_of
from robustrad.drift.sites.places import factors_of
from robustrad.drift.sites.results import Result, Variant
from robustrad.drift.sites.rows import Row, blank, copies_needed, fill, mean_or_nan, status_of
from robustrad.drift.sites.secondary import pooled_calibration, rank_correlation, score_agreement

EXPERIMENT = "E1 paired"
Group = tuple[NDArray[np.intp], Floats]


@dataclass(frozen=True)
class _Evidence:
    """What one remedy scored, factor by factor, in every repeat."""

    by_factor: dict[str, list[Result]]

    def score(self, repeat: int, factor: str) -> Floats:
        return self.by_factor[factor][repeat].scores


def paired_rows(
    bench: Bench, variants: Sequence[Variant], results: Sequence[Sequence[Result]], resamples: Resamples
) -> list[Row]:
    """Return a row per remedy and scope.

    Parameters
    ----------
    bench : Bench
        Data and folds.
    variants : sequence of Variant
        With the remedy ``none`` among them.
    results : sequence of sequence of Result
        Of each variant, one per repeat.
    resamples : Resamples
        Of the patients.
    """
    factors, y = factors_of(bench.places), bench.data.outcome
    units = [unit for r, fold in enumerate(bench.folds) for unit in units_of(r, fold, y)]
    groups = factor_groups(bench)
    comparison = Comparison(units, resamples, y.size)
    evidence: dict[tuple[str, str], _Evidence] = {}
    remedies: dict[tuple[str, str], Remedy] = {}
    for variant, result in zip(variants, results, strict=True):
        key = (variant.remedy.name, variant.scope)
        remedies[key] = variant.remedy
        known = evidence.setdefault(key, _Evidence({}))
        for factor in variant.without or factors:
            known.by_factor[factor] = list(result)
    none = evidence["none", "unseen"]
    rows = []
    for key, found in evidence.items():
        tables = [_tables(units, groups, none, found), _tables(units, groups, found, found)]
        reference = _reference_tables(units, none, tables[1])
        numbers = comparison.numbers(reference, tables[0], tables[1], is_remedy=key[0] != "none")
        flat = {id(r): r for results_ in found.by_factor.values() for r in results_}
        status, fits, failed = status_of([r.status for r in flat.values()])
        row = blank(EXPERIMENT, *key, status) | {"fits": fits, "fits_failed": failed}
        if failed < fits:
            row = fill(row, numbers) | _secondary(bench, groups, found)
        rows.append(row | _costs(bench, remedies[key], list(flat.values())))
    return rows


def factor_groups(bench: Bench) -> dict[str, Group]:
    """Return, for each factor, the positions of its conditions and the reference, and their weights."""
    position = {int(column): i for i, column in enumerate(judged_columns(bench))}
    groups = {}
    for factor in factors_of(bench.places):
        levels = [place.columns for place in bench.places if place.factor == factor]
        share = 1.0 / (len(levels) + 1)
        columns = [0, *(position[int(c)] for level in levels for c in level)]
        weights = [share, *(share / level.size for level in levels for _ in level)]
        groups[factor] = (np.array(columns, dtype=np.intp), np.array(weights))
    return groups


def _tables(units: list[Unit], groups: dict[str, Group], scored: _Evidence, fitted: _Evidence) -> Tables:
    """Return the mixes of ``scored`` over the factors for which ``fitted`` has a model in the unit."""
    won, count = [], []
    for unit in units:
        known = [f for f in groups if np.isfinite(fitted.score(unit.draw, f)[unit.positive, 0]).all()]
        shape = (unit.positive.size, unit.negative.size)
        each = [mixed(scored.score(unit.draw, f), unit, [groups[f]]) for f in known]
        won.append(np.mean(each, axis=0) if each else np.zeros(shape))
        count.append(np.ones(shape) if each else np.zeros(shape))
    return Tables(won, count)


def _reference_tables(units: list[Unit], none: _Evidence, like: Tables) -> Tables:
    first = next(iter(none.by_factor))
    won, count = [], []
    for unit, c in zip(units, like.compared, strict=True):
        score = none.score(unit.draw, first)[:, 0]
        won.append(plain(score, unit))
        count.append(c * compared(score, unit))
    return Tables(won, count)


def _secondary(bench: Bench, groups: dict[str, Group], found: _Evidence) -> Row:
    y, volume = bench.data.outcome, bench.volume
    mean = {f: _mean_scores(results) for f, results in found.by_factor.items()}
    p = [mean[f][:, columns] for f, (columns, _) in groups.items()]
    weight = [np.broadcast_to(w, part.shape) for part, (_, w) in zip(p, groups.values(), strict=True)]
    flat = np.concatenate([part.ravel() for part in p])
    outcome = np.concatenate([np.repeat(y, part.shape[1]) for part in p])
    line = pooled_calibration(outcome, flat, np.concatenate([w.ravel() for w in weight]))
    icc = [score_agreement(part[:, 0], part[:, 1:]) for part in p]
    home = p[0][:, 0]
    return {
        "metric": "auc_mix",
        "agreement": mean_or_nan([found.by_factor[f][0].agreement for f in groups]),
        "score_icc": mean_or_nan(icc),
        "citl": line.citl,
        "slope": line.slope,
        "batch_status": "paired: the same patients everywhere, see agreement",
        "spearman_volume": rank_correlation(home, None if volume is None else volume[:, 0]),
        "volume_status": "" if volume is not None else "no volume",
        "n": int(np.isfinite(home).sum()),
        "n_positive": int(y[np.isfinite(home)].sum()),
    }


def _mean_scores(results: list[Result]) -> Floats:
    stack = np.stack([result.scores for result in results])
    known = np.isfinite(stack)
    total = np.where(known, stack, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.asarray(np.where(known.any(axis=0), total, np.nan))


def _costs(bench: Bench, remedy: Remedy, results: list[Result]) -> Row:
    trained = bench.data.n_patients - bench.data.n_patients / (int(bench.folds.max()) + 1)
    draws = max(place.columns.size for place in bench.places)
    return {
        # Every training patient, measured at every place: that is what makes it an upper bound.
        "cost_patients": round(trained) if SITES in remedy.learns_from else 0,
        "cost_copies": copies_needed(remedy, bench.copy_columns.size, draws),
        "cost_seconds": round(sum(result.seconds for result in results), 3),
        "features_lost": mean_or_nan([float(x) for result in results for x in result.lost]),
        "assignments": len(bench.folds),
    }
