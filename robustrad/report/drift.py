"""What ``robustrad drift`` does and tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.audit.drift_run import DriftResult, run_drift
from robustrad.audit.drift_settings import DriftSettings
from robustrad.drift.evaluate.sentences import Sentence
from robustrad.drift.experiment import SAME
from robustrad.drift.question import Question
from robustrad.report.remedies import OUTCOME, remedy_lines
from robustrad.report.run_report import folder_of, level_words, run_data, run_text, subjects_words
from robustrad.stability.observations import REFERENCE

_COLUMNS = "  {:<20} {:<20} {:<12} {:>5}  {:<24} {:>6}  {}"


@dataclass(frozen=True)
class DriftReport:
    """A run, for reading."""

    result: DriftResult

    @property
    def text(self) -> str:
        """Findings and where the files are, for the terminal."""
        found = self.result
        return run_text(
            _head(found.facts),
            found.facts["warnings"],
            _table(found.tables.drift),
            _told(found.sentences),
            remedies=None if found.remedies is None else remedy_lines(found.remedies.remedies, OUTCOME),
            paths=found.paths,
        )

    @property
    def data(self) -> dict[str, Any]:
        """The same for machines."""
        found = self.result
        compared = {} if found.remedies is None else {"remedy_table": found.remedies.remedies}
        return run_data(found.facts, {"drift": found.tables.drift, **compared}, found.sentences, found.paths)


def drift_command(
    sources: Sequence[Path], question: Question, settings: DriftSettings, *, output: Path | None = None
) -> DriftReport:
    """Run, write the tables, return what to tell.

    Parameters
    ----------
    sources : sequence of Path
        Study folders or feature tables.
    question, settings
        See :func:`robustrad.audit.drift_run.run_drift`.
    output : Path, optional
        Folder; default ``drift`` in a study, ``NAME_drift`` beside a table.

    Raises
    ------
    DataError
        If there are several sources and no output.
    """
    folder = folder_of(sources, output)
    return DriftReport(run_drift(sources, question, settings, folder=folder, progress=True))


def _head(facts: dict[str, Any]) -> str:
    return (
        f"{facts['outcome']} = {facts['positive']}: {facts['n_positive']} of {facts['n']} subjects "
        f"{subjects_words(facts)}"
    )


def _told(sentences: Sequence[Sentence]) -> list[str]:
    """Return the sentences; those on training at the same condition stand in the file alone."""
    shown = [sentence.text for sentence in sentences if SAME not in sentence.id]
    left = len(sentences) - len(shown)
    return [*shown, *([f"{left} more on training at the same condition: drift.json."] if left else [])]


def _table(drift: pd.DataFrame) -> list[str]:
    """Return the arms trained on the reference, and frozen ones, level by level."""
    head = _COLUMNS.format("model", "factor", "level", "AUC", "change [band]", "flips", "verdict")
    return [head, *(_line(row) for row in drift[drift["train"] != "same"].to_dict("records"))]


def _line(row: dict[Any, Any]) -> str:
    area = "-" if pd.isna(row["auc"]) else f"{row['auc']:.2f}"
    if row["factor"] == REFERENCE:
        return _COLUMNS.format(row["model"], REFERENCE, "", area, "", "", "").rstrip()
    cells = (row["model"], row["factor"], row["level"], area, *level_words(row))
    return _COLUMNS.format(*cells).rstrip()
