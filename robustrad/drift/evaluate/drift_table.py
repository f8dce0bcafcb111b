"""The drift table: a row per arm and level, with everything that is known of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from robustrad.drift.evaluate.bands import simultaneous_band, single_bands
from robustrad.drift.evaluate.discrimination import Contrasts, Curves, auc_curves, delong_contrasts
from robustrad.drift.evaluate.inputs import Cohort, Flags, Floats, Scored, Settings, mean_scores
from robustrad.drift.evaluate.levels import KEY_COLUMNS, Level, levels_of, reason_of
from robustrad.drift.evaluate.limits import area_limits, holm
from robustrad.drift.evaluate.notes import FEW_OF_CLASS, NO_WIDTH, interval_note, rarer_class, without_width
from robustrad.drift.evaluate.predictions import (
    Row,
    agreement_columns,
    calibration_columns,
    decision_columns,
    filled,
)
from robustrad.drift.evaluate.verdict import judge_change
from robustrad.stability.status import FEW_SUBJECTS

ARM_COLUMNS = ("arm", "model", "train")
COLUMNS = (
    *ARM_COLUMNS, *KEY_COLUMNS, "n", "n_positive", "n_dropped", "auc", "auc_low", "auc_high", "delta",
    "delta_low", "delta_high", "delta_low_band", "delta_high_band", "delong_delta", "delong_se", "delong_p",
    "delong_p_holm", "interval_note", "brier", "brier_delta", "scaled_brier", "citl", "slope", "slope_status",
    "balanced_accuracy", "sensitivity", "specificity", "flips", "flip_rate", "flip_low", "flip_high",
    "flips_up", "flips_down", "mcnemar_p", "mean_abs_dp", "score_icc_a_1", "score_icc_a_1_low",
    "score_icc_a_1_high", "score_icc_1_1", "score_icc_1_1_low", "score_icc_1_1_high", "score_icc_status",
    "score_bias", "score_loa_low", "score_loa_high", "verdict", "status", "reason",
)  # fmt: skip


def drift_table(scored: Scored, cohort: Cohort, weights: Floats, settings: Settings) -> pd.DataFrame:
    """Return the rows of one arm.

    Parameters
    ----------
    scored : Scored
    cohort : Cohort
    weights : ndarray of shape (B, n)
        Resamples of the patients, the same for all arms.
    settings : Settings

    Returns
    -------
    DataFrame
        :data:`COLUMNS`. ``delta`` is AUC at the level minus AUC at the reference, over the same subjects.
        Controls have no band, no Holm and no verdict: they are no claim. ``status``: ``ok``, ``few`` (fewer
        than 20 patients, or 10 of a class), ``separated`` (AUC exactly 1 or 0) and ``tied`` (constant
        scores): the interval has no width, and ``interval_note`` says what that means; ``one_class``,
        ``insufficient`` (fewer than 5 patients, or more than 20 % dropped: no numbers; ``reason`` says why).
    """
    scores = mean_scores(scored)
    levels = levels_of(cohort, scores, scored.untrained)
    rows: list[Row] = [_facts(scored, cohort, level) for level in levels]
    curves = auc_curves(scored, cohort, levels)
    _add_discrimination(rows, levels, curves, weights, settings)
    _add_delong(rows, levels, delong_contrasts(scores, cohort, levels))
    for row, level in zip(rows, levels, strict=True):
        if level.enough:
            row.update(calibration_columns(scored, cohort, level))
            row.update(decision_columns(scored, cohort, level, alpha=settings.alpha))
            row.update(agreement_columns(scores, cohort, level, alpha=settings.alpha, seed=settings.seed))
    return pd.DataFrame([filled(row, COLUMNS) for row in rows], columns=list(COLUMNS))


def _facts(scored: Scored, cohort: Cohort, level: Level) -> Row:
    positive = int(cohort.outcome[level.present].sum())
    rarer = rarer_class(cohort.outcome, cohort.groups, level.present)
    few = level.patients < FEW_SUBJECTS or rarer < FEW_OF_CLASS
    status = "few" if few else "ok"
    if positive in {0, level.n}:
        status = "one_class"
    if not level.enough:
        status = "insufficient"
    arm = {"arm": scored.arm.name, "model": scored.arm.model, "train": scored.arm.train}
    note = interval_note(scored, cohort.outcome, cohort.groups, level.present)
    return {
        **arm, **level.key, "n": level.n, "n_positive": positive, "n_dropped": level.dropped,
        "interval_note": note, "slope_status": "", "score_icc_status": "", "verdict": "", "status": status,
        "reason": reason_of(level, cohort, scored.untrained),
    }  # fmt: skip


def _add_discrimination(
    rows: list[Row], levels: list[Level], curves: Curves, weights: Floats, settings: Settings
) -> None:
    auc = area_limits(curves.auc, curves.known, settings.alpha)
    change = single_bands(curves.change, settings.alpha)
    family = _family(levels)
    band = simultaneous_band(curves.change.take(family), weights, settings.alpha)
    for i, row in enumerate(rows):
        row |= {"auc": curves.auc[i], "auc_low": auc.low[i], "auc_high": auc.high[i]}
        row |= {"delta": curves.change.value[i], "delta_low": change.low[i], "delta_high": change.high[i]}
        edge = without_width(curves.auc[i], float(curves.known.error[i]))
        if edge and row["status"] in {"ok", "few"}:
            row |= {"status": edge, "interval_note": NO_WIDTH}
    for place, i in enumerate(np.flatnonzero(family).tolist()):
        low, high = float(band.low[place]), float(band.high[place])
        rows[i] |= {"delta_low_band": low, "delta_high_band": high}
        rows[i]["verdict"] = judge_change(low, high, margin=settings.margin)


def _add_delong(rows: list[Row], levels: list[Level], tested: Contrasts) -> None:
    for i, row in enumerate(rows):
        row |= {"delong_delta": tested.delta[i], "delong_se": tested.standard_error[i]}
        row |= {"delong_p": tested.p[i]}
    family = _family(levels)
    for i, p in zip(np.flatnonzero(family).tolist(), holm(tested.p[family]), strict=True):
        rows[i]["delong_p_holm"] = p


def _family(levels: list[Level]) -> Flags:
    return np.array([level.in_family for level in levels], dtype=bool)
