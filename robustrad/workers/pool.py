"""A pool of worker processes that says which job killed its worker.

Why our own: see docs/decisions/0002-worker-processes.md.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from robustrad.core.errors import EnvironmentUnusableError
from robustrad.workers.threads import THREAD_VARIABLES

_LOST_STARTS = 5
_THREADS = dict.fromkeys(THREAD_VARIABLES, "1")


class Job(Protocol):
    """A unit of work."""

    def message(self) -> dict[str, Any]:
        """Return it as JSON for the service."""


J = TypeVar("J", bound=Job)


class Answer(NamedTuple, Generic[J]):
    """What came of a job.

    Attributes
    ----------
    job : Job
        The job.
    value : dict or None
        What the service answered; None if the job killed its worker twice.
    last_words : str
        How the worker died, and the end of what it printed.
    """

    job: J
    value: dict[str, Any] | None
    last_words: str = ""


def run_pool(
    service: str, setup: dict[str, Any], jobs: Sequence[J], *, workers: int
) -> Generator[Answer[J], None, None]:
    """Run ``jobs`` in worker processes, in order of hand-out; answers come as they are ready.

    A job whose worker died runs again, alone, after all others; if it kills its worker again its answer is
    None. Closing the generator, or any exception inside (Ctrl-C included), ends the workers.

    Parameters
    ----------
    service : str
        ``module:Class``; made once per worker from ``setup``, its ``run(message) -> dict`` serves the jobs.
    setup : dict
        JSON for the service.
    jobs : sequence of Job
        What to do.
    workers : int
        Number of processes.

    Raises
    ------
    EnvironmentUnusableError
        If a worker cannot start.
    """
    pool: _Pool[J] = _Pool({"service": service, "setup": setup})
    try:
        suspects = yield from _crowd(pool, jobs, workers)
        yield from _alone(pool, suspects)
    finally:
        pool.close()


def _crowd(pool: _Pool[J], jobs: Sequence[J], workers: int) -> Generator[Answer[J], None, list[J]]:
    """Run ``jobs`` side by side; return those whose worker died."""
    waiting = deque(jobs)
    suspects: list[J] = []
    for _ in range(min(workers, len(waiting))):
        pool.hire().give(waiting.popleft())
    while pool.busy:
        worker, value = pool.next_event()
        if value is None:
            if worker.started:
                suspects += [worker.job] if worker.job is not None else []
            elif worker.job is not None:
                pool.forgive_start(worker)
                waiting.appendleft(worker.job)
            if waiting:
                pool.hire().give(waiting.popleft())
        elif worker.started and worker.job is not None:
            yield Answer(worker.job, value)
            worker.finish(waiting.popleft() if waiting else None)
        else:
            worker.started = True
    return suspects


def _alone(pool: _Pool[J], suspects: Sequence[J]) -> Iterator[Answer[J]]:
    for job in suspects:
        mine = pool.hire()
        mine.give(job)
        while mine.job is not None:
            worker, value = pool.next_event()
            if worker is not mine:
                continue
            if value is not None and not mine.started:
                mine.started = True
            elif value is None and not mine.started:
                pool.forgive_start(mine)
                mine = pool.hire()
                mine.give(job)
            else:
                mine.job = None
                mine.end()
                yield Answer(job, value, mine.last_words if value is None else "")


class _Event(NamedTuple, Generic[J]):
    worker: _Worker[J]
    value: dict[str, Any] | None  # None: it died


class _Pool(Generic[J]):
    def __init__(self, start: dict[str, Any]) -> None:
        self._start = start
        self._events: queue.Queue[_Event[J]] = queue.Queue()
        self._workers: list[_Worker[J]] = []
        self._lost_starts = 0

    @property
    def busy(self) -> bool:
        return any(worker.job is not None for worker in self._workers)

    def hire(self) -> _Worker[J]:
        worker: _Worker[J] = _Worker(self._start, self._events)
        self._workers.append(worker)
        return worker

    def next_event(self) -> _Event[J]:
        event = self._events.get()
        if event.value is None and event.worker in self._workers:
            self._workers.remove(event.worker)
            event.worker.end()
        return event

    def forgive_start(self, worker: _Worker[J]) -> None:
        """Let it pass that ``worker`` died before it was ready, no job being to blame, up to a limit.

        One that ended by itself (an import that fails) would do so again: that is raised at once. One that
        was killed from outside may be replaced, a few times.
        """
        self._lost_starts += 1
        if not worker.killed or self._lost_starts > _LOST_STARTS:
            raise EnvironmentUnusableError(
                "worker process", f"cannot start: {worker.last_words}", "", "See: robustrad doctor"
            )

    def close(self) -> None:
        for worker in self._workers:
            worker.end()


class _Worker(Generic[J]):
    """A worker process and the thread that hears it."""

    def __init__(self, start: dict[str, Any], events: queue.Queue[_Event[J]]) -> None:
        self.job: J | None = None
        self.started = False
        self.killed = False
        self.last_words = ""
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  # closed by end()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "robustrad.workers.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            env={**os.environ, **_THREADS},
            start_new_session=True,  # Ctrl-C reaches the main process alone, which ends us in order
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._lifeline, self._answers = self._process.stdin, self._process.stdout
        self._events = events
        self._send(start)
        threading.Thread(target=self._hear, daemon=True).start()

    def give(self, job: J) -> None:
        """Hand over a job; that a worker is gone already is told by its event."""
        self.job = job
        self._send(job.message())

    def finish(self, following: J | None) -> None:
        """Take the next job, or end when there is none."""
        self.job = None
        if following is None:
            self.end()
        else:
            self.give(following)

    def end(self) -> None:
        """End the process and close what belongs to it."""
        if self._words.closed:
            return
        with contextlib.suppress(OSError):
            self._process.kill()
        code = self._process.wait()
        self.killed = code < 0
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        self._words.seek(0)
        said = self._words.read()[-2000:].decode(errors="replace").strip()
        self.last_words = f"worker process {how}" + (f": {said}" if said else "")
        self._words.close()
        with contextlib.suppress(OSError):
            self._lifeline.close()

    def _send(self, value: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._lifeline.write(json.dumps(value).encode() + b"\n")
            self._lifeline.flush()

    def _hear(self) -> None:
        with self._answers:
            for line in self._answers:
                self._events.put(_Event(self, json.loads(line)))
        self._events.put(_Event(self, None))
