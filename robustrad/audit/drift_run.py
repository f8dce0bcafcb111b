"""A drift run from sources to tables: fitted, evaluated and, always, held against the safeguards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.audit.drift_facts import drift_facts
from robustrad.audit.drift_settings import DriftSettings
from robustrad.audit.harmonization import (
    FILE,
    harmonization_of,
    harmonization_sentences,
    isolated_warnings,
)
from robustrad.audit.runs import (
    arms_folder,
    bar,
    check_asked,
    compared_remedies,
    workers,
)
from robustrad.audit.safeguards.run import run_safeguards
from robustrad.core.errors import DataError
from robustrad.core.written import make_folder, remove_file, write_csv
from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import DriftData
from robustrad.drift.evaluate.inputs import Settings
from robustrad.drift.evaluate.sentences import Sentence, sentences
from robustrad.drift.evaluate.strength import measured_strength
from robustrad.drift.evaluate.tables import DriftTables, evaluate
from robustrad.drift.evaluate.writer import write_tables
from robustrad.drift.experiment import Fits, run_models
from robustrad.drift.frozen import THRESHOLD, score_column, score_with
from robustrad.drift.load import load_drift_data
from robustrad.drift.models.estimators import choose, is_frozen
from robustrad.drift.question import Question
from robustrad.drift.sites.run import RemedyTables
from robustrad.drift.sites.words import by_name, remedy_sentences
from robustrad.stability.clusters import correlation_clusters
from robustrad.stability.origin import KEY, origins_of


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
    harmonization : DataFrame or None
        Preconditions of ComBat, features that it could not harmonize, and its effect out of fold, where a
        model was fitted with it.
    """

    data: DriftData
    tables: DriftTables
    sentences: tuple[Sentence, ...]
    arms: tuple[ArmScores, ...]
    facts: dict[str, Any]
    paths: tuple[Path, ...] = ()
    remedies: RemedyTables | None = None
    harmonization: pd.DataFrame | None = None


def run_drift(
    sources: Sequence[object],
    question: Question,
    settings: DriftSettings,
    *,
    folder: Path | None = None,
    progress: bool = False,
) -> DriftResult:
    """Load, fit, evaluate, and write where a folder is given; see :func:`robustrad.audit.drift.drift`.

    The same folder again takes what is there: an interrupted run resumes, a finished one is evaluated anew.
    """
    check_asked(settings, question, statistic="AUC")
    origins = origins_of(sources)
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
    compared = compared_remedies(data, fits, settings, folder=folder, progress=progress)
    if compared is not None:
        said += remedy_sentences(compared.remedies)
    facts = {**drift_facts(data, settings, question), KEY: origins}
    harmonization = harmonization_of(data, fits, settings)
    if harmonization is not None:
        said += harmonization_sentences(harmonization)
        facts["warnings"] = [*facts["warnings"], *isolated_warnings(harmonization)]
    paths: tuple[Path, ...] = ()
    if folder is not None:
        make_folder(folder)
        dropped = write_csv(data.dropped, folder / "dropped.csv")
        beside = (*_written(harmonization, folder / FILE), dropped)
        more = None if compared is None else by_name(compared)
        paths = (*write_tables(tables, said, facts, folder, remedies=more), *beside)
    return DriftResult(data, tables, tuple(said), tuple(arms), facts, paths, compared, harmonization)


def _written(table: pd.DataFrame | None, path: Path) -> tuple[Path, ...]:
    """Write a table of this run, or remove that of another."""
    if table is None:
        remove_file(path)
        return ()
    return (write_csv(table, path),)


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
    if specs and not frozen and settings.threshold != THRESHOLD:
        found = f"{settings.threshold:g} with models that are fitted ({', '.join(s.name for s in specs)})"
        todo = "Leave out --threshold; it is for --score and for fitted models of the user's."
        raise DataError("threshold", found, "none: theirs is chosen on the training patients", todo)
    if not specs:
        return fits
    with arms_folder(folder) as arms:
        return fits + run_models(
            data, specs, settings.run, folder=arms, jobs=workers(settings), progress=bar("drift", progress)
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
