"""The deployment mix: every patient at one random condition, as patients come from many scanners.

AUC at one level cannot see a shift that all patients share; in a mix the same shift moves some patients past
others, and breaks thresholds and calibration.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.bands import change_of
from robustrad.drift.evaluate.changes import Change, change_between
from robustrad.drift.evaluate.inputs import Cohort, Floats, Ints, Scored, Settings, are_probabilities, calls
from robustrad.drift.evaluate.levels import Level, levels_of
from robustrad.drift.evaluate.limits import area_of
from robustrad.drift.evaluate.notes import interval_note
from robustrad.drift.evaluate.pairs import comparable_pairs, mean_of, wins
from robustrad.drift.evaluate.precision import Precision, precision_of_area
from robustrad.drift.metrics.calibration import OK, brier, calibration_in_the_large, calibration_line

ROLES = ("acquisition", "delineation")
NO_CONDITION = "no_condition"
COLUMNS = (
    "arm", "model", "train", "auc", "auc_low", "auc_high", "auc_reference", "delta", "delta_low",
    "delta_high", "brier", "brier_reference", "citl", "slope", "slope_status", "balanced_accuracy",
    "balanced_accuracy_reference", "roles", "n", "n_dropped", "n_levels", "n_mixes", "left_out",
    "interval_note", "status",
)  # fmt: skip


class _Mixed(NamedTuple):
    """AUC in the mix, how well it is known, and its change from the reference."""

    auc: float
    known: Precision
    change: Change


def deployment_row(scored: Scored, cohort: Cohort, scores: Floats, settings: Settings) -> dict[str, object]:
    """Return performance in the mix, beside the reference's, on the subjects that have every condition.

    Levels without numbers of their own (fewer than 5 subjects, more than 20 % dropped) do not enter the mix,
    so that a poor one does not take it from the others; ``left_out`` names them.

    Each of ``settings.mixes`` draws gives every patient the reference or a level of an acquisition or
    delineation factor, all equally likely, and one of its draws; all lesions of a patient get the same.
    Numbers are means over the mixes. Limits are of the mean over the mixes, for other patients.

    Parameters
    ----------
    scores : ndarray of shape (n, k)
        Averaged over the repeats.
    """
    asked = levels_of(cohort, scores, scored.untrained)
    asked = [level for level in asked if level.is_reference or level.key["role"] in ROLES]
    levels = [level for level in asked if level.is_reference or level.enough]
    columns = np.concatenate([lv.columns for lv in levels])
    present = np.asarray(np.isfinite(scores[:, columns]).all(axis=1))
    n, dropped = int(present.sum()), int(np.isfinite(scores[:, 0]).sum() - present.sum())
    row: dict[str, object] = {
        "roles": "+".join(ROLES), "n": n, "n_dropped": dropped, "n_levels": len(levels) - 1,
        "n_mixes": settings.mixes,
        "left_out": "; ".join(str(lv.key["condition"]) for lv in asked if not (lv.is_reference or lv.enough)),
        "interval_note": interval_note(scored, cohort.outcome, cohort.groups, present),
    }  # fmt: skip
    patients = int(np.unique(cohort.groups[present]).size)
    whole = Level({"factor": "mix", "role": ""}, columns, present, dropped, patients)
    if len(levels) == 1 or not whole.enough:
        return row | {"status": NO_CONDITION if len(asked) == 1 else "insufficient"}
    chosen = _mixes(levels, cohort.groups, settings)
    mixed = _discrimination(scored, cohort, whole, chosen)
    area = area_of(mixed.auc, mixed.known, settings.alpha)
    change = change_of(mixed.change, settings.alpha)
    row |= {
        "auc": area.value, "auc_low": area.low, "auc_high": area.high,
        "auc_reference": mixed.auc - change.value,
        "delta": change.value, "delta_low": change.low, "delta_high": change.high,
    }  # fmt: skip
    row |= _predictions(scored, cohort, whole, chosen)
    return row | {"status": OK}


def _mixes(levels: list[Level], groups: Ints, settings: Settings) -> Ints:
    """Return the condition of each subject in each mix, shape (mixes, n)."""
    _, patient = np.unique(groups, return_inverse=True)
    rng = np.random.default_rng([settings.seed, len(levels), 1])
    shape = (settings.mixes, int(patient.max()) + 1)
    level, draw = rng.integers(0, len(levels), shape), rng.random(shape)
    size = np.array([lv.columns.size for lv in levels])
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    columns = np.concatenate([lv.columns for lv in levels])
    picked = columns[start[level] + (draw * size[level]).astype(np.intp)]
    return np.asarray(picked[:, patient], dtype=np.intp)


def _discrimination(scored: Scored, cohort: Cohort, whole: Level, chosen: Ints) -> _Mixed:
    """Return AUC in the mix and its change from the reference."""
    pairs = comparable_pairs(cohort.outcome, scored.folds)
    rows = np.arange(len(cohort.outcome))
    mean = np.zeros(pairs.together.shape)
    for mix in chosen:
        mean += wins(scored.scores[:, rows, mix], scored.folds, pairs)
    mean /= len(chosen)
    base = wins(scored.scores[:, :, 0], scored.folds, pairs)
    known = precision_of_area(mean, pairs, whole.present, cohort.groups)
    change = change_between(mean - base, pairs, whole.present, cohort.groups)
    return _Mixed(mean_of(mean, pairs, whole.present), known, change)


def _predictions(scored: Scored, cohort: Cohort, whole: Level, chosen: Ints) -> dict[str, object]:
    y = cohort.outcome[whole.present]
    rows = np.flatnonzero(whole.present)
    mixed = scored.scores[:, rows[:, None], chosen[:, rows].T]  # (r, n_present, mixes)
    called = calls(scored, scored.scores)
    accuracy = _balanced(called[:, rows[:, None], chosen[:, rows].T], y)
    row: dict[str, object] = {
        "balanced_accuracy": accuracy,
        "balanced_accuracy_reference": _balanced(called[:, rows, :1], y),
    }
    if not are_probabilities([scored]):
        return row | {"slope_status": "not_probability"}
    table = np.moveaxis(mixed, 1, 0).reshape(len(rows), -1)
    line = calibration_line(y, table)
    fitted = line.status == OK
    others = line.status[~fitted]
    return row | {
        "brier": brier(y, table).mean(),
        "brier_reference": brier(y, scored.scores[:, rows, 0].T).mean(),
        "citl": calibration_in_the_large(y, table).mean(),
        "slope": line.slope[fitted].mean() if fitted.any() else np.nan,
        "slope_status": str(others[0]) if others.size else OK,
    }


def _balanced(called: Floats, y: Ints) -> float:
    if y.min() == y.max():
        return float("nan")
    return float((called[:, y == 1].mean() + 1.0 - called[:, y == 0].mean()) / 2.0)
