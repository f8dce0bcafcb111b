"""The table of remedies on a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from robustrad.drift.sites.words import new_site_sentence


@dataclass(frozen=True)
class Layout:
    """Columns of the table.

    Attributes
    ----------
    statistic : str
        Column prefix of what the remedies are judged by: ``auc`` or ``c``.
    unknown : str
        What is told of an experiment without a reference.
    pattern : str
        Of a line, a field for each of ``head``.
    head : tuple of str
        Headings.
    others : tuple of str
        Numbers beside the statistic, the loss that is left and the recovery.
    """

    statistic: str
    unknown: str
    pattern: str
    head: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def after(self) -> str:
        """Column of the statistic with the remedy."""
        return f"{self.statistic}_after"

    @property
    def reference(self) -> str:
        """Column of the statistic at the reference."""
        return f"{self.statistic}_reference"


OUTCOME = Layout(
    "auc",
    "AUC without a reference",
    "  {:>4}  {:<30} {:<7} {:>6} {:>8}  {:<22} {:>9} {:>7} {:>6} {:>9}",
    ("rank", "remedy", "scope", "AUC", "to lose", "recovery", "agreement", "slope", "rho V", "patients"),
    ("agreement", "slope", "spearman_volume"),
)
TIME_TO_EVENT = Layout(
    "c",
    "without a reference",
    "  {:>4}  {:<30} {:<7} {:>6} {:>8}  {:<22} {:>9} {:>6} {:>9}",
    ("rank", "remedy", "scope", "C", "to lose", "recovery", "agreement", "rho V", "patients"),
    ("agreement", "spearman_volume"),
)


def remedy_lines(table: pd.DataFrame, layout: Layout) -> list[str]:
    """Return the ranked rows of each experiment, and what would have happened to a new site."""
    lines = []
    for experiment, rows in table.groupby("experiment", sort=False):
        lines += [f"{experiment}: {_first(rows, layout)}", layout.pattern.format(*layout.head)]
        lines += [_line(row, layout) for row in rows.to_dict("records")]
        lines.append("")
    told = new_site_sentence(table, after=layout.after)
    return [*lines, told] if told else lines


def _first(rows: pd.DataFrame, layout: Layout) -> str:
    known = rows[layout.reference].dropna()
    if known.empty:
        return layout.unknown
    return f"{layout.statistic.upper()} {known.iloc[0]:.2f} at the reference"


def _line(row: dict[Any, Any], layout: Layout) -> str:
    if pd.isna(row[layout.after]):
        return f"        {row['remedy']:<30} {row['scope']:<7} {row['status']}"
    recovery = "" if row["remedy"] == "none" else row["recovery_status"]
    if pd.notna(row["recovery"]):
        recovery = f"{row['recovery']:.0%} [{row['recovery_low']:.0%}, {row['recovery_high']:.0%}]"
    rank = "" if pd.isna(row["rank"]) else f"{row['rank']:.0f}"
    numbers = [_two(row[name]) for name in (layout.after, "left_to_lose")]
    others = [_two(row[name]) for name in layout.others]
    cells = (
        rank,
        row["remedy"],
        row["scope"],
        *numbers,
        recovery[:22],
        *others,
        f"{row['cost_patients']:.0f}",
    )
    return layout.pattern.format(*cells).rstrip()


def _two(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.2f}"
