"""A row of the table of remedies: its columns, and how numbers become one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.remedies.base import PERTURBATIONS, Remedy
from robustrad.drift.sites.compare import NOT_FITTED, Numbers

COLUMNS = (
    "experiment", "remedy", "scope", "rank", "metric", "auc_reference", "auc_before", "auc_after",
    "auc_after_low", "auc_after_high", "left_to_lose", "left_to_lose_low", "left_to_lose_high",
    "drift", "drift_low", "drift_high", "gain", "gain_low", "gain_high",
    "recovery", "recovery_low", "recovery_high", "recovery_status",
    "auc_within_batch", "auc_within_batch_low", "auc_within_batch_high",
    "agreement", "score_icc", "citl", "slope", "batch_effect_share", "batch_classifier",
    "batch_classifier_chance", "batch_status", "spearman_volume", "volume_status",
    "cost_patients", "cost_copies", "cost_seconds", "features_lost", "n", "n_positive", "assignments",
    "fits", "fits_failed", "sentence", "status",
)  # fmt: skip

OK = "ok"

Row = dict[str, Any]


def blank(experiment: str, remedy: str, scope: str, status: str) -> Row:
    """Return a row that says why there are no numbers."""
    return dict.fromkeys(COLUMNS, np.nan) | {
        "experiment": experiment,
        "remedy": remedy,
        "scope": scope,
        "metric": "",
        "recovery_status": NOT_FITTED,
        "batch_status": "",
        "volume_status": "",
        "sentence": "",
        "status": status,
    }


def fill(row: Row, numbers: Numbers) -> Row:
    """Return the row with AUCs, differences and recovery."""
    left = numbers.left
    return row | {
        "auc_reference": numbers.reference.value,
        "auc_before": numbers.before.value,
        "auc_after": numbers.after.value,
        "auc_after_low": numbers.after.low,
        "auc_after_high": numbers.after.high,
        # What is still lost with the remedy: positive means below the reference.
        "left_to_lose": -left.value,
        "left_to_lose_low": -left.high,
        "left_to_lose_high": -left.low,
        "drift": numbers.drift.value,
        "drift_low": numbers.drift.low,
        "drift_high": numbers.drift.high,
        "gain": numbers.gain.value,
        "gain_low": numbers.gain.low,
        "gain_high": numbers.gain.high,
        "recovery": numbers.recovery.value,
        "recovery_low": numbers.recovery.low,
        "recovery_high": numbers.recovery.high,
        "recovery_status": numbers.recovery_status,
    }


def status_of(statuses: Sequence[NDArray[np.str_]]) -> tuple[str, int, int]:
    """Return the status of a row, and how many fits there were and failed.

    ``ok``; ``3 of 25 fits: reason``, where the numbers are those of the other fits; or the reason, where
    there is none.
    """
    every = np.concatenate([np.asarray(status).ravel() for status in statuses])
    failed = every[every != ""]
    if not failed.size:
        return OK, every.size, 0
    reasons, counts = np.unique(failed, return_counts=True)
    reason = str(reasons[counts.argmax()])
    told = reason if failed.size == every.size else f"{failed.size} of {every.size} fits: {reason}"
    return told, every.size, int(failed.size)


def copies_needed(remedy: Remedy, n_copies: int, draws: int) -> int:
    """Return perturbed copies per training patient, or per patient predicted, that a remedy needs."""
    if PERTURBATIONS in remedy.learns_from:
        return n_copies
    return draws if remedy.averages_draws else 0


def mean_or_nan(values: Sequence[float]) -> float:
    """Return the mean of what is known."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
