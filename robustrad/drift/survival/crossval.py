"""Cross-validation of one arm: fit on the training patients of a fold, rank its test patients everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from robustrad.core.errors import DataError
from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.crossval import fold_seed
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.folds import deal
from robustrad.drift.models.spec import ModelSpec, Tuned
from robustrad.drift.models.stability import PatientStability, patient_stability
from robustrad.drift.permutation import permute
from robustrad.drift.survival.concordance import harrell
from robustrad.drift.survival.fit import SurvivalModel, fit_survival_model
from robustrad.drift.survival.times import Survival


def cross_validate_survival(
    data: DriftData,
    survival: Survival,
    spec: ModelSpec,
    folds: Codes,
    *,
    arm: Arm,
    train: int = 0,
    test: Sequence[int] | None = None,
    tuned: Sequence[Tuned] | None = None,
    stability: PatientStability | None = None,
) -> ArmScores:
    """Return out-of-fold risks of every subject, at all conditions or some.

    Parameters as :func:`robustrad.drift.crossval.cross_validate`; ``survival`` belongs to the n subjects of
    ``data``. The thresholds of the result are the cut-offs between high and low risk.

    Raises
    ------
    DataError
        If a fold has no event among the training rows.
    """
    conditions = np.arange(len(data.conditions)) if test is None else np.asarray(test, dtype=np.intp)
    worth = patient_stability(data) if stability is None else stability
    repeats, n_folds = folds.shape[0], int(folds.max()) + 1
    n, k, p = data.values.shape
    present = data.present
    scores = np.full((repeats, n, k), np.nan)
    selected = np.zeros((repeats, n_folds, p), dtype=np.bool_)
    models: list[SurvivalModel] = []
    for repeat in range(repeats):
        for fold in range(n_folds):
            rows = np.flatnonzero((folds[repeat] != fold) & present[:, train])
            if not survival.event[rows].any():
                where = f"repeat {repeat + 1}, fold {fold + 1}"
                raise DataError(where, "no event among the training patients", "some", "Use fewer folds.")
            model = fit_survival_model(
                spec, data.values[rows, train], survival.take(rows), data.groups[rows],
                stability=None if worth is None else worth.subset(rows),
                tuned=None if tuned is None else tuned[repeat * n_folds + fold],
                batch=data.batch[rows] if spec.combat and data.batch is not None else None,
                seed=fold_seed(arm.seed, repeat, fold),
            )  # fmt: skip
            held = np.flatnonzero(folds[repeat] == fold)
            scores[repeat][np.ix_(held, conditions)] = risk_cells(data, model, held, conditions)
            selected[repeat, fold] = model.selected
            models.append(model)
    return ArmScores(
        arm=arm,
        scores=scores,
        folds=folds,
        thresholds=np.array([model.tuned.threshold for model in models]).reshape(repeats, n_folds),
        selected=selected,
        fingerprints=tuple(model.fingerprint() for model in models),
        tuned=tuple(model.tuned for model in models),
    )


def risk_cells(
    data: DriftData, model: SurvivalModel, rows: NDArray[np.intp], conditions: NDArray[np.intp]
) -> Floats:
    """Return the risks of some subjects at some conditions, shape (rows, conditions); NaN where missing."""
    cells = data.values[np.ix_(rows, conditions)]
    there = np.isfinite(cells).all(axis=2)
    risks = np.full(there.shape, np.nan)
    if there.any():
        batch = None
        if data.batch is not None:
            batch = np.broadcast_to(data.batch[rows][:, None], there.shape)[there]
        risks[there] = model.risk(cells[there], batch=batch)
    return risks


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
    y = survival.event.astype(np.intp)
    return np.stack(
        [
            deal(y, data.groups, n_splits=n_splits, seed=("folds", seed, repeat), batch=data.batch)
            for repeat in range(repeats)
        ]
    )


def permuted_c(
    data: DriftData,
    survival: Survival,
    spec: ModelSpec,
    numbers: Sequence[int],
    seed: int,
    *,
    n_splits: int,
    stability: PatientStability | None = None,
) -> Floats:
    """Return the C of the whole pipeline at the reference, with the follow-up of permutations ``numbers``.

    Times and events change places together, patient for patient (within batches where there are any); -1
    leaves them. One repeat of folds of their own; C within folds, averaged.
    """
    worth = patient_stability(data) if stability is None else stability
    index = replace(data, outcome=np.arange(len(data.subjects), dtype=np.intp))
    return np.array(
        [
            _pipeline_c(
                data,
                survival.take(permute(index, seed, n)),
                spec,
                n,
                seed,
                n_splits=n_splits,
                stability=worth,
            )
            for n in numbers
        ]
    )


def _pipeline_c(
    data: DriftData,
    y: Survival,
    spec: ModelSpec,
    number: int,
    seed: int,
    *,
    n_splits: int,
    stability: PatientStability | None,
) -> float:
    folds = deal(
        y.event.astype(np.intp),
        data.groups,
        n_splits=n_splits,
        seed=("permuted folds", seed, number),
        batch=data.batch,
    )
    found = []
    for fold in range(n_splits):
        rows, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if not y.event[rows].any():
            continue
        model = fit_survival_model(
            spec, data.values[rows, 0], y.take(rows), data.groups[rows],
            stability=None if stability is None else stability.subset(rows),
            batch=data.batch[rows] if spec.combat and data.batch is not None else None,
            seed=fold_seed(seed, number, fold),
        )  # fmt: skip
        risk = risk_cells(data, model, held, np.zeros(1, dtype=np.intp))[:, 0]
        found.append(harrell(y.time[held], y.event[held], risk).value)
    known = [value for value in found if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
