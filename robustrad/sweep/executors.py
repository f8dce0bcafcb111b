"""Executors: run the tasks of a study in this process, or in worker processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from robustrad.sweep.runner import Outcome, Runner
from robustrad.sweep.tasks import Task
from robustrad.workers.pool import run_pool


def serial(folder: Path, study: dict[str, Any], tasks: Sequence[Task]) -> Iterator[Outcome]:
    """Run ``tasks`` one after the other in this process."""
    runner = Runner({"folder": str(folder), "study": study})
    for task in tasks:
        yield Outcome(**runner.run(task.message()))


def processes(folder: Path, study: dict[str, Any], tasks: Sequence[Task], *, jobs: int) -> Iterator[Outcome]:
    """Run ``tasks`` in ``jobs`` worker processes; a task that kills its worker twice is ``died``."""
    setup = {"folder": str(folder.resolve()), "study": study}
    for answer in run_pool("robustrad.sweep.runner:Runner", setup, tasks, workers=jobs):
        if answer.value is None:
            yield Outcome(answer.job.key, "died", {}, answer.last_words)
        else:
            yield Outcome(**answer.value)
