"""What ``robustrad drift`` does and tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.audit.drift_run import DriftResult, run_drift
from robustrad.audit.drift_settings import DriftSettings
from robustrad.core.errors import DataError
from robustrad.drift.evaluate.sentences import Sentence
from robustrad.drift.experiment import SAME
from robustrad.drift.question import Question
from robustrad.report.remedies import remedy_lines
from robustrad.stability.observations import REFERENCE

_COLUMNS = "  {:<20} {:<20} {:<12} {:>5}  {:<24} {:>6}  {}"


@dataclass(frozen=True)
class DriftReport:
    """A run, for reading."""

    result: DriftResult

    @property
    def text(self) -> str:
        """Findings and where the files are, for the terminal."""
        facts = self.result.facts
        lines = [
            _head(facts),
            *(f"Warning: {warning}" for warning in facts["warnings"]),
            "",
            *_table(self.result.tables.drift),
            "",
            *_told(self.result.sentences),
        ]
        if self.result.remedies is not None:
            lines += ["", *remedy_lines(self.result.remedies)]
        if self.result.paths:
            lines += ["", "Written:", *(f"  {path}" for path in self.result.paths)]
        return "\n".join(lines)

    @property
    def data(self) -> dict[str, Any]:
        """The same for machines."""
        table = self.result.tables.drift.astype(object)
        return {
            **self.result.facts,
            "drift": table.where(table.notna(), None).to_dict("records"),
            **self._compared(),
            "sentences": [sentence._asdict() for sentence in self.result.sentences],
            "files": [str(path) for path in self.result.paths],
        }

    def _compared(self) -> dict[str, Any]:
        if self.result.remedies is None:
            return {}
        table = self.result.remedies.remedies.astype(object)
        return {"remedy_table": table.where(table.notna(), None).to_dict("records")}


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
    if output is None and len(sources) != 1:
        raise DataError("output", f"none for {len(sources)} sources", "a folder", "Pass -o FOLDER.")
    first = sources[0]
    beside = first / "drift" if first.is_dir() else first.with_name(f"{first.stem}_drift")
    return DriftReport(run_drift(sources, question, settings, folder=output or beside, progress=True))


def _head(facts: dict[str, Any]) -> str:
    batch = f", batch {facts['batch']}" if facts["batch"] else ""
    return (
        f"{facts['outcome']} = {facts['positive']}: {facts['n_positive']} of {facts['n']} subjects "
        f"({facts['n_patients']} patients), {facts['k']} conditions, {facts['p']} features{batch}."
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
    change = flips = ""
    if pd.notna(row["delta"]):
        change = f"{row['delta']:+.3f} [{row['delta_low_band']:+.3f}, {row['delta_high_band']:+.3f}]"
    if pd.notna(row["flip_rate"]):
        flips = f"{100 * row['flip_rate']:.0f} %"
    verdict = row["verdict"] or row["status"]
    return _COLUMNS.format(row["model"], row["factor"], row["level"], area, change, flips, verdict).rstrip()
