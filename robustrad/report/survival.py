"""What ``robustrad drift --time --event`` does and tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.audit.survival_run import SurvivalResult, run_survival
from robustrad.audit.survival_settings import SurvivalSettings
from robustrad.drift.question import Question
from robustrad.report.remedies import TIME_TO_EVENT, remedy_lines
from robustrad.report.run_report import folder_of, level_words, run_data, run_text, subjects_words
from robustrad.stability.observations import REFERENCE

_COLUMNS = "  {:<16} {:<20} {:<12} {:>5} {:>5}  {:<24} {:>6} {:>9}  {}"


@dataclass(frozen=True)
class SurvivalReport:
    """A run, for reading."""

    result: SurvivalResult

    @property
    def text(self) -> str:
        """Findings and where the files are, for the terminal."""
        found = self.result
        return run_text(
            _head(found.facts),
            found.facts["warnings"],
            _table(found.tables.survival),
            (sentence.text for sentence in found.sentences),
            remedies=None if found.remedies is None else _remedies(found.remedies.remedies),
            paths=found.paths,
        )

    @property
    def data(self) -> dict[str, Any]:
        """The same for machines."""
        found = self.result
        compared = {} if found.remedies is None else {"survival_remedies": found.remedies.remedies}
        frames = {"survival": found.tables.survival, **compared}
        return run_data(found.facts, frames, found.sentences, found.paths)


def survival_command(
    sources: Sequence[Path],
    question: Question,
    settings: SurvivalSettings,
    *,
    time: str,
    output: Path | None = None,
) -> SurvivalReport:
    """Run, write the tables, return what to tell.

    Parameters
    ----------
    sources : sequence of Path
        Study folders or feature tables.
    question, settings, time
        See :func:`robustrad.audit.survival_run.run_survival`.
    output : Path, optional
        Folder; default ``drift`` in a study, ``NAME_drift`` beside a table.

    Raises
    ------
    DataError
        If there are several sources and no output.
    """
    folder = folder_of(sources, output)
    return SurvivalReport(run_survival(sources, question, settings, time=time, folder=folder, progress=True))


def _head(facts: dict[str, Any]) -> str:
    return (
        f"{facts['event']} by {facts['time']}: {facts['n_events']} events in {facts['n']} subjects "
        f"{subjects_words(facts)}"
    )


def _table(survival: pd.DataFrame) -> list[str]:
    """Return the arms trained on the reference, and frozen ones, level by level."""
    head = ("model", "factor", "level", "C", "Uno", "change [band]", "flips", "log-rank", "verdict")
    rows = survival[survival["train"] != "same"].to_dict("records")
    return [_COLUMNS.format(*head), *(_line(row) for row in rows)]


def _remedies(table: pd.DataFrame) -> list[str]:
    lines = remedy_lines(table, TIME_TO_EVENT)
    return lines if lines[-1] else lines[:-1]


def _line(row: dict[Any, Any]) -> str:
    c, uno = ("-" if pd.isna(row[name]) else f"{row[name]:.2f}" for name in ("c", "uno"))
    p = "" if pd.isna(row["logrank_p"]) else f"p {row['logrank_p']:.2g}"
    if row["factor"] == REFERENCE:
        return _COLUMNS.format(row["model"], REFERENCE, "", c, uno, "", "", p, "").rstrip()
    change, flips, verdict = level_words(row)
    cells = (row["model"], row["factor"], row["level"], c, uno, change, flips, p, verdict)
    return _COLUMNS.format(*cells).rstrip()
