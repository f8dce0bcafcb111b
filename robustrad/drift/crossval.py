"""Cross-validation of one arm: fit on the training patients of a fold, score its test patients everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from robustrad.core.errors import DataError, EnvironmentUnusableError, Problem, RobustradError
from robustrad.core.identity import generator
from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.endpoint import Endpoint, Fitted
from robustrad.drift.endpoints import TwoClasses
from robustrad.drift.models.spec import ModelSpec, Tuned
from robustrad.drift.models.stability import PatientStability, patient_stability

_FEW = "Too few patients of a class have features here; more folds leave more of them for training."


def cross_validate(
    data: DriftData,
    spec: ModelSpec,
    folds: Codes,
    *,
    arm: Arm,
    train: int = 0,
    test: Sequence[int] | None = None,
    tuned: Sequence[Tuned] | None = None,
    stability: PatientStability | None = None,
    endpoint: Endpoint | None = None,
) -> ArmScores:
    """Return out-of-fold scores of every subject, at all conditions or some.

    For a time to event the scores are risks, the thresholds the cut-offs between high and low risk.

    Parameters
    ----------
    data : DriftData
        Subjects.
    spec : ModelSpec
        Model.
    folds : ndarray of int, shape (r, n)
        From :func:`robustrad.drift.folds.outer_folds`.
    arm : Arm
        Names the result, and brings the seed.
    train : int, default 0
        Condition of the training rows: its number in ``data.conditions``; 0 is the reference.
    test : sequence of int, optional
        Conditions to score; the others stay NaN. Default all.
    tuned : sequence of Tuned, optional
        Of another arm with the same folds, per repeat and fold: nothing is tuned again.
    stability : PatientStability, optional
        Of ``data``, where it is at hand already.
    endpoint : Endpoint, optional
        What is predicted of the n subjects. Default the outcome of ``data``.

    Raises
    ------
    DataError
        If a model cannot be trained, as where a fold has one class only, or no event, among its training
        rows; it names the condition.
    """
    conditions = np.arange(len(data.conditions)) if test is None else np.asarray(test, dtype=np.intp)
    worth = patient_stability(data) if stability is None else stability
    target = TwoClasses(data.outcome) if endpoint is None else endpoint
    repeats, n_folds = folds.shape[0], int(folds.max()) + 1
    n, k, p = data.values.shape
    present = data.present
    scores = np.full((repeats, n, k), np.nan)
    selected = np.zeros((repeats, n_folds, p), dtype=np.bool_)
    models: list[Fitted] = []
    for repeat in range(repeats):
        for fold in range(n_folds):
            rows = np.flatnonzero((folds[repeat] != fold) & present[:, train])
            with _naming(data, train, repeat, fold):
                if not target.trainable(rows):
                    found, expected = target.short
                    raise DataError("model", f"{found} among the training patients", expected, _FEW)
                model = fit_subjects(
                    data, target, spec, rows,
                    train=train, stability=worth,
                    tuned=None if tuned is None else tuned[repeat * n_folds + fold],
                    seed=fold_seed(arm.seed, repeat, fold),
                )  # fmt: skip
            held = np.flatnonzero(folds[repeat] == fold)
            scores[repeat][np.ix_(held, conditions)] = score_cells(data, target, model, held, conditions)
            selected[repeat, fold] = model.selected
            models.append(model)
    thresholds = np.array([model.tuned.threshold for model in models]).reshape(repeats, n_folds)
    return ArmScores(
        arm=arm,
        scores=scores,
        folds=folds,
        thresholds=thresholds,
        selected=selected,
        fingerprints=tuple(model.fingerprint() for model in models),
        tuned=tuple(model.tuned for model in models),
        isolated=tuple(model.isolated for model in models),
    )


def untrained(data: DriftData, reference: ArmScores, arm: Arm, *, train: int, error: DataError) -> ArmScores:
    """Return an arm without scores, in the folds of ``reference``: it cannot be trained at a condition."""
    condition = str(data.conditions["condition"].iloc[train])
    return replace(
        reference,
        arm=arm,
        scores=np.full_like(reference.scores, np.nan),
        selected=np.zeros_like(reference.selected),
        fingerprints=("",) * len(reference.fingerprints),
        untrained={condition: str(error.problems[0])},
    )


@contextmanager
def _naming(data: DriftData, train: int, repeat: int, fold: int) -> Iterator[None]:
    """Let an error say at which condition and in which fold a model could not be trained."""
    try:
        yield
    except EnvironmentUnusableError:
        raise
    except RobustradError as error:
        condition = data.conditions["condition"].iloc[train]
        where = f"training at {condition}, repeat {repeat + 1}, fold {fold + 1}"
        raise DataError.of(
            Problem(f"{where}: {problem.where}", *problem[1:]) for problem in error.problems
        ) from error


def fit_subjects(
    data: DriftData,
    endpoint: Endpoint,
    spec: ModelSpec,
    rows: NDArray[np.intp],
    *,
    train: int = 0,
    stability: PatientStability | None,
    tuned: Tuned | None = None,
    seed: int,
) -> Fitted:
    """Return a model of some subjects at condition ``train``; ``stability`` is that of all subjects."""
    return endpoint.fit(
        spec, data.values[rows, train], endpoint.training(rows, data.groups[rows]),
        stability=None if stability is None else stability.subset(rows), tuned=tuned,
        batch=data.batch[rows] if spec.combat and data.batch is not None else None, seed=seed,
    )  # fmt: skip


def score_cells(
    data: DriftData,
    endpoint: Endpoint,
    model: Fitted,
    rows: NDArray[np.intp],
    conditions: NDArray[np.intp],
) -> Floats:
    """Return the scores of some subjects at some conditions, shape (rows, conditions); NaN where missing."""
    cells = data.values[np.ix_(rows, conditions)]
    there = np.isfinite(cells).all(axis=2)
    scores = np.full(there.shape, np.nan)
    if there.any():
        batch = None
        if data.batch is not None:
            batch = np.broadcast_to(data.batch[rows][:, None], there.shape)[there]
        scores[there] = endpoint.score(model, cells[there], batch=batch)
    return scores


def fold_seed(seed: int, repeat: int, fold: int) -> int:
    """Return the seed of everything random in one fold; all arms of a run share it."""
    return int(generator("fold", seed, repeat, fold).integers(2**31 - 1))
