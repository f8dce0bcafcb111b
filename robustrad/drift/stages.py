"""Jobs of a run, stage after stage: in this process, or in workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from robustrad.core.errors import DataError, EnvironmentUnusableError, Problem, RobustradError
from robustrad.drift.models.heard import Said, listening, tell_heard
from robustrad.workers.interrupt import interruptible
from robustrad.workers.pool import Job, run_pool


class Service(Protocol):
    """Serves jobs; made once per process."""

    def __init__(self, setup: dict[str, Any]) -> None: ...

    def run(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do one job and return :func:`outcome_of` it."""


def outcome_of(work: Callable[[], None], *, model: str = "") -> dict[str, Any]:
    """Do a job; return as JSON what a user can mend, and what ``model`` said. All else ends the process."""
    problems: list[tuple[str, ...]] = []
    code = 0
    with listening() as heard:
        try:
            work()
        except RobustradError as error:
            problems, code = [tuple(problem) for problem in error.problems], error.exit_code
    return {"problems": problems, "exit_code": code, "said": [(model, one) for one in heard.said]}


def run_stages(
    service: type[Service],
    setup: dict[str, Any],
    stages: Sequence[Sequence[Job]],
    *,
    jobs: int,
    progress: Callable[[int], Any] | None = None,
) -> None:
    """Do all jobs of a stage before those of the next; tell at the end what the models said meanwhile.

    Parameters
    ----------
    service : type
        What serves them.
    setup : dict
        Of the service, as JSON.
    stages : sequence of sequences of Job
        What to do.
    jobs : int
        Worker processes; 1 works in this process.
    progress : callable, optional
        Given the number of jobs, returns a context manager with a method ``step``.

    Raises
    ------
    DataError
        With what the first job that failed tells, or that it killed its worker twice.
    EnvironmentUnusableError
        If that is something the machine lacks.
    """
    total = sum(len(stage) for stage in stages)
    shown = progress(total) if progress is not None and total else None
    if shown is not None:
        shown.__enter__()
    said: list[tuple[str, Said]] = []
    try:
        with interruptible():
            for stage in stages:
                for answer in _answers(service, setup, stage, jobs=min(jobs, len(stage))):
                    said += answer.get("said", [])
                    if answer["problems"]:
                        kind = EnvironmentUnusableError if answer["exit_code"] == 3 else DataError
                        raise kind.of(Problem(*problem) for problem in answer["problems"])
                    if shown is not None:
                        shown.step()
    finally:
        if shown is not None:
            shown.__exit__(None, None, None)
        tell_heard(said)


def _answers(
    service: type[Service], setup: dict[str, Any], stage: Sequence[Job], *, jobs: int
) -> Iterator[dict[str, Any]]:
    if not stage:
        return
    if jobs <= 1:
        with threadpool_limits(1):  # two BLAS threads change sums
            served = service(setup)
            yield from (served.run(job.message()) for job in stage)
        return
    name = f"{service.__module__}:{service.__qualname__}"
    for answer in run_pool(name, setup, stage, workers=jobs):
        if answer.value is None:
            told = Problem("worker process", f"died twice on one job: {answer.last_words}")
            yield {"problems": [tuple(told)], "exit_code": DataError.exit_code}
        else:
            yield answer.value
