"""The survival table: concordance at every level, its change from the reference, and the verdict on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustrad.drift.arms import ArmScores
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.evaluate.bands import simultaneous_band, single_bands
from robustrad.drift.evaluate.changes import Change, no_change, stacked_changes
from robustrad.drift.evaluate.drift_table import ARM_COLUMNS
from robustrad.drift.evaluate.inputs import Settings, mean_scores
from robustrad.drift.evaluate.levels import KEY_COLUMNS, Level, levels_of, reason_of
from robustrad.drift.evaluate.limits import area_limits
from robustrad.drift.evaluate.notes import NO_WIDTH, interval_note, without_width
from robustrad.drift.evaluate.pairs import mean_of
from robustrad.drift.evaluate.precision import UNKNOWN, Precision, stacked
from robustrad.drift.evaluate.predictions import Row, agreement_columns, filled
from robustrad.drift.evaluate.resample import patient_weights
from robustrad.drift.evaluate.verdict import judge_change
from robustrad.drift.survival.groups import CURVE_COLUMNS, group_columns, group_curves
from robustrad.drift.survival.pairs import (
    Comparisons,
    change_of_index,
    harrell_comparisons,
    index_pairs,
    precision_of_index,
    uno_comparisons,
)
from robustrad.drift.survival.times import Survival
from robustrad.stability.status import FEW_SUBJECTS

SURVIVAL_COLUMNS = (
    *ARM_COLUMNS, *KEY_COLUMNS, "n", "n_events", "n_dropped", "c", "c_low", "c_high", "delta", "delta_low",
    "delta_high", "delta_low_band", "delta_high_band", "uno", "uno_low", "uno_high", "uno_delta",
    "uno_delta_low", "uno_delta_high", "uno_status", "tau", "interval_note", "cutoff", "n_high", "flips",
    "flip_rate", "flip_low", "flip_high", "flips_up", "flips_down", "logrank_chi2", "logrank_p",
    "score_icc_a_1", "score_icc_a_1_low", "score_icc_a_1_high", "score_icc_status", "score_bias",
    "verdict", "status", "reason",
)  # fmt: skip
KAPLAN_MEIER_COLUMNS = (*ARM_COLUMNS, *KEY_COLUMNS, *CURVE_COLUMNS)
OK, NO_FOLLOW_UP = "ok", "no_follow_up"


@dataclass(frozen=True)
class SurvivalTables:
    """What a survival run says: a row per arm and level, and the curves of its risk groups.

    Attributes
    ----------
    survival : DataFrame
        Columns :data:`SURVIVAL_COLUMNS`.
    kaplan_meier : DataFrame
        Columns :data:`KAPLAN_MEIER_COLUMNS`: a row per arm, level, group and distinct time.
    """

    survival: pd.DataFrame
    kaplan_meier: pd.DataFrame


@dataclass(frozen=True)
class _Cohort:
    """What all arms are judged with."""

    data: DriftData
    survival: Survival
    weights: Floats
    settings: Settings
    tau: float


class Curves(NamedTuple):
    """C and its change for each level.

    Attributes
    ----------
    c : ndarray of shape (m,)
    known : Precision
        Of C, shape (m,).
    change : Change
        From the reference, shape (m,).
    """

    c: Floats
    known: Precision
    change: Change


def evaluate_survival(
    arms: Sequence[ArmScores],
    data: DriftData,
    survival: Survival,
    settings: Settings | None = None,
    *,
    tau: float | None = None,
) -> SurvivalTables:
    """Return the tables of all arms.

    Parameters
    ----------
    arms : sequence of ArmScores
        Scores are risks; thresholds the frozen cut-offs.
    data : DriftData
        Who was scored, and under what.
    survival : Survival
        Of the subjects.
    settings : Settings, optional
        ``margin`` is of C.
    tau : float, optional
        Horizon of Uno's C; default :attr:`robustrad.drift.survival.times.Survival.horizon`.

    Returns
    -------
    SurvivalTables
        ``c``: Harrell's C within folds, over folds and repeats. ``delta``: C at the level minus C at the
        reference, over the same subjects; ``*_band`` holds for all levels of the arm together (resamples of
        patients, stratified by event, the same for all arms), and ``verdict`` judges it by the margin, as
        for the AUC. ``uno``: Uno's C up to ``tau``; ``uno_status`` ``no_follow_up``: nobody is
        followed until ``tau`` in some fold. ``flips``: subjects who change between high and low risk at the
        frozen cut-off (the median risk of the training patients at the reference), draws averaged.
        ``logrank_*``: between these groups, a subject's being that of most repeats and draws. Controls have
        no band and no verdict. ``status``: ``ok``, ``few`` (fewer than 20 patients), ``separated`` (C exactly
        0 or 1) and ``tied`` (constant risks): the interval has no width; ``no_event``, ``insufficient``
        (fewer than 5, or more than 20 % dropped: no numbers; ``reason`` says why).
    """
    settings = settings or Settings()
    horizon = survival.horizon if tau is None else tau
    events = survival.event.astype(np.intp)
    weights = patient_weights(events, data.groups, resamples=settings.resamples, seed=settings.seed)
    cohort = _Cohort(data, survival, weights, settings, horizon)
    rows: list[Row] = []
    curves: list[pd.DataFrame] = []
    for scored in arms:
        levels = levels_of(data, mean_scores(scored), scored.untrained)
        rows += _arm_rows(scored, levels, cohort)
        curves += [
            pd.DataFrame(_about(scored, level), index=range(len(part))).join(part)
            for level in levels
            if level.enough and len(part := group_curves(scored, survival, level, alpha=settings.alpha))
        ]
    table = pd.DataFrame([filled(row, SURVIVAL_COLUMNS) for row in rows], columns=list(SURVIVAL_COLUMNS))
    empty = pd.DataFrame(columns=list(KAPLAN_MEIER_COLUMNS))
    return SurvivalTables(table, pd.concat(curves, ignore_index=True) if curves else empty)


def _arm_rows(scored: ArmScores, levels: list[Level], cohort: _Cohort) -> list[Row]:
    survival, settings, weights = cohort.survival, cohort.settings, cohort.weights
    groups = cohort.data.groups
    plain = _curves(harrell_comparisons(survival, scored.folds), scored, levels, groups)
    later = uno_comparisons(survival, scored.folds, tau=cohort.tau)
    weighted = _curves(later, scored, levels, groups)
    rows = [_facts(scored, level, cohort) for level in levels]
    for name, changed, curves in (("c", "delta", plain), ("uno", "uno_delta", weighted)):
        area = area_limits(curves.c, curves.known, settings.alpha)
        change = single_bands(curves.change, settings.alpha)
        for i, row in enumerate(rows):
            row |= {name: curves.c[i], f"{name}_low": area.low[i], f"{name}_high": area.high[i]}
            row |= {changed: curves.change.value[i]}
            row |= {f"{changed}_low": change.low[i], f"{changed}_high": change.high[i]}
    for i, row in enumerate(rows):
        edge = without_width(plain.c[i], float(plain.known.error[i]))
        if edge and row["status"] in {"ok", "few"}:
            row |= {"status": edge, "interval_note": NO_WIDTH}
    family = np.array([level.in_family for level in levels], dtype=bool)
    band = simultaneous_band(plain.change.take(family), weights, settings.alpha)
    for place, i in enumerate(np.flatnonzero(family).tolist()):
        low, high = float(band.low[place]), float(band.high[place])
        rows[i] |= {"delta_low_band": low, "delta_high_band": high}
        rows[i]["verdict"] = judge_change(low, high, margin=settings.margin)
    scores = mean_scores(scored)
    for row, level in zip(rows, levels, strict=True):
        if not level.enough:
            continue
        row["uno_status"] = OK if np.isfinite(later.weights).all() else NO_FOLLOW_UP
        row.update(group_columns(scored, survival, level, alpha=settings.alpha))
        found = agreement_columns(scores, cohort.data, level, alpha=settings.alpha, seed=settings.seed)
        row.update({name: found[name] for name in SURVIVAL_COLUMNS if name in found})
    return rows


def _about(scored: ArmScores, level: Level) -> Row:
    return {"arm": scored.arm.name, "model": scored.arm.model, "train": scored.arm.train, **level.key}


def _facts(scored: ArmScores, level: Level, cohort: _Cohort) -> Row:
    data = cohort.data
    events = int(cohort.survival.event[level.present].sum())
    status = "few" if level.patients < FEW_SUBJECTS else "ok"
    status = "no_event" if events == 0 else status
    status = "insufficient" if not level.enough else status
    occurred = cohort.survival.event.astype(np.intp)
    return _about(scored, level) | {
        "n": level.n,
        "n_events": events,
        "n_dropped": level.dropped,
        "tau": cohort.tau,
        "uno_status": "",
        "interval_note": interval_note(scored, occurred, data.groups, level.present),
        "cutoff": float(np.nanmean(scored.thresholds)) if scored.thresholds.size else np.nan,
        "score_icc_status": "",
        "verdict": "",
        "status": status,
        "reason": reason_of(level, data, scored.untrained),
    }


def _curves(comparisons: Comparisons, scored: ArmScores, levels: list[Level], groups: Codes) -> Curves:
    c = np.full(len(levels), np.nan)
    known, change = [UNKNOWN] * len(levels), [no_change(groups.size)] * len(levels)
    for row, level in enumerate(levels):
        if not level.enough:
            continue
        pairs = index_pairs(comparisons.compared(level.present), comparisons)
        before = comparisons.won(scored.scores[:, :, 0], level.present)
        won = before
        if not level.is_reference:
            each = [comparisons.won(scored.scores[:, :, j], level.present) for j in level.columns]
            won = np.mean(each, axis=0)
        c[row] = mean_of(won, pairs, level.present)
        known[row] = precision_of_index(won, pairs, level.present, groups)
        change[row] = change_of_index(won - before, pairs, level.present, groups)
    return Curves(c, stacked(known), stacked_changes(change))
