"""A drift run from sources to tables: fitted, evaluated and, always, held against the safeguards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from robustrad.audit.options import judging_options, model_options, question_options, remedy_options
from robustrad.audit.safeguards.run import run_safeguards
from robustrad.core.errors import DataError
from robustrad.core.written import write_csv
from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import DriftData
from robustrad.drift.evaluate.inputs import Settings
from robustrad.drift.evaluate.sentences import Sentence, sentences
from robustrad.drift.evaluate.strength import measured_strength
from robustrad.drift.evaluate.tables import DriftTables, evaluate
from robustrad.drift.evaluate.writer import write_tables
from robustrad.drift.experiment import Fits, RunSettings, run_models
from robustrad.drift.folds import outer_folds
from robustrad.drift.frozen import THRESHOLD, score_column, score_with
from robustrad.drift.load import load_drift_data
from robustrad.drift.models.estimators import choose, is_frozen
from robustrad.drift.models.spec import ModelSpec, Selector
from robustrad.drift.question import Lesion, Question, Unit
from robustrad.drift.remedies.registry import choose as choose_remedies
from robustrad.drift.sites.frozen import frozen_tables
from robustrad.drift.sites.run import RemedyTables, compare_remedies
from robustrad.drift.sites.settings import EXPERIMENTS, RemedySettings
from robustrad.drift.sites.words import by_name, remedy_sentences
from robustrad.harmonize.confounding import prevalence_check
from robustrad.stability.clusters import correlation_clusters
from robustrad.stability.source import Reading
from robustrad.sweep.progress import Progress

_VERSIONS = ("robustrad", "numpy", "scipy", "pandas", "scikit-learn", "neuroCombat")


@dataclass(frozen=True)
class DriftSettings:
    """How a drift run is made.

    Attributes
    ----------
    models : tuple of ModelSpec
        Which models.
    run : RunSettings
        Folds, repeats, permutations, matrix, seed.
    margin : float
        Loss of AUC that would matter; declared before looking.
    bootstraps : int
        Resamples of the patients.
    threshold : float
        Of frozen scores and models.
    jobs : int, optional
        Worker processes; default the CPU cores. No result depends on it.
    remedies : RemedySettings, optional
        Which remedies to compare, with the first model; none if not given.
    """

    models: tuple[ModelSpec, ...] = (ModelSpec(),)
    run: RunSettings = field(default_factory=RunSettings)
    margin: float = 0.05
    bootstraps: int = 2000
    threshold: float = THRESHOLD
    jobs: int | None = None
    remedies: RemedySettings | None = None


@dataclass(frozen=True)
class DriftResult:
    """What a drift run found.

    Attributes
    ----------
    data : DriftData
        What it worked on.
    tables : DriftTables
        ``drift``, ``breakdown``, ``deployment``, ``patients``, ``safeguards`` ...
    sentences : tuple of Sentence
        The findings in words, each with the rows that it rests on.
    arms : tuple of ArmScores
        Scores, as they were evaluated.
    facts : dict
        Settings, seed, versions, numbers of subjects.
    paths : tuple of Path
        Files written; empty where no folder was given.
    remedies : RemedyTables or None
        ``remedies``, ``calibration_sweep``, ``deployment_needs``, where they were asked for.
    """

    data: DriftData
    tables: DriftTables
    sentences: tuple[Sentence, ...]
    arms: tuple[ArmScores, ...]
    facts: dict[str, Any]
    paths: tuple[Path, ...] = ()
    remedies: RemedyTables | None = None


def drift(
    source: object,
    *,
    outcome: str,
    positive: str | None = None,
    cases: str | Path | pd.DataFrame | None = None,
    batch: str | None = None,
    clinical: Sequence[str] = (),
    patient: str = "patient",
    unit: Unit = "case",
    lesion: Lesion | None = None,
    model: str | Sequence[str] = "logistic",
    n_features: int | None = None,
    selector: Selector = "univariate",
    combat: bool = False,
    score: str | None = None,
    threshold: float = THRESHOLD,
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
) -> DriftResult:
    """Measure what perturbation does to a model: train on the reference, test every condition.

    Everything that learns is fitted on training patients only; the same patients are tested at every
    condition. Beside performance stand the safeguards: what volume, the batch, the clinic and permuted
    labels would score.

    Parameters
    ----------
    source : path, study, DataFrame, or a list of them
        A study folder; a feature table with conditions, or of one row per case. Several with
        ``unit="patient"``.
    outcome : str
        Column with two values, in ``cases``, the study's ``cases.csv`` or the table.
    positive : str, optional
        Value that counts as the event; default the larger.
    cases : path or DataFrame, optional
        Table of the subjects, joined on ``case_id``.
    batch : str, optional
        Column of the real batch: labels are permuted within it, and the batch-only model stands beside.
    clinical : sequence of str
        Clinical columns, for the clinical-only model.
    patient : str
        Column of the patient; folds and resamples never split one.
    unit, lesion
        See :class:`robustrad.drift.question.Question`.
    model : str or sequence of str
        ``logistic``, ``elasticnet``, ``random_forest``, ``svm``, ``gradient_boosting``, ``module:object``.
    n_features, selector, combat
        See :class:`robustrad.drift.models.spec.ModelSpec`.
    score : str, optional
        Column of finished scores in a table with conditions; nothing is fitted.
    threshold : float
        Probability from which frozen scores count as positive.
    volume : str, optional
        Feature that is the volume.
    case, condition, reference, roles
        How a feature table is read.
    matrix : bool
        Train on every condition and test on every condition.
    margin : float
        Loss of AUC that would matter.
    remedies : str or sequence of str
        ``all``, or names of remedies to compare (:mod:`robustrad.drift.remedies`).
    experiments, assignments, kappa, calibration
        See :class:`robustrad.drift.sites.settings.RemedySettings`.
    repeats, folds, bootstraps, permutations, seed, jobs
        Of cross-validation, intervals and the permutation test.
    output : path, optional
        Folder for tables and the resume state; without it nothing is kept.
    progress : bool
        Tell progress on stderr.

    Raises
    ------
    DataError
        With everything that makes the run impossible, at once.

    Examples
    --------
    >>> import numpy as np, pandas as pd, robustrad as rr
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 20)
    >>> signal = y + rng.normal(size=40)
    >>> rows = [
    ...     {"case_id": f"c{i}", "condition": c, "y": y[i], "a": signal[i] + shift, "b": rng.normal()}
    ...     for i in range(40) for c, shift in (("reference", 0.0), ("blur", 0.5))
    ... ]
    >>> result = rr.drift(pd.DataFrame(rows), outcome="y", repeats=1, permutations=0, bootstraps=200, jobs=1)
    >>> result.tables.drift[["arm", "condition"]].drop_duplicates().shape[0]
    4
    """
    question = Question(
        outcome=outcome,
        positive=positive,
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
        compare = RemedySettings(named, tuple(experiments), assignments, kappa, calibration, bootstraps, seed)
    settings = DriftSettings(specs, run, margin, bootstraps, threshold, jobs, compare)
    sources = list(source) if isinstance(source, (list, tuple)) else [source]
    folder = None if output is None else Path(output)
    return run_drift(sources, question, settings, folder=folder, progress=progress)


def run_drift(
    sources: Sequence[object],
    question: Question,
    settings: DriftSettings,
    *,
    folder: Path | None = None,
    progress: bool = False,
) -> DriftResult:
    """Load, fit, evaluate, and write where a folder is given; see :func:`drift`.

    The same folder again takes what is there: an interrupted run resumes, a finished one is evaluated anew.
    """
    _check(settings, question)
    data = load_drift_data(sources, question)
    fits = _fit(data, question, settings, folder=folder, progress=progress)
    arms = [arm for one in fits for arm in one.arms]
    how = Settings(margin=settings.margin, resamples=settings.bootstraps, seed=settings.run.seed)
    tables = evaluate(
        arms,
        data,
        how,
        clusters=correlation_clusters(data.reference),
        trained=[arm for one in fits for arm in one.trained],
        strength=_strength(sources),
    )
    permuted = {one.arms[0].arm.model: one.permuted for one in fits if one.permuted is not None}
    guarded = run_safeguards(arms, data, permuted, how)
    tables = replace(tables, safeguards=guarded.table, selected=guarded.selected)
    said = sentences(tables, margin=settings.margin)
    compared = _remedies(data, fits, settings, folder=folder, progress=progress)
    if compared is not None:
        said += remedy_sentences(compared.remedies)
    facts = _facts(data, settings, question)
    paths: tuple[Path, ...] = ()
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        dropped = write_csv(data.dropped, folder / "dropped.csv")
        more = None if compared is None else by_name(compared)
        paths = (*write_tables(tables, said, facts, folder, remedies=more), dropped)
    return DriftResult(data, tables, tuple(said), tuple(arms), facts, paths, compared)


def _check(settings: DriftSettings, question: Question) -> None:
    if any(spec.combat for spec in settings.models) and question.batch is None:
        raise DataError("combat", "no batch", "the column of the batch", "Pass batch= (--batch).")
    if not 0 < settings.margin < 0.5:
        raise DataError("margin", f"{settings.margin:g}", "a difference of AUC between 0 and 0.5")
    names = [spec.name for spec in settings.models]
    if len(set(names)) < len(names) or not names:
        raise DataError("model", f"{', '.join(names) or 'none'}", "one or more different models")
    if settings.remedies is not None:
        choose_remedies(settings.remedies.remedies)  # a name that is unknown stops the run before it starts


def _fit(
    data: DriftData,
    question: Question,
    settings: DriftSettings,
    *,
    folder: Path | None,
    progress: bool,
) -> list[Fits]:
    """Return frozen arms as they are, fitted ones from the folder or fresh."""
    seed = settings.run.seed
    if question.score is not None:
        arm = Arm("frozen", question.score, "none", seed)
        return [Fits((score_column(data, arm, threshold=settings.threshold),), (), None)]
    given = {spec.name: choose(spec.name).estimator for spec in settings.models if ":" in spec.name}
    frozen = [
        score_with(data, estimator, Arm("frozen", name, "none", seed), threshold=settings.threshold)
        for name, estimator in given.items()
        if is_frozen(estimator)
    ]
    done = {arm.arm.model for arm in frozen}
    specs = [spec for spec in settings.models if spec.name not in done]
    fits = [Fits((arm,), (), None) for arm in frozen]
    if not specs:
        return fits
    shown = (lambda total: Progress(total, total, title="drift")) if progress else None
    with tempfile.TemporaryDirectory(prefix="robustrad-arms-") as name:
        arms = Path(name) if folder is None else folder / "arms"
        jobs = settings.jobs or os.cpu_count() or 1
        return fits + run_models(data, specs, settings.run, folder=arms, jobs=jobs, progress=shown)


def _remedies(
    data: DriftData,
    fits: Sequence[Fits],
    settings: DriftSettings,
    *,
    folder: Path | None,
    progress: bool,
) -> RemedyTables | None:
    """Compare remedies with the first model that is fitted here; a frozen one can only be averaged."""
    how = settings.remedies
    if how is None:
        return None
    fitted = {one.arms[0].arm.model for one in fits if not one.arms[0].frozen}
    spec = next((spec for spec in settings.models if spec.name in fitted), None)
    if spec is None:
        return frozen_tables(data, fits[0].arms[0].scores, how, margin=settings.margin)
    run = settings.run
    folds = outer_folds(data, n_splits=run.folds, repeats=run.repeats, seed=run.seed)
    shown = (lambda total: Progress(total, total, title="remedies")) if progress else None
    with tempfile.TemporaryDirectory(prefix="robustrad-arms-") as name:
        return compare_remedies(
            data,
            folds,
            # Harmonizing is a remedy's business here, not the model's.
            replace(spec, combat=False),
            how,
            margin=settings.margin,
            folder=Path(name) if folder is None else folder / "arms",
            jobs=settings.jobs or os.cpu_count() or 1,
            progress=shown,
        )


def _strength(sources: Sequence[object]) -> pd.Series | None:
    """Return the measured strength by factor and level, where one study tells it."""
    if len(sources) != 1:
        return None
    given: Any = getattr(sources[0], "folder", sources[0])
    table = Path(given) / "features.parquet" if isinstance(given, (str, Path)) else None
    if table is None or not table.is_file():
        return None
    frame = pd.read_parquet(table)
    return measured_strength(frame) if {"factor", "level"} <= set(frame.columns) else None


def _facts(data: DriftData, settings: DriftSettings, question: Question) -> dict[str, Any]:
    """Return what ``drift.json`` says of the run."""
    positive = int(data.outcome.sum())
    facts: dict[str, Any] = {
        "outcome": data.outcome_name,
        "positive": data.positive,
        "n": len(data.subjects),
        "n_patients": data.n_patients,
        "n_positive": positive,
        "prevalence": positive / len(data.subjects),
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
            "specs": [asdict(spec) for spec in settings.models],
            **asdict(settings.run),
            "bootstraps": settings.bootstraps,
        },
        "remedies": None if settings.remedies is None else asdict(settings.remedies),
        "options": [
            *question_options(question),
            *model_options(settings.models, settings.run, default="logistic"),
            *judging_options(
                margin=settings.margin,
                bootstraps=settings.bootstraps,
                threshold=settings.threshold,
                usual=THRESHOLD,
            ),
            *remedy_options(settings.remedies),
        ],
        "versions": {name: version(name) for name in _VERSIONS},
        "warnings": list(data.warnings),
    }
    if data.batch is not None:
        facts["prevalence_by_batch"] = {
            str(name): float(np.mean(data.outcome[data.batch == name])) for name in np.unique(data.batch)
        }
        facts["batch_outcome"] = prevalence_check(data.outcome, data.batch).detail
    return facts
