"""What the reports of both kinds of drift run tell alike, on a terminal and to machines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.core.errors import DataError
from robustrad.drift.evaluate.sentences import Sentence


def run_text(
    head: str,
    warnings: Iterable[str],
    levels: Iterable[str],
    told: Iterable[str],
    *,
    remedies: Sequence[str] | None,
    paths: Sequence[Path],
) -> str:
    """Return findings and where the files are, for the terminal: the parts in this order."""
    lines = [head, *(f"Warning: {warning}" for warning in warnings), "", *levels, "", *told]
    if remedies is not None:
        lines += ["", *remedies]
    if paths:
        lines += ["", "Written:", *(f"  {path}" for path in paths)]
    return "\n".join(lines)


def run_data(
    facts: dict[str, Any],
    frames: dict[str, pd.DataFrame],
    sentences: Sequence[Sentence],
    paths: Sequence[Path],
) -> dict[str, Any]:
    """Return the same for machines: facts, tables by name, sentences, files."""
    return {
        **facts,
        **{name: _records(frame.astype(object)) for name, frame in frames.items()},
        "sentences": [sentence._asdict() for sentence in sentences],
        "files": [str(path) for path in paths],
    }


def _records(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.where(table.notna(), None).to_dict("records")


def subjects_words(facts: dict[str, Any]) -> str:
    """Return patients, conditions, features and batch, as the first line of a report ends."""
    batch = f", batch {facts['batch']}" if facts["batch"] else ""
    return f"({facts['n_patients']} patients), {facts['k']} conditions, {facts['p']} features{batch}."


def level_words(row: dict[Any, Any]) -> tuple[str, str, str]:
    """Return change with its band, share of flips and verdict of a level."""
    change = flips = ""
    if pd.notna(row["delta"]):
        change = f"{row['delta']:+.3f}"
        if pd.notna(row["delta_low_band"]):
            change += f" [{row['delta_low_band']:+.3f}, {row['delta_high_band']:+.3f}]"
    if pd.notna(row["flip_rate"]):
        flips = f"{100 * row['flip_rate']:.0f} %"
    return change, flips, row["verdict"] or row["status"]


def folder_of(sources: Sequence[Path], output: Path | None) -> Path:
    """Return where the tables go: ``output``, or ``drift`` in a study, ``NAME_drift`` beside a table.

    Raises
    ------
    DataError
        If there are several sources and no output.
    """
    if output is not None:
        return output
    if len(sources) != 1:
        raise DataError("output", f"none for {len(sources)} sources", "a folder", "Pass -o FOLDER.")
    first = sources[0]
    return first / "drift" if first.is_dir() else first.with_name(f"{first.stem}_drift")
