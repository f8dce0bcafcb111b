"""The result of one condition of one case, and its way into and out of a part file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

OK, SKIPPED, FAILED = "ok", "skipped", "failed"

SCHEMA = pa.schema(
    [
        ("case_id", pa.string()),
        ("condition", pa.string()),
        ("fingerprint", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("feature", pa.string()),
        ("value", pa.float64()),
        ("text", pa.string()),
    ]
)


@dataclass(frozen=True)
class ConditionResult:
    """What came of one condition.

    Attributes
    ----------
    condition, fingerprint : str
        Name and identity of the condition.
    status : str
        ``ok``, ``skipped`` (it does not apply to this case) or ``failed``.
    reason : str
        Why it was skipped or failed; empty if ok.
    features : mapping of str to float
        Features by PyRadiomics' names, in parameter-file order; NaN where not defined.
    strength : mapping of str to float or str
        Measured strength, names starting with ``strength_``.
    trace : str
        Traceback of a failure.
    """

    condition: str
    fingerprint: str
    status: str
    reason: str = ""
    features: Mapping[str, float] = field(default_factory=dict)
    strength: Mapping[str, float | str] = field(default_factory=dict)
    trace: str = ""


def to_table(case_id: str, results: Iterable[ConditionResult]) -> pa.Table:
    """Return the long table of a part: per condition one row of status, then strength, then features."""
    rows: list[tuple[str, str, str, str, str, str | None, float | None, str | None]] = []
    for result in results:
        head = (case_id, result.condition, result.fingerprint, result.status, result.reason)
        rows.append((*head, None, None, None))
        for name, value in result.strength.items():
            text = value if isinstance(value, str) else None
            rows.append((*head, name, None if isinstance(value, str) else float(value), text))
        rows.extend((*head, name, float(value), None) for name, value in result.features.items())
    arrays = [pa.array([row[place] for row in rows], type=kind) for place, kind in enumerate(SCHEMA.types)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def from_table(table: pa.Table) -> dict[str, ConditionResult]:
    """Return the results of a part by fingerprint."""
    found: dict[str, ConditionResult] = {}
    columns = [table.column(name).to_pylist() for name in SCHEMA.names]
    for _, condition, identity, status, reason, name, value, text in zip(*columns, strict=True):
        if name is None:
            found[identity] = ConditionResult(condition, identity, status, reason, {}, {})
        elif name.startswith("strength_"):
            found[identity].strength[name] = text if text is not None else value  # type: ignore[index]  # ours
        else:
            found[identity].features[name] = value  # type: ignore[index]  # a dict that we made above
    return found
