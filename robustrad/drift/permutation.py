"""The permutation test of the whole pipeline, and the AUC (or C) that it judges."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from robustrad.core.identity import generator
from robustrad.drift.crossval import fit_subjects, fold_seed, score_cells
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.endpoint import Endpoint
from robustrad.drift.endpoints import TwoClasses
from robustrad.drift.folds import deal
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.models.stability import PatientStability, patient_stability


@dataclass(frozen=True)
class Permuted:
    """AUC (for a time to event the C) of the pipeline on the true labels and on permuted ones.

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
    arrangements : float
        In how many ways labels can lie; below 20 no p of .05 is possible, however many are drawn.
    """

    auc: float
    null: Floats
    p: float
    within: str
    arrangements: float = math.inf


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
    auc, *null = permuted_statistics(data, spec, range(-1, n), seed, n_splits=n_splits)
    return judge(auc, np.array(null), data)


def judge(auc: float, null: Floats, data: DriftData) -> Permuted:
    """Return AUC, null AUCs and p together."""
    at_least = int((null >= auc - 1e-12).sum())
    within = "all patients" if data.batch is None else "batches"
    p = (1 + at_least) / (1 + null.size)
    return Permuted(float(auc), null, p, within, arrangements(data))


def arrangements(data: DriftData) -> float:
    """Return in how many ways the labels can lie, given who may change places with whom."""
    positive = np.array([data.outcome[own].any() for own in _rows_of_patients(data)])
    ways = 1.0
    for members in _exchangeable(data).values():
        ways *= float(math.comb(len(members), int(positive[members].sum())))
    return ways


def permuted_statistics(
    data: DriftData,
    spec: ModelSpec,
    numbers: Iterable[int],
    seed: int,
    *,
    n_splits: int = 5,
    stability: PatientStability | None = None,
    endpoint: Endpoint | None = None,
) -> Floats:
    """Return the AUC or C at the reference with the labels of permutations ``numbers``; -1: the true labels.

    Times and events change places together. One repeat of folds of their own; the mean over the folds.
    """
    worth = patient_stability(data) if stability is None else stability
    target = TwoClasses(data.outcome) if endpoint is None else endpoint
    return np.array([
        _pipeline(data, target.permuted(permuted_order(data, seed, number)), spec, number, seed,
                  n_splits=n_splits, stability=worth)
        for number in numbers
    ])  # fmt: skip


def permuted_order(data: DriftData, seed: int, number: int) -> Codes:
    """Return whose label each subject gets in permutation ``number``, shape (n,); -1 leaves them."""
    order = np.arange(len(data.subjects), dtype=np.intp)
    if number < 0:
        return order
    rng = generator("permutation", seed, number)
    rows = _rows_of_patients(data)
    for members in _exchangeable(data).values():
        for to, source in zip(members, rng.permutation(members), strict=True):
            order[rows[to]] = rows[source]
    return order


def _rows_of_patients(data: DriftData) -> list[Codes]:
    return [np.flatnonzero(data.groups == patient) for patient in np.unique(data.groups)]


def _exchangeable(data: DriftData) -> dict[tuple[int, str], list[int]]:
    """Return the patients who may change places: of as many subjects, in the same batch."""
    kinds: dict[tuple[int, str], list[int]] = {}
    for patient, own in enumerate(_rows_of_patients(data)):
        site = "" if data.batch is None else str(data.batch[own[0]])
        kinds.setdefault((own.size, site), []).append(patient)
    return kinds


def _pipeline(
    data: DriftData,
    endpoint: Endpoint,
    spec: ModelSpec,
    number: int,
    seed: int,
    *,
    n_splits: int,
    stability: PatientStability | None,
) -> float:
    dealt = ("permuted folds", seed, number)
    folds = deal(endpoint.labels, data.groups, n_splits=n_splits, seed=dealt)
    found = []
    for fold in range(n_splits):
        rows, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if not endpoint.trainable(rows) or endpoint.lacking(held):
            continue
        model = fit_subjects(
            data, endpoint, spec, rows, stability=stability, seed=fold_seed(seed, number, fold)
        )
        scores = score_cells(data, endpoint, model, held, np.zeros(1, dtype=np.intp))[:, 0]
        found.append(endpoint.judge(held, scores))
    known = [value for value in found if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
