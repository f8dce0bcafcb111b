"""The label permutation test of the whole pipeline, and the AUC that it judges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robustrad.core.identity import generator
from robustrad.drift.crossval import fold_seed, score_cells
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.folds import deal
from robustrad.drift.models.fit import fit_model
from robustrad.drift.models.ranks import area_under
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.models.stability import PatientStability, patient_stability


@dataclass(frozen=True)
class Permuted:
    """AUC of the pipeline on the true labels and on permuted ones.

    Attributes
    ----------
    auc : float
        With the true labels; one repeat of the folds, as for the permuted ones.
    null : ndarray of shape (n,)
        With permuted labels.
    p : float
        (1 + number of null AUCs at or above ``auc``) / (1 + n).
    within : str
        Within what the labels were permuted: "all patients", or "batches".
    """

    auc: float
    null: Floats
    p: float
    within: str


def permuted_auc(
    data: DriftData, spec: ModelSpec, n: int = 100, seed: int = 0, *, n_splits: int = 5
) -> Permuted:
    """Run the whole pipeline at the reference on true and on permuted labels.

    Everything that sees the labels is repeated: folds, selection, tuning. Where there is a batch, labels
    are permuted within batches, so that a model that only knows the site gains nothing from it. A patient's
    subjects keep their labels together; patients change places with those of as many subjects.

    Parameters
    ----------
    data : DriftData
        Subjects.
    spec : ModelSpec
        Model.
    n : int
        Permutations.
    seed : int
        Of the run.
    n_splits : int
        Outer folds; one repeat.
    """
    null = permuted_aucs(data, spec, range(n), seed, n_splits=n_splits)
    return judge(permuted_aucs(data, spec, [-1], seed, n_splits=n_splits)[0], null, data)


def judge(auc: float, null: Floats, data: DriftData) -> Permuted:
    """Return AUC, null AUCs and p together."""
    at_least = int((null >= auc - 1e-12).sum())
    within = "all patients" if data.batch is None else "batches"
    return Permuted(float(auc), null, (1 + at_least) / (1 + null.size), within)


def permuted_aucs(
    data: DriftData,
    spec: ModelSpec,
    numbers: range | list[int],
    seed: int,
    *,
    n_splits: int = 5,
    stability: PatientStability | None = None,
) -> Floats:
    """Return the AUC at the reference with the labels of permutations ``numbers``; -1 is the true labels."""
    worth = patient_stability(data) if stability is None else stability
    return np.array([
        _pipeline_auc(data, spec, number, seed, n_splits=n_splits, stability=worth)
        for number in numbers
    ])  # fmt: skip


def permute(data: DriftData, seed: int, number: int) -> Codes:
    """Return the labels of permutation ``number``; -1 leaves them."""
    y = data.outcome.copy()
    if number < 0:
        return y
    rng = generator("permutation", seed, number)
    patients, size = np.unique(data.groups, return_counts=True)
    rows = [np.flatnonzero(data.groups == patient) for patient in patients]
    site = [("" if data.batch is None else str(data.batch[own[0]])) for own in rows]
    kinds: dict[tuple[int, str], list[int]] = {}
    for patient, kind in enumerate(zip(size.tolist(), site, strict=True)):
        kinds.setdefault(kind, []).append(patient)
    for members in kinds.values():
        for to, source in zip(members, rng.permutation(members), strict=True):
            y[rows[to]] = data.outcome[rows[source]]
    return y


def _pipeline_auc(
    data: DriftData,
    spec: ModelSpec,
    number: int,
    seed: int,
    *,
    n_splits: int,
    stability: PatientStability | None,
) -> float:
    y = permute(data, seed, number)
    folds = deal(y, data.groups, n_splits=n_splits, seed=("permuted folds", seed, number), batch=data.batch)
    areas = []
    for fold in range(n_splits):
        rows, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if np.unique(y[rows]).size < 2 or np.unique(y[held]).size < 2:
            continue
        model = fit_model(
            spec, data.values[rows, 0], y[rows], data.groups[rows],
            stability=None if stability is None else stability.subset(rows),
            batch=data.batch[rows] if spec.combat and data.batch is not None else None,
            seed=fold_seed(seed, number, fold),
        )  # fmt: skip
        areas.append(area_under(y[held], score_cells(data, model, held, np.zeros(1, dtype=np.intp))[:, 0]))
    return float(np.mean(areas)) if areas else float("nan")
