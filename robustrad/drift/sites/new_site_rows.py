"""Rows of E3, and the sweep over the number of calibration patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robustrad.drift.data import Floats
from robustrad.drift.evaluate.limits import area_estimate
from robustrad.drift.remedies.base import SITES, Remedy
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.bootstrap import Resamples, Tables
from robustrad.drift.sites.compare import ALPHA, Comparison, Numbers
from robustrad.drift.sites.disjoint_rows import within_columns
from robustrad.drift.sites.new_site import HOME, NEW, NewSiteResult
from robustrad.drift.sites.pairs import Unit, compared, mixed, plain
from robustrad.drift.sites.rows import OK, Row, blank, copies_needed, fill, mean_or_nan
from robustrad.drift.sites.secondary import rank_correlation, score_agreement
from robustrad.drift.sites.virtual import Assignment

EXPERIMENT = "E3 new site"
SWEEP_COLUMNS = (
    "experiment", "remedy", "scope", "calibration_patients", "auc_reference", "auc_before", "auc_after",
    "auc_after_low", "auc_after_high", "drift_before", "drift_before_low", "drift_before_high",
    "drift_after", "drift_after_low", "drift_after_high", "gain", "gain_low", "gain_high",
    "recovery", "recovery_low", "recovery_high", "recovery_status", "citl", "slope",
    "sites_judged", "sites_refused", "n_judged", "assignments", "status",
)  # fmt: skip


@dataclass(frozen=True)
class Met:
    """One remedy and scope at the new sites of all assignments."""

    remedy: Remedy
    scope: str
    results: list[NewSiteResult]


class NewSites:
    """Turns the results of E3 into rows.

    Parameters
    ----------
    bench : Bench
        Data.
    assignments : sequence of Assignment
        R of them.
    ideal : list of NewSiteResult
        Trained and judged at the reference.
    met : sequence of Met
        With the remedy ``none`` among them.
    resamples : Resamples
        Of patients and assignments.
    """

    def __init__(
        self,
        bench: Bench,
        assignments: Sequence[Assignment],
        ideal: list[NewSiteResult],
        met: Sequence[Met],
        resamples: Resamples,
    ) -> None:
        self.bench, self.assignments, self.ideal, self.met = bench, assignments, ideal, met
        self.none = next(m for m in met if m.remedy.name == "none")
        self.virtual = assignments[0].virtual
        # One unit for each left-out site of each assignment: all its judged patients meet one model.
        self.units: list[Unit] = []
        self.site_of_unit: list[int] = []
        for number, (assignment, result) in enumerate(zip(assignments, self.none.results, strict=True)):
            for site in range(len(result.sites)):
                there = np.isfinite(result.scores[site, 0, :, NEW])
                if self.virtual:
                    there &= np.isfinite(ideal[number].scores[site, 0, :, HOME])
                endpoint = bench.endpoint.permuted(assignment.order)
                self.units.append(endpoint.unit(number, np.flatnonzero(there)))
                self.site_of_unit.append(site)
        self.comparison = Comparison(self.units, resamples, len(bench.data.subjects))

    def rows(self, calibration: int) -> list[Row]:
        """Return a row per remedy and scope, with so many calibration patients, or the most there can be."""
        rows = []
        for one in self.met:
            size, note = self._size(one, calibration)
            row = blank(EXPERIMENT, one.remedy.name, one.scope, note)
            column = one.results[0].sizes.index(size) if size in one.results[0].sizes else 0
            numbers, judged, refused, reason = self._numbers(one, column)
            row |= {"fits": judged + refused, "fits_failed": refused, "assignments": len(self.assignments)}
            if not judged:
                row["status"] = reason or note
            else:
                row = fill(row, numbers) | self._secondary(one, column)
                row["metric"] = "auc_mix" if self.virtual else "auc_within_batch"
                if refused:
                    row["status"] = f"{refused} of {judged + refused} new sites: {reason}"
            uses = SITES in one.remedy.learns_from
            draws = max((place.columns.size for place in self.bench.places), default=0)
            rows.append(row | {
                "cost_patients": size if uses else 0,
                "cost_copies": copies_needed(one.remedy, self.bench.copy_columns.size, draws),
                "cost_seconds": round(sum(float(r.seconds.sum()) for r in one.results), 3),
                "features_lost": mean_or_nan([float(x) for r in one.results for x in r.lost]),
            })  # fmt: skip
        return rows

    def sweep(self) -> list[Row]:
        """Return a row per remedy, scope and number of calibration patients."""
        rows = []
        for one in self.met:
            for column, size in enumerate(one.results[0].sizes):
                numbers, judged, refused, reason = self._numbers(one, column)
                row = dict.fromkeys(SWEEP_COLUMNS, np.nan) | {
                    "experiment": EXPERIMENT, "remedy": one.remedy.name, "scope": one.scope,
                    "calibration_patients": size, "sites_judged": judged, "sites_refused": refused,
                    "assignments": len(self.assignments), "recovery_status": "not fitted",
                    "status": OK if not refused else reason,
                }  # fmt: skip
                if judged:
                    full = fill(blank(EXPERIMENT, one.remedy.name, one.scope, OK), numbers)
                    row |= {name: full[name] for name in full if name in SWEEP_COLUMNS and name not in _OWN}
                    row |= _drifts(numbers)
                    secondary = self._secondary(one, column)
                    row |= {
                        "citl": secondary["citl"],
                        "slope": secondary["slope"],
                        "n_judged": secondary["n"],
                    }
                rows.append(row)
        return rows

    def _size(self, one: Met, calibration: int) -> tuple[int, str]:
        """The number asked for, or the largest that most sites can give."""
        sizes = one.results[0].sizes
        if SITES not in one.remedy.learns_from:
            return 0, OK
        given = [
            size
            for column, size in enumerate(sizes)
            if np.mean([(r.status[:, column] == "").mean() for r in one.results]) >= 0.5
        ]
        if calibration in given:
            return calibration, OK
        smaller = [size for size in given if size < calibration]
        if not smaller:
            return min(sizes), f"{calibration} calibration patients asked for: no site can give them"
        used = max(smaller)
        return used, f"{calibration} calibration patients asked for: sites are too small, {used} used"

    def _numbers(self, one: Met, column: int) -> tuple[Numbers, int, int, str]:
        before, after, reference = [], [], []
        counts = []
        status = np.concatenate([r.status[:, column] for r in one.results])
        for unit, site in zip(self.units, self.site_of_unit, strict=True):
            score = one.results[unit.draw].scores[site, column]
            raw = self.none.results[unit.draw].scores[site, 0]
            pairs = compared(score[:, NEW], unit)
            after.append(self._table(score, unit))
            before.append(self._table(raw, unit))
            if self.virtual:
                reference.append(plain(self.ideal[unit.draw].scores[site, 0, :, HOME], unit))
            counts.append(pairs)
        numbers = self.comparison.numbers(
            Tables(reference, counts) if self.virtual else None,
            Tables(before, counts),
            Tables(after, counts),
            is_remedy=one.remedy.name != "none",
        )
        failed = status[status != ""]
        reason = str(failed[0]) if failed.size else ""
        return numbers, int((status == "").sum()), int(failed.size), reason

    def _table(self, scores: Floats, unit: Unit) -> Floats:
        if not self.virtual:
            return plain(scores[:, NEW], unit)
        return mixed(scores, unit, [(np.array([NEW, HOME]), np.array([0.5, 0.5]))])

    def _secondary(self, one: Met, column: int) -> Row:
        p, y, rho, icc = [], [], [], []
        won, counts = [], []
        for unit, site in zip(self.units, self.site_of_unit, strict=True):
            judged = unit.members
            scores = one.results[unit.draw].scores[site, column, judged]
            p.append(scores[:, NEW])
            y.append(self.assignments[unit.draw].outcome[judged])
            if self.virtual:
                icc.append(score_agreement(scores[:, HOME], scores[:, [NEW]]))
            volume = self.bench.volume
            columns = self.assignments[unit.draw].column[judged]
            rho.append(rank_correlation(scores[:, NEW], None if volume is None else volume[judged, columns]))
            at_new = one.results[unit.draw].scores[site, column, :, NEW]
            won.append(plain(at_new, unit))
            counts.append(compared(at_new, unit))
        line = self.bench.endpoint.calibration(
            np.concatenate(y), np.concatenate(p), np.ones(sum(map(len, y)))
        )
        tested = np.unique(np.concatenate([unit.members for unit in self.units]))
        return {
            **within_columns(area_estimate(self.comparison.samples(Tables(won, counts)), ALPHA)),
            "score_icc": mean_or_nan(icc),
            "citl": line.citl,
            "slope": line.slope,
            "batch_status": "judged at one site at a time",
            "spearman_volume": mean_or_nan(rho),
            "volume_status": "" if self.bench.volume is not None else "no volume",
            "n": int(tested.size),
            "n_positive": int(self.bench.data.outcome[tested].sum()),
        }


_OWN = ("experiment", "remedy", "scope", "status")


def _drifts(numbers: Numbers) -> Row:
    return {
        f"drift_{when}{part}": value
        for when, found in (("before", numbers.drift), ("after", numbers.left))
        for part, value in (("", found.value), ("_low", found.low), ("_high", found.high))
    }
