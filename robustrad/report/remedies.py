"""The table of remedies on a terminal."""

from __future__ import annotations

from typing import Any

import pandas as pd

from robustrad.drift.sites.run import RemedyTables
from robustrad.drift.sites.words import new_site_sentence

_COLUMNS = "  {:>4}  {:<30} {:<7} {:>6} {:>8}  {:<22} {:>9} {:>7} {:>6} {:>9}"
_HEAD = ("rank", "remedy", "scope", "AUC", "to lose", "recovery", "agreement", "slope", "rho V", "patients")


def remedy_lines(tables: RemedyTables) -> list[str]:
    """Return the ranked rows of each experiment, and what would have happened to a new site."""
    lines = []
    for experiment, rows in tables.remedies.groupby("experiment", sort=False):
        lines += [f"{experiment}: AUC {_first(rows)}", _COLUMNS.format(*_HEAD)]
        lines += [_line(row) for row in rows.to_dict("records")]
        lines.append("")
    told = new_site_sentence(tables.remedies)
    return [*lines, told] if told else lines


def _first(rows: pd.DataFrame) -> str:
    known = rows[rows["auc_reference"].notna()]
    if known.empty:
        return "without a reference"
    return f"{known['auc_reference'].iloc[0]:.2f} at the reference"


def _line(row: dict[Any, Any]) -> str:
    if pd.isna(row["auc_after"]):
        return f"        {row['remedy']:<30} {row['scope']:<7} {row['status']}"
    recovery = row["recovery_status"]
    if pd.notna(row["recovery"]):
        recovery = f"{row['recovery']:.0%} [{row['recovery_low']:.0%}, {row['recovery_high']:.0%}]"
    rank = "" if pd.isna(row["rank"]) else f"{row['rank']:.0f}"
    numbers = [_two(row[name]) for name in ("auc_after", "left_to_lose")]
    others = [_two(row[name]) for name in ("agreement", "slope", "spearman_volume")]
    patients = f"{row['cost_patients']:.0f}"
    return _COLUMNS.format(
        rank, row["remedy"], row["scope"], *numbers, recovery[:22], *others, patients
    ).rstrip()


def _two(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.2f}"
