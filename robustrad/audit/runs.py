"""What the runs of either kind do alike: check what was asked, keep arms, compare remedies."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from robustrad.audit.contradictions import contradictions
from robustrad.core.errors import DataError
from robustrad.drift.data import DriftData
from robustrad.drift.experiment import Fits, RunSettings
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.question import Question
from robustrad.drift.remedies.registry import choose
from robustrad.drift.sites.frozen import frozen_tables
from robustrad.drift.sites.run import RemedyTables, compare_remedies
from robustrad.drift.sites.settings import RemedySettings
from robustrad.drift.survival.times import Survival
from robustrad.sweep.progress import Progress


class HowARun(Protocol):
    """Settings that both kinds of run have; see :class:`robustrad.audit.drift_settings.DriftSettings`."""

    @property
    def models(self) -> tuple[ModelSpec, ...]: ...
    @property
    def run(self) -> RunSettings: ...
    @property
    def margin(self) -> float: ...
    @property
    def bootstraps(self) -> int: ...
    @property
    def jobs(self) -> int | None: ...
    @property
    def remedies(self) -> RemedySettings | None: ...


def check_asked(settings: HowARun, question: Question, *, statistic: str, fitted: bool = True) -> None:
    """Make sure that a run can be made as it was asked for, before anything is fitted.

    Parameters
    ----------
    settings, question
        Of the run.
    statistic : str
        What the margin is a difference of.
    fitted : bool
        Whether the models are asked for by name.

    Raises
    ------
    DataError
        If what is asked contradicts itself (:mod:`robustrad.audit.contradictions`), a batch is to be
        harmonized and there is none, the margin is no difference that can be lost, two models are one, or a
        remedy is unknown.
    """
    problems = contradictions(
        question, settings.models, settings.run, bootstraps=settings.bootstraps, jobs=settings.jobs
    )
    if problems:
        raise DataError.of(problems)
    if any(spec.combat for spec in settings.models) and question.batch is None:
        raise DataError("combat", "no batch", "the column of the batch", "Pass batch= (--batch).")
    if not 0 < settings.margin < 0.5:
        raise DataError("margin", f"{settings.margin:g}", f"a difference of {statistic} between 0 and 0.5")
    names = [spec.name for spec in settings.models]
    if fitted and (len(set(names)) < len(names) or not names):
        raise DataError("model", f"{', '.join(names) or 'none'}", "one or more different models")
    if settings.remedies is not None:
        choose(settings.remedies.remedies)


@contextlib.contextmanager
def arms_folder(folder: Path | None) -> Iterator[Path]:
    """Give the folder of the arms: within ``folder``, or one that goes when the run ends."""
    if folder is not None:
        yield folder / "arms"
        return
    with tempfile.TemporaryDirectory(prefix="robustrad-arms-") as name:
        yield Path(name)


def workers(settings: HowARun) -> int:
    """Return the number of worker processes."""
    return settings.jobs or os.cpu_count() or 1


def bar(title: str, progress: bool) -> Callable[[int], Progress] | None:
    """Return what shows progress on stderr, if it is to be shown."""
    return (lambda total: Progress(total, total, title=title)) if progress else None


def compared_remedies(
    data: DriftData,
    fits: Sequence[Fits],
    settings: HowARun,
    *,
    survival: Survival | None = None,
    folder: Path | None,
    progress: bool,
) -> RemedyTables | None:
    """Compare remedies with the first model that is fitted here, in its folds.

    The predictions of a frozen model can only be averaged.

    Returns
    -------
    RemedyTables or None
        None where no remedy was asked for.
    """
    how = settings.remedies
    if how is None:
        return None
    first = next((one.arms[0] for one in fits if not one.arms[0].frozen), None)
    if first is None:
        return frozen_tables(data, fits[0].arms[0].scores, how, margin=settings.margin, survival=survival)
    spec = next(spec for spec in settings.models if spec.name == first.arm.model)
    with arms_folder(folder) as arms:
        return compare_remedies(
            data,
            first.folds,
            replace(spec, combat=False),  # harmonizing is a remedy's business here, not the model's
            how,
            margin=settings.margin,
            folder=arms,
            jobs=workers(settings),
            progress=bar("remedies", progress),
            survival=survival,
        )
