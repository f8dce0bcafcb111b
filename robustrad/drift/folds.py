"""Folds: repeated, stratified by outcome, patients never split.

Folds of a cohort are not balanced over its batches. Dealt by batch and outcome, every training set would have
the prevalence of each site that its test set has, and features that know nothing but the site would score an
AUC of .6 on an outcome that has nothing to do with it.
"""

from __future__ import annotations

import numpy as np

from robustrad.core.errors import DataError
from robustrad.core.identity import generator
from robustrad.drift.data import Codes, DriftData


def outer_folds(data: DriftData, *, n_splits: int = 5, repeats: int = 5, seed: int = 0) -> Codes:
    """Return the fold in which each subject is tested, shape (repeats, n).

    Every arm of a run uses the same ones, whatever it trains on.

    Parameters
    ----------
    data : DriftData
        Subjects.
    n_splits, repeats : int
        Folds per repeat, and repeats.
    seed : int
        Of the run.

    Raises
    ------
    DataError
        If there are fewer patients of a class than folds.
    """
    smallest = class_patients(data.outcome, data.groups)
    if n_splits < 2 or smallest < n_splits:
        todo = f"Use --folds {smallest}." if smallest >= 2 else "Cross-validation needs more patients."
        raise DataError(
            "folds", f"{n_splits} folds for {smallest} patients of the rarer class", "2 to that number", todo
        )
    return repeated(data.outcome, data, n_splits=n_splits, repeats=repeats, seed=seed)


def repeated(y: Codes, data: DriftData, *, n_splits: int, repeats: int, seed: int) -> Codes:
    """Return the folds of every repeat, shape (repeats, n), stratified by ``y`` (0 or 1)."""
    return np.stack([
        deal(y, data.groups, n_splits=n_splits, seed=("folds", seed, repeat))
        for repeat in range(repeats)
    ])  # fmt: skip


def inner_splits(y: Codes, groups: Codes, wanted: int) -> int:
    """Return how many inner folds the rarer class allows, at most ``wanted``; below 2 there is no tuning."""
    return min(wanted, class_patients(y, groups))


def class_patients(y: Codes, groups: Codes) -> int:
    """Return the number of patients with a subject of the rarer class."""
    return min(int(np.unique(groups[y == label]).size) for label in (0, 1))


def deal(
    y: Codes, groups: Codes, *, n_splits: int, seed: tuple[str | int, ...], site: object = None
) -> Codes:
    """Deal patients to folds like cards and return the fold of each row.

    Patients are ordered by class (any positive row makes a patient positive), by ``site``, by number of rows
    (large ones first), at random within; then they go round. So each fold gets an equal share of either
    class, to one patient, and of each site as far as that allows. Give ``site`` only where all sites have one
    prevalence by design, or where only pairs within a site are judged.
    """
    patients, first, which, size = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    positive = np.zeros(patients.size, dtype=np.intp)
    np.maximum.at(positive, which, y)
    place = np.zeros(patients.size, dtype=np.intp)
    if site is not None:
        place = np.unique(np.asarray(site), return_inverse=True)[1][first]
    rng = generator(*seed)
    order = np.lexsort((rng.random(patients.size), -size, place, positive))
    fold = np.empty(patients.size, dtype=np.intp)
    fold[order] = np.arange(patients.size) % n_splits
    return np.asarray(rng.permutation(n_splits)[fold][which], dtype=np.intp)
