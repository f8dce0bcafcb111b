"""From which feature table an analysis was computed: its hash and its cases, recorded beside the results.

A study folder grows, and its analyses do not grow with it. The record lets a reader see that they are older.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from robustrad.core.identity import content_hash

KEY = "features_from"
RECORD = "source.json"
_TABLE = "features.parquet"


def origin_of(source: object) -> dict[str, Any] | None:
    """Return what identifies the feature table of ``source``.

    Parameters
    ----------
    source : study, path or anything else
        A study or its folder (its ``features.parquet``), or a feature table on disk.

    Returns
    -------
    dict or None
        ``file`` (its name alone), ``sha256`` of its bytes, and ``cases``, how many it holds (None for a CSV).
        None where there is no file: a table in memory, an unfinished study.
    """
    given = getattr(source, "folder", source)
    if not isinstance(given, (str, Path)):
        return None
    path = Path(given) / _TABLE if Path(given).is_dir() else Path(given)
    if not path.is_file():
        return None
    return {"file": path.name, "sha256": content_hash(path), "cases": _cases(path)}


def origins_of(sources: Iterable[object]) -> list[dict[str, Any]]:
    """Return the record of an analysis of ``sources``: :func:`origin_of` of each that is a file."""
    found = (origin_of(source) for source in sources)
    return [origin for origin in found if origin is not None]


def match(record: Mapping[str, Any], current: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the recorded table that is ``current``; None if the analysis was of other tables."""
    return next((one for one in record.get(KEY, ()) if one.get("sha256") == current.get("sha256")), None)


def _cases(path: Path) -> int | None:
    if path.suffix != ".parquet":
        return None
    try:
        return len(pq.read_table(path, columns=["case_id"]).column("case_id").unique())
    except (OSError, pa.ArrowException, KeyError):
        return None
