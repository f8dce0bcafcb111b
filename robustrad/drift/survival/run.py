"""The arms of a run on times to event: as those of an outcome, but for their folds and their keys."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from robustrad.drift.combat_sizes import check_batch_sizes
from robustrad.drift.data import DriftData
from robustrad.drift.endpoints import TimeToEvent
from robustrad.drift.experiment import REFERENCE, Fits, Plan, RunSettings, fit_plans
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.store import data_identity
from robustrad.drift.survival.estimators import choose_survival
from robustrad.drift.survival.fit import survival_splits
from robustrad.drift.survival.folds import survival_folds
from robustrad.drift.survival.times import Survival


def survival_arms(
    data: DriftData,
    survival: Survival,
    specs: Sequence[ModelSpec],
    settings: RunSettings,
    *,
    folder: Path,
    jobs: int = 1,
    progress: Callable[[int], Any] | None = None,
) -> list[Fits]:
    """Fit every arm of every survival model, taking from ``folder`` what is there, and return them.

    Parameters as :func:`robustrad.drift.experiment.run_models`; ``survival`` belongs to the subjects of
    ``data``, whose outcome is not used.

    Raises
    ------
    DataError
        If a model cannot be fitted.
    EnvironmentUnusableError
        Without scikit-survival.
    """
    for spec in specs:
        TimeToEvent(survival).check(spec)
    folds = survival_folds(
        survival, data, n_splits=settings.folds, repeats=settings.repeats, seed=settings.seed
    )
    for spec in specs:
        if spec.combat and data.batch is not None:
            event = survival.event.astype(np.intp)
            check_batch_sizes(data, event, folds, spec, seed=settings.seed, splits=survival_splits)
    identity = _identity(data, survival)
    plans = [_SurvivalPlan(data, spec, settings, folds=folds, identity=identity) for spec in specs]
    return fit_plans(plans, data, folds, survival=survival, folder=folder, jobs=jobs, progress=progress)


class _SurvivalPlan(Plan):
    """The jobs of one model of time to event; their keys stay what they were, so that runs resume."""

    def _model(self, name: str) -> dict[str, Any]:
        choice = choose_survival(name)
        return {
            "model": {"fixed": choice.fixed, "grid": choice.grid},
            "scikit-survival": version("scikit-survival"),
        }

    def _null(self, spec: ModelSpec, what: dict[str, Any]) -> dict[str, Any]:
        return self._arm("permuted", spec, REFERENCE, what).as_dict()


def _identity(data: DriftData, survival: Survival) -> str:
    digest = hashlib.sha256(data_identity(data).encode())
    digest.update(survival.time.astype("<f8").tobytes() + survival.event.astype("u1").tobytes())
    return digest.hexdigest()
