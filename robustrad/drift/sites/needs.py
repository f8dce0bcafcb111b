"""What a deployment needs: copies to be averaged, or patients to be collected, until the drift is small."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from robustrad.drift.data import Floats
from robustrad.drift.evaluate.limits import difference_estimate
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.bootstrap import Resamples, Tables
from robustrad.drift.sites.compare import ALPHA, Comparison
from robustrad.drift.sites.paired import judged_columns, mean_of_draws
from robustrad.drift.sites.pairs import Unit, compared, mixed, plain
from robustrad.drift.sites.results import UNSEEN, Result
from robustrad.drift.sites.rows import Row
from robustrad.drift.sites.secondary import score_agreement

COLUMNS = (
    "kind", "remedy", "scope", "factor", "level", "needed", "tried", "unit", "delta", "delta_low",
    "delta_high", "delta_without", "margin", "score_icc", "copies_for_score_icc", "sentence", "status",
)  # fmt: skip
COPIES, CALIBRATION = "copies", "calibration"
TARGET_ICC = 0.9

WITHIN, NOT_REACHED, NONE_NEEDED, NO_DRAWS = "ok", "not reached", "none needed", "no draws"


def copies_needs(bench: Bench, none: Sequence[Result], resamples: Resamples, margin: float) -> list[Row]:
    """Return, for each level, how many of its draws must be averaged before the drift stays within margin.

    The drift of m averaged predictions is that of patients at the reference or at the level, half and
    half; within the margin means that the lower limit of its interval is above -margin. ``score_icc`` is
    the ICC(A,1) of the score between draws (the reference and the level where there is one draw), and
    ``copies_for_score_icc`` how many draws a mean must have for 0.9, by Spearman and Brown.
    """
    position = {int(column): i for i, column in enumerate(judged_columns(bench))}
    units = [unit for r, fold in enumerate(bench.folds) for unit in bench.endpoint.units(r, fold)]
    comparison = Comparison(units, resamples, len(bench.data.subjects))
    home = [result.scores[:, 0] for result in none]
    counts = [compared(home[unit.draw], unit) for unit in units]
    reference = comparison.samples(Tables([plain(home[u.draw], u) for u in units], counts))
    rows, within = [], f"{margin:g} {bench.endpoint.statistic}"
    for place in bench.places:
        at = [position[int(column)] for column in place.columns]
        tried = []
        for m in range(1, len(at) + 1):
            scores = [
                np.column_stack([h, mean_of_draws(r.scores[:, at[:m]])])
                for h, r in zip(home, none, strict=True)
            ]
            won = [_half(scores[unit.draw], unit) for unit in units]
            tried.append(difference_estimate(comparison.samples(Tables(won, counts)) - reference, ALPHA))
        inside = [m for m, found in enumerate(tried, start=1) if found.low > -margin]
        status = _status(inside, len(at))
        needed = float(inside[0]) if inside else np.nan
        shown = tried[(inside[0] if inside else len(at)) - 1]
        icc = _draw_icc([r.scores for r in none], at)
        rows.append({
            "kind": COPIES, "remedy": "test_time_averaging", "scope": "unseen",
            "factor": place.factor, "level": place.level, "needed": needed,
            "tried": len(at), "unit": "draws averaged", "delta": shown.value, "delta_low": shown.low,
            "delta_high": shown.high, "delta_without": tried[0].value, "margin": margin, "score_icc": icc,
            "copies_for_score_icc": _spearman_brown(icc),
            "sentence": _copies_sentence(place.label, status, needed, len(at), within), "status": status,
        })  # fmt: skip
    return rows


def sweep_needs(sweep: Sequence[Row], margin: float, statistic: str = "AUC") -> list[Row]:
    """Return, for each remedy, how many calibration patients a new site needs, from the sweep of E3."""
    rows, within = [], f"{margin:g} {statistic}"
    raw = next((row for row in sweep if row["remedy"] == "none"), None)
    for key in dict.fromkeys((row["remedy"], row["scope"]) for row in sweep):
        own = [row for row in sweep if (row["remedy"], row["scope"]) == key]
        known = [row for row in own if np.isfinite(row["drift_after_low"])]
        inside = [row for row in known if row["drift_after_low"] > -margin]
        shown = inside[0] if inside else known[-1] if known else own[-1]
        needed = float(shown["calibration_patients"]) if inside else np.nan
        status = (
            "no interval" if not known else NOT_REACHED if not inside else WITHIN if needed else NONE_NEEDED
        )
        rows.append({
            "kind": CALIBRATION, "remedy": key[0], "scope": key[1], "factor": "", "level": "",
            "needed": needed,
            "tried": max((row["calibration_patients"] for row in known), default=0),
            "unit": "patients of the new site", "delta": shown["drift_after"],
            "delta_low": shown["drift_after_low"], "delta_high": shown["drift_after_high"],
            "delta_without": np.nan if raw is None else raw["drift_after"], "margin": margin,
            "score_icc": np.nan, "copies_for_score_icc": np.nan,
            "sentence": _calibration_sentence(_named(*key), status, needed, known, within), "status": status,
        })  # fmt: skip
    return rows


def needs_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Return the table of needs."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS))


def _half(scores: Floats, unit: Unit) -> Floats:
    return mixed(scores, unit, [(np.array([0, 1]), np.array([0.5, 0.5]))])


def _status(inside: list[int], draws: int) -> str:
    if inside:
        return NONE_NEEDED if inside[0] == 1 else WITHIN
    return NO_DRAWS if draws == 1 else NOT_REACHED


def _draw_icc(scores: Sequence[Floats], at: list[int]) -> float:
    """Mean over the repeats of the score's agreement between the first draw and the others."""
    first, others = (at[0], at[1:]) if len(at) > 1 else (0, at)
    values = [score_agreement(s[:, first], s[:, others]) for s in scores]
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def _spearman_brown(icc: float) -> float:
    """Draws whose mean has the target ICC; NaN where a single one has none to build on."""
    if not 0.0 < icc < 1.0:
        return 1.0 if icc == 1.0 else float("nan")
    m = TARGET_ICC * (1 - icc) / (icc * (1 - TARGET_ICC))
    return float(max(1.0, np.ceil(round(m, 9))))


def _copies_sentence(label: str, status: str, needed: float, tried: int, margin: str) -> str:
    if status == NONE_NEEDED:
        return f"{label}: a single prediction stays within {margin}."
    if status == WITHIN:
        return f"{label}: the mean of {needed:.0f} predictions stays within {margin}."
    if status == NO_DRAWS:
        return f"{label}: one draw only, so it is not known what averaging would do."
    return f"{label}: {tried} averaged predictions do not keep the loss within {margin}."


def _named(remedy: str, scope: str) -> str:
    return remedy if scope == UNSEEN else f"{remedy} that has seen the factor"


def _calibration_sentence(remedy: str, status: str, needed: float, known: Sequence[Row], margin: str) -> str:
    if status == NONE_NEEDED:
        return f"{remedy}: no patient of a new site is needed to stay within {margin}."
    if status == WITHIN:
        return f"{remedy}: {needed:.0f} patients of a new site keep the loss within {margin}."
    if status == NOT_REACHED:
        tried = known[-1]["calibration_patients"]
        told = f"with {tried:.0f} patients of it" if tried else "as it is"
        return f"{remedy}: at a new site, {told}, a loss beyond {margin} cannot be excluded."
    return f"{remedy}: nothing is known of a new site."
