"""One shape for everything stability reads: cases x conditions x features, and what each condition is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.core.errors import DataError, nearest
from robustrad.stability.anova import Floats
from robustrad.stability.strength import STRENGTH, strength_columns

REFERENCE = "reference"
CHAINS = ("chains", "chain")
ROLES = ("acquisition", "delineation", "definition", "control")
CONDITION_COLUMNS = ("condition", "factor", "level", "role", "severity", "sign", "draw")


@dataclass(frozen=True)
class Observations:
    """Values of all cases under all conditions.

    Attributes
    ----------
    values : ndarray of shape (n_cases, m_conditions, p_features)
        NaN where an extraction was skipped, failed or is not defined.
    cases : tuple of str
        In sorted order, so that no result depends on the order of rows.
    patients : ndarray of int, shape (n_cases,)
        Patient 0 .. of each case; the bootstrap resamples patients.
    conditions : DataFrame
        A row per condition with :data:`CONDITION_COLUMNS`; the reference has factor ``reference``. Ordered
        by role, factor, signed severity, level name (numbers in it by value) and draw.
    features : tuple of str
        In the order of the table's columns.
    modality : str or None
        ``PT``, ``CT``, ``MR`` where known.
    exchangeable : bool
        The conditions are repeats of one thing, without a reference.
    strength : ndarray of shape (n_cases, m_conditions, len(STRENGTH)) or None
        Measured strength; None of a table without.
    not_used : tuple of str
        What to say of the columns of a feature table that were not taken as features.
    """

    values: Floats
    cases: tuple[str, ...]
    patients: NDArray[np.intp]
    conditions: pd.DataFrame
    features: tuple[str, ...]
    modality: str | None = None
    exchangeable: bool = False
    strength: Floats | None = None
    not_used: tuple[str, ...] = ()

    @property
    def reference(self) -> Floats | None:
        """Values at the reference, shape (n_cases, p_features); None without a reference."""
        rows = np.flatnonzero(self.conditions["factor"] == REFERENCE)
        return self.values[:, rows[0]] if rows.size else None

    @property
    def baseline(self) -> Floats:
        """Reference values or, without a reference, each case's mean over the conditions."""
        reference = self.reference
        if reference is not None:
            return reference
        finite = np.isfinite(self.values)
        count = finite.sum(axis=1)
        total = np.where(finite, self.values, 0.0).sum(axis=1)
        return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def observe(
    frame: pd.DataFrame,
    conditions: pd.DataFrame,
    *,
    where: str,
    features: Sequence[str],
    patients: Mapping[str, str] | None = None,
    modality: str | None = None,
    exchangeable: bool = False,
) -> Observations:
    """Arrange a long table.

    Parameters
    ----------
    frame : DataFrame
        Columns ``case_id``, ``condition``, the features, and optionally ``status``: values of rows whose
        status is not ``ok`` are not used.
    conditions : DataFrame
        Its conditions, with :data:`CONDITION_COLUMNS`.
    where : str
        Name of the table for messages.
    features : sequence of str
        Columns to use.
    patients : mapping of case_id to patient, optional
        Default: each case is a patient.
    modality, exchangeable
        See :class:`Observations`.

    Raises
    ------
    DataError
        If a case has two rows for one condition, or a feature column is not numeric.
    """
    _refuse_duplicates(frame, where)
    numbers = _numeric(frame, features, where)
    strength = strength_columns(frame)
    if "status" in frame.columns:
        strength[(frame["status"] != "ok").to_numpy()] = np.nan
        numbers[(frame["status"] != "ok").to_numpy()] = np.nan
    ordered = _sorted(conditions)
    cases = sorted(frame["case_id"].unique())
    row = pd.Index(cases).get_indexer(pd.Index(frame["case_id"]))
    column = pd.Index(ordered["condition"]).get_indexer(pd.Index(frame["condition"]))
    values = np.full((len(cases), len(ordered), len(features)), np.nan)
    values[row, column] = numbers
    measured = np.full((len(cases), len(ordered), len(STRENGTH)), np.nan)
    measured[row, column] = strength
    belongs = [patients.get(case, case) if patients else case for case in cases]
    _, group = np.unique(np.asarray(belongs, dtype=object), return_inverse=True)
    return Observations(
        values,
        tuple(cases),
        group,
        ordered,
        tuple(features),
        modality=modality,
        exchangeable=exchangeable,
        strength=measured if np.isfinite(measured).any() else None,
    )


def assign_roles(conditions: pd.DataFrame, roles: Mapping[str, str] | None, where: str) -> pd.DataFrame:
    """Return ``conditions`` with the roles of ``roles`` (factor to role) over its own.

    Raises
    ------
    DataError
        If a factor or a role is unknown.
    """
    factors = set(conditions["factor"]) - {REFERENCE}
    for factor, role in (roles or {}).items():
        if factor not in factors:
            raise DataError("roles", f"{factor!r} is no factor of {where}", "", nearest(factor, factors))
        if role not in ROLES:
            raise DataError(f"roles[{factor!r}]", f"{role!r}", f"one of {', '.join(ROLES)}")
    chosen = conditions["factor"].map(dict(roles or {}))
    found = conditions.assign(role=chosen.where(chosen.notna(), conditions["role"]))
    known = found["role"].isna() | found["role"].isin(["", *ROLES]) | (found["factor"] == REFERENCE)
    if not known.all():
        word = str(found.loc[~known, "role"].iloc[0])
        raise DataError(f"{where} column role", f"{word!r}", "", nearest(word, ROLES))
    return found


def _refuse_duplicates(frame: pd.DataFrame, where: str) -> None:
    twice = frame.duplicated(["case_id", "condition"])
    if twice.any():
        first = frame[twice].iloc[0]
        raise DataError(
            where,
            f"case {first['case_id']!r} has more than one row for condition {first['condition']!r} "
            f"({int(twice.sum())} such rows)",
            "one row per case and condition",
            "Give each repeat a condition of its own.",
        )


def _numeric(frame: pd.DataFrame, features: Sequence[str], where: str) -> Floats:
    text = [name for name in features if not pd.api.types.is_numeric_dtype(frame[name])]
    if text:
        example = frame[text[0]].dropna().iloc[0] if frame[text[0]].notna().any() else "nothing"
        raise DataError(
            where, f"column {text[0]!r} holds {example!r}", "numbers", "Mend or leave out the column."
        )
    numbers = frame[list(features)].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _sorted(conditions: pd.DataFrame) -> pd.DataFrame:
    table = conditions.loc[:, list(CONDITION_COLUMNS)].reset_index(drop=True)
    keys = zip(
        (table["factor"] != REFERENCE).tolist(),
        [ROLES.index(role) if role in ROLES else len(ROLES) for role in table["role"]],
        table["factor"].tolist(),
        table["severity"].isna().tolist(),
        (table["severity"] * table["sign"].fillna(1)).fillna(0).tolist(),
        [natural(level) for level in table["level"]],
        table["draw"].tolist(),
        [natural(name) for name in table["condition"]],
        range(len(table)),
        strict=True,
    )
    return table.iloc[[key[-1] for key in sorted(keys)]].reset_index(drop=True)


def natural(text: str) -> tuple[tuple[bool, float, str], ...]:
    """Return a key that sorts ``4mm`` before ``10mm``."""
    parts = re.split(r"(\d+(?:\.\d+)?)", text)
    return tuple((False, float(part), "") if i % 2 else (True, 0.0, part) for i, part in enumerate(parts))
