"""What ``robustrad drift --time --event`` does and tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.audit.survival_run import SurvivalResult, run_survival
from robustrad.audit.survival_settings import SurvivalSettings
from robustrad.core.errors import DataError
from robustrad.drift.question import Question
from robustrad.drift.sites.words import new_site_sentence
from robustrad.stability.observations import REFERENCE

_COLUMNS = "  {:<16} {:<20} {:<12} {:>5} {:>5}  {:<24} {:>6} {:>9}  {}"
_REMEDIES = "  {:>4}  {:<30} {:<7} {:>6} {:>8}  {:<22} {:>9} {:>6} {:>9}"
_REMEDY_HEAD = ("rank", "remedy", "scope", "C", "to lose", "recovery", "agreement", "rho V", "patients")
_REMEDY_NUMBERS = ("c_after", "left_to_lose", "agreement", "spearman_volume")


@dataclass(frozen=True)
class SurvivalReport:
    """A run, for reading."""

    result: SurvivalResult

    @property
    def text(self) -> str:
        """Findings and where the files are, for the terminal."""
        facts = self.result.facts
        batch = f", batch {facts['batch']}" if facts["batch"] else ""
        head = (
            f"{facts['event']} by {facts['time']}: {facts['n_events']} events in {facts['n']} subjects "
            f"({facts['n_patients']} patients), {facts['k']} conditions, {facts['p']} features{batch}."
        )
        lines = [
            head,
            *(f"Warning: {warning}" for warning in facts["warnings"]),
            "",
            _COLUMNS.format(
                "model", "factor", "level", "C", "Uno", "change [band]", "flips", "log-rank", "verdict"
            ),
            *(_line(row) for row in self._shown()),
            "",
            *(sentence.text for sentence in self.result.sentences),
        ]
        if self.result.remedies is not None:
            lines += ["", *_remedy_lines(self.result.remedies.remedies)]
        if self.result.paths:
            lines += ["", "Written:", *(f"  {path}" for path in self.result.paths)]
        return "\n".join(lines)

    @property
    def data(self) -> dict[str, Any]:
        """The same for machines."""
        table = self.result.tables.survival.astype(object)
        return {
            **self.result.facts,
            "survival": table.where(table.notna(), None).to_dict("records"),
            **self._remedies(),
            "sentences": [sentence._asdict() for sentence in self.result.sentences],
            "files": [str(path) for path in self.result.paths],
        }

    def _remedies(self) -> dict[str, Any]:
        if self.result.remedies is None:
            return {}
        table = self.result.remedies.remedies.astype(object)
        return {"survival_remedies": table.where(table.notna(), None).to_dict("records")}

    def _shown(self) -> list[dict[Any, Any]]:
        table = self.result.tables.survival
        return table[table["train"] != "same"].to_dict("records")


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
    if output is None and len(sources) != 1:
        raise DataError("output", f"none for {len(sources)} sources", "a folder", "Pass -o FOLDER.")
    first = sources[0]
    beside = first / "drift" if first.is_dir() else first.with_name(f"{first.stem}_drift")
    folder = output or beside
    return SurvivalReport(run_survival(sources, question, settings, time=time, folder=folder, progress=True))


def _line(row: dict[Any, Any]) -> str:
    c, uno = ("-" if pd.isna(row[name]) else f"{row[name]:.2f}" for name in ("c", "uno"))
    p = "" if pd.isna(row["logrank_p"]) else f"p {row['logrank_p']:.2g}"
    if row["factor"] == REFERENCE:
        return _COLUMNS.format(row["model"], REFERENCE, "", c, uno, "", "", p, "").rstrip()
    change = flips = ""
    if pd.notna(row["delta"]):
        change = f"{row['delta']:+.3f}"
        if pd.notna(row["delta_low_band"]):
            change += f" [{row['delta_low_band']:+.3f}, {row['delta_high_band']:+.3f}]"
    if pd.notna(row["flip_rate"]):
        flips = f"{100 * row['flip_rate']:.0f} %"
    verdict = row["verdict"] or row["status"]
    cells = (row["model"], row["factor"], row["level"], c, uno, change, flips, p, verdict)
    return _COLUMNS.format(*cells).rstrip()


def _remedy_lines(table: pd.DataFrame) -> list[str]:
    """Return the ranked rows of each experiment, and what would have happened to a new site."""
    lines = []
    for experiment, rows in table.groupby("experiment", sort=False):
        reference = rows["c_reference"].dropna()
        known = f"C {reference.iloc[0]:.2f} at the reference" if len(reference) else "without a reference"
        lines += [f"{experiment}: {known}", _REMEDIES.format(*_REMEDY_HEAD)]
        lines += [_remedy_line(row) for row in rows.to_dict("records")]
        lines.append("")
    told = new_site_sentence(table, after="c_after")
    return [*lines, told] if told else lines[:-1]


def _remedy_line(row: dict[Any, Any]) -> str:
    if pd.isna(row["c_after"]):
        return f"        {row['remedy']:<30} {row['scope']:<7} {row['status']}"
    recovery = "" if row["remedy"] == "none" else row["recovery_status"][:22]
    if pd.notna(row["recovery"]):
        recovery = f"{row['recovery']:.0%} [{row['recovery_low']:.0%}, {row['recovery_high']:.0%}]"
    rank = "" if pd.isna(row["rank"]) else f"{row['rank']:.0f}"
    numbers = ["-" if pd.isna(row[name]) else f"{row[name]:.2f}" for name in _REMEDY_NUMBERS]
    shown = (rank, row["remedy"], row["scope"], *numbers[:2], recovery, *numbers[2:])
    return _REMEDIES.format(*shown, f"{row['cost_patients']:.0f}").rstrip()
