"""What the features.parquet of a folder holds, and what has become of its cases since."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from robustrad.cases.case import Case, Cases
from robustrad.sweep.plan import Plan, build_plan
from robustrad.sweep.store import Part
from robustrad.sweep.study import FEATURES
from robustrad.sweep.tasks import ABSENT, CaseRef

_META = b"robustrad"
_SHOWN = 5


class Merged(NamedTuple):
    """What features.parquet says of itself.

    Attributes
    ----------
    units : frozenset of (case_id, condition)
        Its rows.
    cases : tuple of str
        Its cases, in its order.
    contents : dict of str to str
        Hash of the files of each case; empty where the file was written before this was recorded.
    """

    units: frozenset[tuple[str, str]]
    cases: tuple[str, ...]
    contents: dict[str, str]


def told(plan: Plan) -> dict[bytes, bytes]:
    """Return the metadata that :func:`read_merged` reads back."""
    contents = {case.case_id: case.content for case in plan.cases}
    return {_META: json.dumps({"contents": contents}, ensure_ascii=False).encode()}


def read_merged(folder: Path) -> Merged | None:
    """Return what ``features.parquet`` of ``folder`` holds; None where it is not there or cannot be read."""
    path = folder / FEATURES
    if not path.is_file():
        return None
    try:
        table = pq.read_table(path, columns=["case_id", "condition"])
        about = json.loads((table.schema.metadata or {}).get(_META, b"{}"))
    except (OSError, ValueError, pa.ArrowException):
        return None
    if table.column_names != ["case_id", "condition"]:
        return None
    cases, conditions = (table.column(name).to_pylist() for name in ("case_id", "condition"))
    contents = about.get("contents", {})
    return Merged(frozenset(zip(cases, conditions, strict=True)), tuple(dict.fromkeys(cases)), contents)


def changed_note(plan: Plan, parts: Iterable[Part], merged: Merged | None) -> str:
    """Return a note on the cases of ``plan`` whose files are not those that were computed; empty if none."""
    before: dict[str, set[str]] = {}
    for part in parts:
        before.setdefault(part.case_id, set()).add(part.content)
    changed = []
    for case in plan.cases:
        merged_from = merged.contents.get(case.case_id) if merged else None
        known = {merged_from} if merged_from else before.get(case.case_id, set())
        known = known - {ABSENT}
        if known and case.content not in {*known, ABSENT}:
            changed.append(case.case_id)
    if not changed:
        return ""
    return (
        f"image, mask, label or modality of {some(changed)} changed since this folder was computed: they are "
        "computed again, and analyses made before are of the old files."
    )


def with_those_before(
    plan: Plan,
    table: Cases,
    parts: Iterable[Part],
    merged: Merged | None,
    *,
    ref: Callable[[Case], CaseRef],
) -> tuple[Plan, tuple[str, ...]]:
    """Return ``plan`` with the cases of the table that features.parquet holds beyond it, and what to tell.

    Parameters
    ----------
    plan : Plan
        Of a run that may be limited to the first cases of the table; nothing is missing in it.
    table : Cases
        The whole table.
    parts : iterable of Part
        What the folder holds.
    merged : Merged or None
        Its features.parquet.
    ref : callable
        Makes the reference of a case that ``plan`` does not hold.
    """
    held = set(merged.cases) if merged else set()
    planned = {case.case_id: case for case in plan.cases}
    names = [case.case_id for case in table]
    gone = [name for name in (merged.cases if merged else ()) if name not in set(names)]
    notes = (_gone(gone, table.source),) if gone else ()
    beyond = [name for name in names if name in held and name not in planned]
    if not beyond:
        return plan, notes
    kept = [planned.get(case.case_id) or ref(case) for case in table if case.case_id in held | set(planned)]
    larger = build_plan(kept, plan.conditions, parts)
    told = (
        f"features.parquet is left as it was: it holds {some(beyond)} beyond this run, of which not every "
        "unit is computed now. Run it without --limit."
        if larger.missing
        else f"features.parquet keeps {some(beyond)} beyond this run that it held before."
    )
    return larger, (*notes, told)


def _gone(gone: list[str], source: str) -> str:
    return (
        f"features.parquet held {some(gone)} that {source} does not list: left out now. "
        "Their parts are kept; a table that lists them brings them back."
    )


def some(names: list[str]) -> str:
    """Return how many cases, and the first of them."""
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return f"{len(names)} case{'s' * (len(names) > 1)} ({shown})"
