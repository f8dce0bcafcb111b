"""Rows of the drift table: one level of one factor, its draws together, the same patients on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from robustrad.drift.evaluate.inputs import Cohort, Flags, Floats, Ints
from robustrad.stability.observations import REFERENCE
from robustrad.stability.status import MAX_DROPPED, MIN_SUBJECTS

CONTROL = "control"
KEY_COLUMNS = ("condition", "factor", "level", "role", "severity", "sign", "draws")


@dataclass(frozen=True)
class Level:
    """One level and the subjects it can be compared on.

    Attributes
    ----------
    key : dict
        Values of :data:`KEY_COLUMNS`.
    columns : ndarray of int, shape (d,)
        Conditions (its draws).
    present : ndarray of bool, shape (n,)
        Subjects with a score at the reference and at every draw.
    dropped : int
        Subjects with a score at the reference that miss one here.
    patients : int
        Patients of the subjects compared.
    """

    key: dict[str, object]
    columns: Ints
    present: Flags
    dropped: int
    patients: int

    @property
    def n(self) -> int:
        """Subjects compared."""
        return int(self.present.sum())

    @property
    def is_reference(self) -> bool:
        """Whether this is the unperturbed condition."""
        return self.key["factor"] == REFERENCE

    @property
    def in_family(self) -> bool:
        """Whether it counts among the comparisons of an arm: neither the reference nor a control."""
        return not self.is_reference and self.key["role"] != CONTROL

    @property
    def enough(self) -> bool:
        """Whether at least 5 patients are left and at most 20 % of the subjects were dropped."""
        return self.patients >= MIN_SUBJECTS and self.dropped <= MAX_DROPPED * (self.n + self.dropped)


def levels_of(cohort: Cohort, scores: Floats) -> list[Level]:
    """Return the levels in the order of the conditions, reference first, without those that have no score.

    Parameters
    ----------
    cohort : Cohort
    scores : ndarray of shape (n, k)
        NaN where a subject has no score.
    """
    known = np.isfinite(scores)
    table = cohort.conditions.reset_index(drop=True)
    levels = []
    for _, rows in table.groupby(["factor", "level"], sort=False, dropna=False):
        columns = rows.index.to_numpy(dtype=np.intp)
        if not known[:, columns].any():
            continue  # the arm is not tested here
        present = known[:, 0] & known[:, columns].all(axis=1)
        dropped = int(known[:, 0].sum() - present.sum())
        patients = int(np.unique(cohort.groups[present]).size)
        levels.append(Level(_key(rows), columns, present, dropped, patients))
    return levels


def _key(rows: pd.DataFrame) -> dict[str, object]:
    first = rows.iloc[0]
    name = str(first["condition"])
    # noise=mild/3 is a draw; together the draws are noise=mild.
    shared = name if len(rows) == 1 else f"{first['factor']}={first['level']}"
    return {
        "condition": shared,
        "factor": first["factor"],
        "level": first["level"],
        "role": first["role"],
        "severity": first["severity"],
        "sign": first["sign"],
        "draws": len(rows),
    }
