"""A survival run in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from robustrad.audit.asked import asked_models, asked_remedies, listed
from robustrad.audit.survival_run import SurvivalResult, run_survival
from robustrad.audit.survival_settings import SurvivalSettings
from robustrad.drift.experiment import RunSettings
from robustrad.drift.models.spec import MIN_BATCH, Selector
from robustrad.drift.question import Lesion, Question, Unit
from robustrad.drift.sites.settings import EXPERIMENTS
from robustrad.stability.source import Reading


def survival_drift(
    source: object,
    *,
    time: str,
    event: str,
    cases: str | Path | pd.DataFrame | None = None,
    batch: str | None = None,
    clinical: str | Sequence[str] = (),
    patient: str = "patient",
    unit: Unit = "case",
    lesion: Lesion | None = None,
    model: str | Sequence[str] = "cox",
    n_features: int | None = None,
    selector: Selector = "univariate",
    combat: bool = False,
    min_batch: int = MIN_BATCH,
    keep_isolated: bool = False,
    score: str | None = None,
    cutoff: float | None = None,
    tau: float | None = None,
    volume: str | None = None,
    case: str = "case_id",
    condition: str = "condition",
    reference: str | None = None,
    roles: Mapping[str, str] | None = None,
    matrix: bool = False,
    margin: float = 0.05,
    repeats: int = 5,
    folds: int = 5,
    bootstraps: int = 2000,
    permutations: int = 100,
    remedies: str | Sequence[str] = (),
    experiments: Sequence[str] = EXPERIMENTS,
    assignments: int = 20,
    kappa: float = 0.0,
    calibration: int = 20,
    seed: int = 0,
    jobs: int | None = None,
    output: str | Path | None = None,
    progress: bool = False,
) -> SurvivalResult:
    """Measure what perturbation does to a model of time to event: as :func:`robustrad.drift` for an outcome.

    Parameters
    ----------
    source : path, study, DataFrame, or a list of them
        As of :func:`robustrad.audit.drift.drift`.
    time : str
        Column of the time to the event or to the end of follow-up; positive.
    event : str
        Column that is 1 where the event happened and 0 where the subject is censored.
    model : str or sequence of str
        ``cox``, ``survival_forest`` (both need the extra ``survival``).
    selector : {"univariate", "none"}
        By Cox's score test of each feature; no selection.
    score : str, optional
        Column of finished risk scores (higher means earlier) in a table with conditions; nothing is fitted
        and no extra is needed.
    cutoff, tau
        See :class:`robustrad.audit.survival_settings.SurvivalSettings`.
    margin : float
        Loss of C that would matter.
    cases, batch, clinical, patient, unit, lesion, n_features, volume, case, condition, reference
        As of :func:`robustrad.audit.drift.drift`.
    combat, min_batch, keep_isolated
        As of :func:`robustrad.audit.drift.drift`.
    roles, matrix, repeats, folds, bootstraps, permutations, seed, jobs, output, progress
        As of :func:`robustrad.audit.drift.drift`.
    remedies, experiments, assignments, kappa, calibration
        As of :func:`robustrad.audit.drift.drift`.

    Raises
    ------
    DataError
        With everything that makes the run impossible.
    EnvironmentUnusableError
        If a model is to be fitted and scikit-survival is not installed.
    """
    question = Question(
        outcome=event,
        cases=Path(cases) if isinstance(cases, str) else cases,
        batch=batch,
        clinical=listed(clinical),
        patient=patient,
        unit=unit,
        lesion=lesion,
        score=score,
        volume=volume,
        reading=Reading(case=case, condition=condition, reference=reference, roles=dict(roles or {})),
    )
    specs = asked_models(
        model, n_features=n_features, selector=selector, combat=combat, min_batch=min_batch,
        keep_isolated=keep_isolated,
    )  # fmt: skip
    run = RunSettings(folds=folds, repeats=repeats, permutations=permutations, matrix=matrix, seed=seed)
    compare = asked_remedies(
        remedies, experiments=experiments, assignments=assignments, kappa=kappa, calibration=calibration,
        resamples=bootstraps, seed=seed,
    )  # fmt: skip
    settings = SurvivalSettings(specs, run, margin, bootstraps, tau, cutoff, jobs, compare)
    sources = list(source) if isinstance(source, (list, tuple)) else [source]
    folder = None if output is None else Path(output)
    return run_survival(sources, question, settings, time=time, folder=folder, progress=progress)
