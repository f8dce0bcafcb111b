"""Merging the parts into features.parquet: one row per case and condition, in plan order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from robustrad.sweep.merged import told
from robustrad.sweep.plan import Plan, Unit
from robustrad.sweep.store import Part, Store
from robustrad.sweep.study import FEATURES, Study

IDENTITY = ("case_id", "condition", "factor", "level", "severity", "sign", "draw", "status", "reason")


def merge(plan: Plan, store: Store) -> Study:
    """Write ``features.parquet`` from the parts of ``plan``, which must all be there; return the study."""
    wide = _Wide(len(plan.cases) * len(plan.conditions))
    rows: dict[Part, list[tuple[int, str]]] = {}
    units: list[Unit] = [
        (case.case_id, case.content, condition.fingerprint)
        for case in plan.cases
        for condition in plan.conditions
    ]
    for row, unit in enumerate(units):
        rows.setdefault(plan.done[unit], []).append((row, unit[2]))
    for part, wanted in rows.items():
        wide.fill(pq.read_table(part.path), wanted)
    store.write_table(FEATURES, wide.table(_identity(plan)).replace_schema_metadata(told(plan)))
    ok, skipped, failed = (wide.status.count(status) for status in ("ok", "skipped", "failed"))
    return Study(store.folder, ok, skipped, failed)


def _identity(plan: Plan) -> dict[str, pa.Array]:
    each = plan.conditions * len(plan.cases)
    names = [case.case_id for case in plan.cases for _ in plan.conditions]
    return {
        "case_id": pa.array(names, pa.string()),
        "condition": pa.array([c.name for c in each], pa.string()),
        "factor": pa.array([c.factor for c in each], pa.string()),
        "level": pa.array([c.level for c in each], pa.string()),
        "severity": pa.array([c.severity for c in each], pa.float64()),
        "sign": pa.array([c.sign for c in each], pa.int64()),
        "draw": pa.array([c.draw for c in each], pa.int64()),
    }


@dataclass
class _Wide:
    """Columns under construction; a column is made when its name is first seen."""

    n: int
    status: list[str] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)
    numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    texts: dict[str, list[str | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.status = [""] * self.n
        self.reason = [""] * self.n

    def fill(self, part: pa.Table, wanted: Iterable[tuple[int, str]]) -> None:
        """Copy the conditions ``wanted`` (row, fingerprint) of one part."""
        targets: dict[str, list[int]] = {}
        for row, identity in wanted:
            targets.setdefault(identity, []).append(row)
        names = ("fingerprint", "status", "reason", "feature", "value", "text")
        columns = [part.column(name).to_pylist() for name in names]
        for identity, status, reason, feature, value, text in zip(*columns, strict=True):
            for row in targets.get(identity, ()):
                if feature is None:
                    self.status[row], self.reason[row] = status, reason
                elif text is not None:
                    self.texts.setdefault(feature, [None] * self.n)[row] = text
                else:
                    self._numbers(feature)[row] = np.nan if value is None else value

    def table(self, identity: dict[str, pa.Array]) -> pa.Table:
        """Return identity, status, strength, then features."""
        columns = {
            **identity,
            "status": pa.array(self.status, pa.string()),
            "reason": pa.array(self.reason, pa.string()),
        }
        strength = sorted(name for name in (*self.numbers, *self.texts) if name.startswith("strength_"))
        features = [name for name in self.numbers if not name.startswith("strength_")]
        for name in (*strength, *features):
            columns[name] = (
                pa.array(self.texts[name], pa.string())
                if name in self.texts
                else pa.array(self.numbers[name], pa.float64())
            )
        return pa.table(columns)

    def _numbers(self, name: str) -> NDArray[np.float64]:
        if name not in self.numbers:
            self.numbers[name] = np.full(self.n, np.nan)
        return self.numbers[name]
