"""Progress on stderr: a bar with the time left on a terminal, a line now and then otherwise."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

_EVERY_SECONDS = 30.0


class Progress:
    """Counts finished tasks; use as a context manager.

    Parameters
    ----------
    total : int
        Number of tasks.
    units : int
        Number of conditions in them, for the text.
    show : bool
        False says nothing at all.
    title : str
        Before the bar.
    """

    def __init__(self, total: int, units: int, *, show: bool = True, title: str = "sweep") -> None:
        self._total = total
        self._units = units
        self._done = 0
        self._failed = 0
        self._start = self._spoke = time.monotonic()
        self._bar = _Bar(total, title) if show and total and sys.stderr.isatty() else None
        self._lines = show and total > 0 and self._bar is None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        elif self._lines:
            self._say()

    def step(self, *, failed: int = 0) -> None:
        """Count one finished task with ``failed`` failed conditions."""
        self._done += 1
        self._failed += failed
        if self._bar:
            self._bar.advance(self._text())
        elif self._lines and time.monotonic() - self._spoke >= _EVERY_SECONDS:
            self._say()

    def _text(self) -> str:
        return f"{self._failed} failed" if self._failed else ""

    def _say(self) -> None:
        self._spoke = time.monotonic()
        elapsed = self._spoke - self._start
        left = elapsed / self._done * (self._total - self._done) if self._done else float("nan")
        told = f"{self._done}/{self._total} tasks, {duration(elapsed)} gone"
        if 0 < self._done < self._total:
            told += f", about {duration(left)} left"
        if self._failed:
            told += f", {self._failed} conditions failed"
        print(told, file=sys.stderr, flush=True)


class _Bar:
    def __init__(self, total: int, title: str) -> None:
        from rich import progress
        from rich.console import Console

        columns = (
            progress.TextColumn(title),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("tasks,"),
            progress.TimeElapsedColumn(),
            progress.TextColumn("gone,"),
            progress.TimeRemainingColumn(),
            progress.TextColumn("left {task.description}"),
        )
        self._progress = progress.Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task("", total=total)
        self._progress.start()

    def advance(self, text: str) -> None:
        self._progress.update(self._task, advance=1, description=text)

    def stop(self) -> None:
        self._progress.stop()


def duration(seconds: float) -> str:
    """Return ``seconds`` as people say it: ``42 s``, ``3 min 20 s``, ``2 h 05 min``."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
