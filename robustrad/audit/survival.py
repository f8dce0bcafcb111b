"""A survival run from sources to tables: fitted, evaluated, and held against the safeguards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from robustrad.audit.options import judging_options, model_options, question_options, remedy_options
from robustrad.audit.safeguards.survival import survival_safeguards
from robustrad.audit.survival_files import write_survival
from robustrad.core.errors import DataError
from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import DriftData
from robustrad.drift.evaluate.inputs import Settings
from robustrad.drift.evaluate.sentences import Sentence
from robustrad.drift.experiment import Fits, RunSettings
from robustrad.drift.models.spec import ModelSpec, Selector
from robustrad.drift.question import Lesion, Question, Unit
from robustrad.drift.remedies.registry import choose as choose_remedies
from robustrad.drift.sites.frozen import frozen_tables
from robustrad.drift.sites.run import RemedyTables, compare_remedies
from robustrad.drift.sites.settings import EXPERIMENTS, RemedySettings
from robustrad.drift.sites.survival_tables import SURVIVAL_REMEDIES
from robustrad.drift.sites.words import by_name, remedy_sentences
from robustrad.drift.survival.evaluate import SurvivalTables, evaluate_survival
from robustrad.drift.survival.frozen import risk_column
from robustrad.drift.survival.load import load_survival_data
from robustrad.drift.survival.run import survival_arms
from robustrad.drift.survival.sentences import survival_sentences
from robustrad.drift.survival.times import Survival
from robustrad.stability.source import Reading
from robustrad.sweep.progress import Progress

_VERSIONS = ("robustrad", "numpy", "scipy", "pandas", "scikit-learn", "scikit-survival")


@dataclass(frozen=True)
class SurvivalSettings:
    """How a survival run is made.

    Attributes
    ----------
    models : tuple of ModelSpec
        ``cox`` or ``survival_forest``.
    run : RunSettings
        Folds, repeats, permutations, matrix, seed.
    margin : float
        Loss of C that would matter; declared before looking.
    bootstraps : int
        Resamples of the patients.
    tau : float, optional
        Horizon of Uno's C, in the unit of the times.
    cutoff : float, optional
        Of finished risk scores (``score`` of the question): high risk from it on. Default their median at the
        reference.
    jobs : int, optional
        Worker processes; default the CPU cores. No result depends on it.
    remedies : RemedySettings, optional
        Which remedies to compare, with the first model; none if not given.
    """

    models: tuple[ModelSpec, ...] = (ModelSpec("cox"),)
    run: RunSettings = field(default_factory=RunSettings)
    margin: float = 0.05
    bootstraps: int = 2000
    tau: float | None = None
    cutoff: float | None = None
    jobs: int | None = None
    remedies: RemedySettings | None = None


@dataclass(frozen=True)
class SurvivalResult:
    """What a survival run found.

    Attributes
    ----------
    data : DriftData
        What it worked on.
    survival : Survival
        Follow-up of its subjects.
    tables : SurvivalTables
        ``survival`` and ``kaplan_meier``.
    safeguards : DataFrame
        What volume, the batch, the clinic and chance would score.
    sentences : tuple of Sentence
        The findings in words, each with the rows that it rests on.
    arms : tuple of ArmScores
        Risks, as they were evaluated.
    facts : dict
        Settings, seed, versions, numbers of subjects.
    paths : tuple of Path
        Files written; empty where no folder was given.
    remedies : RemedyTables or None
        ``remedies``, ``calibration_sweep``, ``deployment_needs``, where they were asked for.
    """

    data: DriftData
    survival: Survival
    tables: SurvivalTables
    safeguards: pd.DataFrame
    sentences: tuple[Sentence, ...]
    arms: tuple[ArmScores, ...]
    facts: dict[str, Any]
    paths: tuple[Path, ...] = ()
    remedies: RemedyTables | None = None


def survival_drift(
    source: object,
    *,
    time: str,
    event: str,
    cases: str | Path | pd.DataFrame | None = None,
    batch: str | None = None,
    clinical: Sequence[str] = (),
    patient: str = "patient",
    unit: Unit = "case",
    lesion: Lesion | None = None,
    model: str | Sequence[str] = "cox",
    n_features: int | None = None,
    selector: Selector = "univariate",
    combat: bool = False,
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
        See :class:`SurvivalSettings`.
    margin : float
        Loss of C that would matter.
    cases, batch, clinical, patient, unit, lesion, n_features, combat, volume, case, condition, reference
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
        clinical=tuple(clinical),
        patient=patient,
        unit=unit,
        lesion=lesion,
        score=score,
        volume=volume,
        reading=Reading(case=case, condition=condition, reference=reference, roles=dict(roles or {})),
    )
    names = (model,) if isinstance(model, str) else tuple(model)
    specs = tuple(ModelSpec(name, n_features=n_features, selector=selector, combat=combat) for name in names)
    run = RunSettings(folds=folds, repeats=repeats, permutations=permutations, matrix=matrix, seed=seed)
    named = remedies if isinstance(remedies, str) else ",".join(remedies)
    compare = None
    if named:
        parts = tuple(experiments)
        compare = RemedySettings(named, parts, assignments, kappa, calibration, bootstraps, seed)
    settings = SurvivalSettings(specs, run, margin, bootstraps, tau, cutoff, jobs, compare)
    sources = list(source) if isinstance(source, (list, tuple)) else [source]
    folder = None if output is None else Path(output)
    return run_survival(sources, question, settings, time=time, folder=folder, progress=progress)


def run_survival(
    sources: Sequence[object],
    question: Question,
    settings: SurvivalSettings,
    *,
    time: str,
    folder: Path | None = None,
    progress: bool = False,
) -> SurvivalResult:
    """Load, fit, evaluate, and write where a folder is given; see :func:`survival_drift`.

    ``question.outcome`` is the column of the event. The same folder again takes what is there.
    """
    _check(settings, question)
    data, survival = load_survival_data(sources, question, time=time)
    fits = _fit(data, survival, question, settings, folder=folder, progress=progress)
    arms = [arm for one in fits for arm in one.arms]
    how = Settings(margin=settings.margin, resamples=settings.bootstraps, seed=settings.run.seed)
    shown = [arm for arm in arms if not arm.arm.name.startswith("matrix:") or settings.run.matrix]
    tables = evaluate_survival(shown, data, survival, how, tau=settings.tau)
    permuted = {one.arms[0].arm.model: one.permuted for one in fits if one.permuted is not None}
    guarded = survival_safeguards(arms, data, survival, permuted, how)
    said = survival_sentences(tables.survival, guarded, margin=settings.margin)
    compared = _remedies(data, survival, arms[0], settings, folder=folder, progress=progress)
    if compared is not None:
        said += remedy_sentences(compared.remedies, after="c_after", file=SURVIVAL_REMEDIES[0])
    facts = _facts(data, survival, settings, question)
    result = SurvivalResult(data, survival, tables, guarded, tuple(said), tuple(arms), facts, (), compared)
    if folder is None:
        return result
    frames = {
        "survival": tables.survival,
        "kaplan_meier": tables.kaplan_meier,
        "survival_safeguards": guarded,
        "survival_dropped": data.dropped,
        **({} if compared is None else by_name(compared, SURVIVAL_REMEDIES)),
    }
    return replace(result, paths=write_survival(frames, said, facts, folder))


def _check(settings: SurvivalSettings, question: Question) -> None:
    if not 0 < settings.margin < 0.5:
        raise DataError("margin", f"{settings.margin:g}", "a difference of C between 0 and 0.5")
    if settings.tau is not None and not settings.tau > 0:
        raise DataError("tau", f"{settings.tau:g}", "a positive time")
    if question.positive is not None:
        raise DataError("positive", f"{question.positive!r}", "none: the event is 1, censored is 0")
    if any(spec.combat for spec in settings.models) and question.batch is None:
        raise DataError("combat", "no batch", "the column of the batch", "Pass batch= (--batch).")
    names = [spec.name for spec in settings.models]
    if question.score is None and (len(set(names)) < len(names) or not names):
        raise DataError("model", f"{', '.join(names) or 'none'}", "one or more different models")
    if settings.remedies is not None:
        choose_remedies(settings.remedies.remedies)  # a name that is unknown stops the run before it starts


def _fit(
    data: DriftData,
    survival: Survival,
    question: Question,
    settings: SurvivalSettings,
    *,
    folder: Path | None,
    progress: bool,
) -> list[Fits]:
    if question.score is not None:
        arm = Arm("frozen", question.score, "none", settings.run.seed)
        return [Fits((risk_column(data, arm, cutoff=settings.cutoff),), (), None)]
    shown = (lambda total: Progress(total, total, title="survival")) if progress else None
    with tempfile.TemporaryDirectory(prefix="robustrad-arms-") as name:
        arms = Path(name) if folder is None else folder / "arms"
        jobs = settings.jobs or os.cpu_count() or 1
        return survival_arms(
            data, survival, settings.models, settings.run, folder=arms, jobs=jobs, progress=shown
        )


def _remedies(
    data: DriftData,
    survival: Survival,
    first: ArmScores,
    settings: SurvivalSettings,
    *,
    folder: Path | None,
    progress: bool,
) -> RemedyTables | None:
    """Compare remedies with the first model, in its folds; finished risks can only be averaged."""
    how = settings.remedies
    if how is None:
        return None
    if first.frozen:
        return frozen_tables(data, first.scores, how, margin=settings.margin, survival=survival)
    shown = (lambda total: Progress(total, total, title="remedies")) if progress else None
    with tempfile.TemporaryDirectory(prefix="robustrad-arms-") as name:
        return compare_remedies(
            data,
            first.folds,
            replace(settings.models[0], combat=False),  # a remedy's business here, not the model's
            how,
            margin=settings.margin,
            folder=Path(name) if folder is None else folder / "arms",
            jobs=settings.jobs or os.cpu_count() or 1,
            progress=shown,
            survival=survival,
        )


def _facts(
    data: DriftData, survival: Survival, settings: SurvivalSettings, question: Question
) -> dict[str, Any]:
    """Return what ``survival.json`` says of the run."""
    tau = survival.horizon if settings.tau is None else settings.tau
    return {
        "time": survival.time_name,
        "event": survival.event_name,
        "n": survival.time.size,
        "n_patients": data.n_patients,
        "n_events": int(survival.event.sum()),
        "follow_up_median": float(np.median(survival.time)),
        "tau": tau,
        "k": len(data.conditions),
        "p": len(data.features),
        "unit": question.unit,
        "lesion": question.lesion,
        "batch": data.batch_name,
        "clinical": list(map(str, data.clinical.columns)),
        "models": [spec.name for spec in settings.models] if question.score is None else [question.score],
        "margin": settings.margin,
        "seed": settings.run.seed,
        "settings": {
            "specs": [asdict(spec) for spec in settings.models] if question.score is None else [],
            **asdict(settings.run),
            "bootstraps": settings.bootstraps,
        },
        "options": [
            *question_options(question, time=survival.time_name),
            *model_options(settings.models, settings.run, default="cox"),
            *judging_options(
                margin=settings.margin,
                bootstraps=settings.bootstraps,
                threshold=settings.cutoff,
                tau=settings.tau,
            ),
            *remedy_options(settings.remedies),
        ],
        "remedies": None if settings.remedies is None else asdict(settings.remedies),
        "versions": {name: known for name in _VERSIONS if (known := _version(name)) is not None},
        "warnings": list(data.warnings),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
