"""The tables of a drift run as files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.core.written import make_folder, remove_file, write_bytes, write_csv, write_text
from robustrad.drift.evaluate.sentences import Sentence
from robustrad.drift.evaluate.tables import DriftTables

OPTIONAL = ("matrix", "safeguards", "selected")
REMEDIES = ("remedies", "calibration_sweep", "deployment_needs")
_CSV = ("drift", "breakdown", "deployment", "patients", "selection_stability", *OPTIONAL)


def write_tables(
    tables: DriftTables,
    said: list[Sentence],
    facts: Mapping[str, Any],
    folder: Path,
    *,
    remedies: Mapping[str, pd.DataFrame] | None = None,
) -> list[Path]:
    """Write ``drift.json``, the CSV tables and ``scores.parquet``; an old optional table is removed.

    Parameters
    ----------
    tables : DriftTables
    said : list of Sentence
    facts : mapping
        For ``drift.json``: settings, seed, versions, outcome, n and the like; JSON values.
    folder : Path
        Created if need be.
    remedies : mapping of str to DataFrame, optional
        Tables of :data:`REMEDIES` by name, where remedies were compared.

    Returns
    -------
    list of Path
        What was written, ``drift.json`` last: where it is, the tables are complete.
    """
    make_folder(folder)
    head = folder / "drift.json"
    remove_file(head)
    written = []
    compared = remedies or {}
    for name in (*_CSV, *REMEDIES):
        frame: pd.DataFrame | None = compared.get(name) if name in REMEDIES else getattr(tables, name)
        path = folder / f"{name}.csv"
        if frame is None:
            remove_file(path)
        else:
            written.append(write_csv(frame, path))
    buffer = BytesIO()
    tables.scores.to_parquet(buffer, index=False)
    written.append(write_bytes(buffer.getvalue(), folder / "scores.parquet"))
    content = {
        **facts,
        "tables": [path.name for path in written],
        "sentences": [sentence._asdict() for sentence in said],
    }
    text = json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False)
    return [*written, write_text(text + "\n", head)]


def _plain(value: Any) -> Any:
    """Return ``value`` with numpy scalars as Python's and NaN as null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
