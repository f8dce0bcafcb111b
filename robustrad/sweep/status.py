"""What a study folder holds: units done, skipped, failed and missing, without opening an image."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from robustrad.core.errors import StudyError
from robustrad.sweep.merged import read_merged
from robustrad.sweep.rows import FAILED, SKIPPED
from robustrad.sweep.store import Store
from robustrad.sweep.study import CASES, CONDITIONS, FEATURES, RESUME, STUDY


@dataclass(frozen=True)
class Trouble:
    """A unit that has no features, and why."""

    case_id: str
    condition: str
    status: str
    reason: str


@dataclass(frozen=True)
class Status:
    """Counts over case x condition units.

    Attributes
    ----------
    cases, conditions, units : int
        What the study wants.
    counts : dict of str to int
        Units by status (``ok``, ``skipped``, ``failed``, ``missing``).
    merged : bool
        Whether features.parquet is there.
    troubles : tuple of Trouble
        Skipped and failed units.
    rows : int
        Units of the study that features.parquet holds.
    older : tuple of str
        Cases whose files changed since features.parquet was written: parts of the new files are there.
    resume : str
        The command that made the study and goes on with it; empty where it was made from Python.
    """

    cases: int
    conditions: int
    units: int
    counts: dict[str, int]
    merged: bool
    troubles: tuple[Trouble, ...]
    rows: int = 0
    older: tuple[str, ...] = ()
    resume: str = ""


def study_status(folder: Path) -> Status:
    """Return what ``folder`` holds.

    Raises
    ------
    StudyError
        If it is no study.
    """
    store = Store(folder)
    store.read_json(STUDY)
    cases = [row["case_id"].strip() for row in _rows(folder / CASES)]
    conditions = [row["condition"] for row in _rows(folder / CONDITIONS)]
    names = {row["fingerprint"]: row["condition"] for row in _rows(folder / CONDITIONS)}
    wanted = set(cases)
    found: dict[tuple[str, str], tuple[str, str]] = {}
    contents: dict[str, str] = {}
    for part in sorted(store.index(), key=lambda part: part.path.stat().st_mtime):
        contents[part.case_id] = part.content
        for identity, result in store.read_part(part).items():
            if identity in names and part.case_id in wanted:
                found[part.case_id, names[identity]] = (result.status, result.reason)
    units = [(case, condition) for case in cases for condition in conditions]
    counts = Counter(found[unit][0] if unit in found else "missing" for unit in units)
    troubles = tuple(
        Trouble(*unit, *found[unit]) for unit in units if found.get(unit, ("",))[0] in (SKIPPED, FAILED)
    )
    there = (folder / FEATURES).is_file()
    merged = read_merged(folder)
    rows = len(merged.units & set(units)) if merged else 0
    older = [
        case
        for case in cases
        if merged and contents.get(case) != merged.contents.get(case, contents.get(case))
    ]
    return Status(
        len(cases),
        len(conditions),
        len(units),
        dict(counts),
        there,
        troubles,
        rows,
        tuple(older),
        _resume(folder),
    )


def _resume(folder: Path) -> str:
    try:
        return (folder / RESUME).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except OSError as error:
        raise StudyError(
            str(path), f"cannot be read ({error.strerror})", "a study made by robustrad sweep"
        ) from error
