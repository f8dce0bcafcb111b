"""Files that a stability analysis reads: feature tables and study folders."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from robustrad.core.errors import DataError

_TEXT = ("condition", "factor", "level", "role", "status", "reason")
_MISSING = ["", "NA", "NaN", "nan", "N/A", "null", "None"]


@dataclass(frozen=True)
class StudyTables:
    """What a study says that stability needs.

    Attributes
    ----------
    name : str
        For messages.
    features : DataFrame
        One row per case and condition.
    roles : dict of condition to role
        Empty where the study does not tell.
    patients : dict of case_id to patient
        Empty where each case is a patient.
    modality : str or None
        ``PT``, ``CT``, ``MR``.
    """

    name: str
    features: pd.DataFrame
    roles: dict[str, str] = field(default_factory=dict)
    patients: dict[str, str] = field(default_factory=dict)
    modality: str | None = None


def read_table(path: Path, identifiers: Iterable[str] = ()) -> pd.DataFrame:
    """Return a CSV, TSV or Parquet table; ``identifiers`` and a study's text columns stay text.

    Raises
    ------
    DataError
        If the file is missing, not a table, of another kind, or has two columns of one name.
    """
    if not path.is_file():
        raise DataError(str(path), "not there", "a study folder or a CSV, TSV or Parquet table")
    suffix = path.suffix.lower()
    if suffix in {".parquet", ".pq"}:
        return read_parquet(path)
    if suffix not in {".csv", ".tsv"}:
        raise DataError(str(path), f"a {suffix or 'nameless'} file", "a study folder, .csv, .tsv or .parquet")
    separator = "," if suffix == ".csv" else "\t"
    text = {*identifiers, *_TEXT}
    try:
        header = pd.read_csv(path, sep=separator, nrows=0, encoding="utf-8-sig").columns
        _refuse_twins(path, separator)
        # A level may well be called "None" or "NA": in text columns only an empty field is missing.
        missing = {str(name): [""] if name in text else _MISSING for name in header}
        return pd.read_csv(
            path,
            sep=separator,
            encoding="utf-8-sig",
            keep_default_na=False,
            na_values=missing,
            dtype={str(name): str for name in header if name in text},
            low_memory=False,
        )
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"cannot be read ({error})", "a table with a header") from error


def _refuse_twins(path: Path, separator: str) -> None:
    """Raise a DataError if two columns have one name: pandas would call the second ``name.1``, unasked."""
    first = pd.read_csv(
        path, sep=separator, nrows=1, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig"
    )
    names = first.iloc[0]
    twins = sorted(set(names[names.duplicated() & (names != "")]))
    if twins:
        raise DataError(str(path), f"two columns named {', '.join(map(repr, twins[:3]))}", "one of each name")


def read_study(folder: Path) -> StudyTables:
    """Return the tables of a study folder.

    Raises
    ------
    DataError
        If it has no ``features.parquet`` or no ``conditions.csv``.
    """
    absent = [name for name in ("features.parquet", "conditions.csv") if not (folder / name).is_file()]
    if absent:
        started = (folder / "study.json").is_file()
        todo = f"robustrad status {folder} tells what is missing." if started else ""
        raise DataError(str(folder), f"no {' and no '.join(absent)}", "the folder of a finished sweep", todo)
    conditions = read_table(folder / "conditions.csv")
    cases = folder / "cases.csv"
    table = read_table(cases, ("case_id", "patient", "modality")) if cases.is_file() else pd.DataFrame()
    return StudyTables(
        name=folder.name,
        features=read_parquet(folder / "features.parquet"),
        roles=roles_of(conditions),
        patients=_patients(table),
        modality=_modality(folder / "study.json", table),
    )


def read_parquet(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Return a Parquet table, or its ``columns``.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    with _readable(path):
        return pd.read_parquet(path, columns=columns)


def read_columns(path: Path) -> list[str]:
    """Return the names of the columns of a Parquet table; errors as :func:`read_parquet`."""
    with _readable(path):
        return list(pq.read_schema(path).names)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as error:
        own = path.name == "features.parquet"
        todo = "The command of the sweep, again, writes it from the parts." if own else ""
        raise DataError(str(path), f"cannot be read as Parquet ({error})", "a whole file", todo) from error


def roles_of(conditions: pd.DataFrame) -> dict[str, str]:
    """Return the role of each condition of a table of conditions; empty if it has no such column."""
    if "role" not in conditions.columns:
        return {}
    known = conditions[conditions["role"].notna()]
    return dict(zip(known["condition"].astype(str), known["role"].astype(str), strict=True))


def _patients(cases: pd.DataFrame) -> dict[str, str]:
    if not {"case_id", "patient"} <= set(cases.columns):
        return {}
    known = cases[cases["patient"].notna()]
    return dict(zip(known["case_id"], known["patient"], strict=True))


def _modality(study: Path, cases: pd.DataFrame) -> str | None:
    """Return the protocol's modality, else the one that all cases share."""
    declared = _protocol(study).get("modality") if study.is_file() else None
    if declared not in {None, "any"}:
        return str(declared)
    found = set(cases["modality"].dropna()) if "modality" in cases.columns else set()
    return str(found.pop()) if len(found) == 1 else None


def _protocol(study: Path) -> dict[str, Any]:
    try:
        record = json.loads(study.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(str(study), f"cannot be read ({error})", "a study made by robustrad sweep") from error
    protocol = record.get("protocol", {}) if isinstance(record, dict) else None
    if not isinstance(protocol, dict):
        raise DataError(str(study), "not the record of a study", "a study made by robustrad sweep")
    return protocol
