"""Folds of subjects that are followed: stratified by event, patients never split."""

from __future__ import annotations

import numpy as np

from robustrad.core.errors import DataError
from robustrad.drift.data import Codes, DriftData
from robustrad.drift.folds import repeated
from robustrad.drift.survival.times import Survival


def survival_folds(survival: Survival, data: DriftData, *, n_splits: int, repeats: int, seed: int) -> Codes:
    """Return the fold in which each subject is tested, shape (repeats, n): stratified by event.

    Raises
    ------
    DataError
        If there are fewer patients with an event than folds.
    """
    patients = int(np.unique(data.groups[survival.event]).size)
    if n_splits < 2 or patients < n_splits:
        todo = f"Use --folds {patients}." if patients >= 2 else "Cross-validation needs more events."
        raise DataError("folds", f"{n_splits} folds for {patients} patients with an event", "fewer", todo)
    return repeated(survival.event.astype(np.intp), data, n_splits=n_splits, repeats=repeats, seed=seed)
