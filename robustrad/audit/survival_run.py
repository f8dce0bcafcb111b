"""A survival run from sources to tables: fitted, evaluated, and held against the safeguards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.audit.harmonization import harmonization_of, harmonization_sentences, isolated_warnings
from robustrad.audit.runs import (
    arms_folder,
    bar,
    check_asked,
    compared_remedies,
    workers,
)
from robustrad.audit.safeguards.survival import survival_safeguards
from robustrad.audit.survival_facts import survival_facts
from robustrad.audit.survival_files import HARMONIZATION, write_survival
from robustrad.audit.survival_settings import SurvivalSettings
from robustrad.core.errors import DataError
from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import DriftData
from robustrad.drift.evaluate.inputs import Settings
from robustrad.drift.evaluate.sentences import Sentence
from robustrad.drift.experiment import Fits
from robustrad.drift.question import Question
from robustrad.drift.sites.run import RemedyTables
from robustrad.drift.sites.survival_tables import SURVIVAL_REMEDIES
from robustrad.drift.sites.words import by_name, remedy_sentences
from robustrad.drift.survival.evaluate import SurvivalTables, evaluate_survival
from robustrad.drift.survival.frozen import risk_column
from robustrad.drift.survival.load import load_survival_data
from robustrad.drift.survival.run import survival_arms
from robustrad.drift.survival.sentences import survival_sentences
from robustrad.drift.survival.times import Survival
from robustrad.stability.origin import KEY, origins_of


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
    harmonization : DataFrame or None
        As of :class:`robustrad.audit.drift_run.DriftResult`.
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
    harmonization: pd.DataFrame | None = None


def run_survival(
    sources: Sequence[object],
    question: Question,
    settings: SurvivalSettings,
    *,
    time: str,
    folder: Path | None = None,
    progress: bool = False,
) -> SurvivalResult:
    """Load, fit, evaluate, and write where a folder is given.

    See :func:`robustrad.audit.survival.survival_drift`. ``question.outcome`` is the column of the event. The
    same folder again takes what is there.
    """
    _check(settings, question)
    origins = origins_of(sources)
    data, survival = load_survival_data(sources, question, time=time)
    fits = _fit(data, survival, question, settings, folder=folder, progress=progress)
    arms = [arm for one in fits for arm in one.arms]
    how = Settings(margin=settings.margin, resamples=settings.bootstraps, seed=settings.run.seed)
    shown = [arm for arm in arms if not arm.arm.name.startswith("matrix:") or settings.run.matrix]
    tables = evaluate_survival(shown, data, survival, how, tau=settings.tau)
    permuted = {one.arms[0].arm.model: one.permuted for one in fits if one.permuted is not None}
    guarded = survival_safeguards(arms, data, survival, permuted, how)
    said = survival_sentences(tables.survival, guarded, margin=settings.margin)
    compared = compared_remedies(data, fits, settings, survival=survival, folder=folder, progress=progress)
    if compared is not None:
        said += remedy_sentences(compared.remedies, after="c_after", file=SURVIVAL_REMEDIES[0])
    facts = {**survival_facts(data, survival, settings, question), KEY: origins}
    harmonization = harmonization_of(data, fits, settings, outcome=False)
    if harmonization is not None:
        said += harmonization_sentences(harmonization, file=f"{HARMONIZATION}.csv")
        told = isolated_warnings(harmonization, file=f"{HARMONIZATION}.csv")
        facts["warnings"] = [*facts["warnings"], *told]
    result = SurvivalResult(
        data, survival, tables, guarded, tuple(said), tuple(arms), facts, (), compared, harmonization
    )
    if folder is None:
        return result
    frames = {
        "survival": tables.survival,
        "kaplan_meier": tables.kaplan_meier,
        "survival_safeguards": guarded,
        "survival_dropped": data.dropped,
        **({} if harmonization is None else {HARMONIZATION: harmonization}),
        **({} if compared is None else by_name(compared, SURVIVAL_REMEDIES)),
    }
    return replace(result, paths=write_survival(frames, said, facts, folder))


def _check(settings: SurvivalSettings, question: Question) -> None:
    if settings.tau is not None and not settings.tau > 0:
        raise DataError("tau", f"{settings.tau:g}", "a positive time")
    if question.positive is not None:
        raise DataError("positive", f"{question.positive!r}", "none: the event is 1, censored is 0")
    if settings.cutoff is not None and question.score is None:
        found = f"{settings.cutoff:g} with models that are fitted"
        raise DataError("threshold", found, "none: their cut-off is the median risk of the training patients")
    check_asked(settings, question, statistic="C", fitted=question.score is None)


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
    with arms_folder(folder) as arms:
        return survival_arms(
            data, survival, settings.models, settings.run,
            folder=arms, jobs=workers(settings), progress=bar("survival", progress),
        )  # fmt: skip
