"""What happens to each patient: the spread of the score over the conditions, and whether the class holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from robustrad.drift.evaluate.inputs import Cohort, Floats, Scored, calls
from robustrad.drift.evaluate.levels import CONTROL

COLUMNS = (
    "arm", "model", "train", "subject", "outcome", "score_reference", "score_mean", "score_sd", "score_min",
    "score_max", "max_abs_dp", "unanimous", "n_conditions",
)  # fmt: skip


def patients_table(scored: Scored, cohort: Cohort, scores: Floats) -> pd.DataFrame:
    """Return a row per subject, over the reference and all conditions but controls.

    Parameters
    ----------
    scores : ndarray of shape (n, k)
        Averaged over the repeats.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`. ``score_sd`` (ddof 1), ``max_abs_dp`` (largest distance from the reference's score).
        ``unanimous``: the class is the same at every condition that the subject has; a class is what most
        repeats call it at the thresholds fixed on the reference. Empty where there is no score.
    """
    used = (cohort.conditions["role"] != CONTROL).to_numpy() | (np.arange(len(cohort.conditions)) == 0)
    values, reference = scores[:, used], scores[:, 0]
    known = np.isfinite(values)
    called = calls(scored, scored.scores[:, :, used])
    share = np.where(
        known, np.nan_to_num(called).sum(axis=0) / np.maximum(np.isfinite(called).sum(axis=0), 1), 0.5
    )
    yes, no = (share >= 0.5) & known, (share < 0.5) & known
    count = known.sum(axis=1)
    filled = np.where(known, values, 0.0)
    mean = np.where(count > 0, filled.sum(axis=1) / np.maximum(count, 1), np.nan)
    squares = np.where(known, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    distance = np.where(known, np.abs(values - reference[:, None]), 0.0)
    mixed = np.asarray(yes.any(axis=1) & no.any(axis=1))
    unanimous = pd.Series(~mixed, dtype="boolean").mask(pd.Series(count == 0))
    table = {
        "arm": scored.arm.name, "model": scored.arm.model, "train": scored.arm.train,
        "subject": list(cohort.subjects), "outcome": cohort.outcome, "score_reference": reference,
        "score_mean": mean,
        "score_sd": np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan),
        "score_min": np.where(count > 0, np.where(known, values, np.inf).min(axis=1), np.nan),
        "score_max": np.where(count > 0, np.where(known, values, -np.inf).max(axis=1), np.nan),
        "max_abs_dp": np.where(np.isfinite(reference), distance.max(axis=1), np.nan),
        "unanimous": unanimous, "n_conditions": count,
    }  # fmt: skip
    return pd.DataFrame(table, columns=list(COLUMNS))
