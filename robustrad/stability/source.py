"""What a stability analysis can start from: a study, its folder, or a feature table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.core.errors import DataError, nearest
from robustrad.stability.columns import split_columns
from robustrad.stability.files import StudyTables, read_study, read_table, roles_of
from robustrad.stability.modalities import refuse_modalities
from robustrad.stability.observations import CONDITION_COLUMNS, REFERENCE, Observations, assign_roles, observe
from robustrad.stability.shared_patients import PATIENT, patients_of

_KEYS = ("case_id", "factor", "level", "condition")
_DEFAULTS = {"severity": float("nan"), "sign": float("nan"), "draw": 0, "role": None}
_NOT_FEATURES = frozenset({*_KEYS, *_DEFAULTS, "status", "reason", PATIENT})


@dataclass(frozen=True)
class Reading:
    """How to read a source.

    Attributes
    ----------
    case, condition : str
        Columns of a plain feature table.
    reference : str, optional
        Its reference condition.
    exchangeable : bool
        Its conditions are repeats of one thing (test-retest), none of them the reference.
    roles : mapping of factor to role
        Over the study's own.
    features : sequence of str, optional
        Columns to use. Default for a table: those with PyRadiomics names (or ``engine:name``) or, if there is
        none, the numeric ones that vary within cases.
    modality : str, optional
        ``PT``, ``CT`` or ``MR``; default the study's.
    """

    case: str = "case_id"
    condition: str = "condition"
    reference: str | None = None
    exchangeable: bool = False
    roles: Mapping[str, str] = field(default_factory=dict)
    features: Sequence[str] | None = None
    modality: str | None = None


def read_source(source: object, reading: Reading, *, where: str = "table") -> Observations:
    """Return ``source`` as cases x conditions x features.

    Parameters
    ----------
    source : path, study or DataFrame
        A study folder; a CSV, TSV or Parquet table; an object with a DataFrame ``features`` (and, if it has
        them, ``conditions`` and ``folder``); or a table in memory. A table with the columns ``factor`` and
        ``level`` is read like a study's ``features.parquet`` (without ``condition`` they name it, with
        ``draw`` where a level has several); one without them is plain: cases and conditions.
    reading : Reading
        Names of columns, and what the source does not say of itself.
    where : str
        Name of a table in memory, for messages.

    Raises
    ------
    DataError
        If there is no such source, a column is missing, or what the conditions are is not clear.
    """
    if isinstance(source, pd.DataFrame):
        return _from_frame(source, reading, where)
    if isinstance(source, (str, Path)):
        path = Path(source)
        if path.is_dir():
            return _structured(read_study(path), reading)
        return _from_frame(read_table(path, (reading.case, reading.condition)), reading, path.name)
    folder: Any = getattr(source, "folder", None)
    if isinstance(folder, Path) and (folder / "features.parquet").is_file():
        return _structured(read_study(folder), reading)
    features: Any = getattr(source, "features", None)
    if not isinstance(features, pd.DataFrame):
        raise DataError("source", f"a {type(source).__name__}", "a study, a DataFrame or a path")
    conditions: Any = getattr(source, "conditions", None)
    roles = roles_of(conditions) if isinstance(conditions, pd.DataFrame) else {}
    return _structured(StudyTables("study", features, roles), reading)


def _from_frame(frame: pd.DataFrame, reading: Reading, where: str) -> Observations:
    refuse_modalities(frame, where, condition=reading.condition)
    if {"factor", "level"} <= set(frame.columns):
        return _structured(StudyTables(where, frame), reading, foreign=True)
    return _plain(frame, reading, where)


def _structured(study: StudyTables, reading: Reading, *, foreign: bool = False) -> Observations:
    """Return a study's table, or a ``foreign`` one that may hold more than features."""
    frame, where = study.features, study.name
    if reading.reference is not None or reading.exchangeable:
        raise DataError(
            where,
            "reference or exchangeable given for a table with the columns factor and level",
            "neither: its conditions say what they are",
            "Leave them out, or drop those columns to read the table as a plain one.",
        )
    frame = _named(frame.rename(columns={reading.case: "case_id", reading.condition: "condition"}))
    _require(frame, _KEYS, where)
    frame = _text(frame, _KEYS, where)
    present = [name for name in CONDITION_COLUMNS if name in frame.columns]
    conditions = frame[present].drop_duplicates()
    several = conditions["condition"].duplicated()
    if several.any():
        name = conditions.loc[several, "condition"].iloc[0]
        raise DataError(where, f"condition {name!r} stands for several factors, levels or draws", "one")
    conditions = conditions.assign(
        **{name: value for name, value in _DEFAULTS.items() if name not in present}
    )
    conditions = _numbered(conditions, where)
    known = conditions["condition"].map(study.roles)
    conditions["role"] = known.where(known.notna(), conditions["role"])
    _one_reference(conditions, where)
    strength = [name for name in frame.columns if str(name).startswith(("strength_", "diagnostics_"))]
    left = frame.drop(columns=[*strength, *(_NOT_FEATURES & set(frame.columns))])
    split = split_columns(left, frame["case_id"]) if foreign and reading.features is None else None
    found = observe(
        frame,
        assign_roles(conditions, reading.roles, where),
        where=where,
        features=_features(left[list(split.features)] if split else left, reading, where),
        patients=study.patients or patients_of(frame, "case_id", where),
        modality=reading.modality or study.modality,
    )
    return replace(found, not_used=split.not_used) if split else found


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame`` with a column ``condition``; where it has none, factor, level and draw name it."""
    if "condition" in frame.columns or not {"factor", "level"} <= set(frame.columns):
        return frame
    factor, level = frame["factor"].astype(str), frame["level"].astype(str)
    name = factor + "=" + level
    if "draw" in frame.columns:
        numbers = pd.to_numeric(frame["draw"], errors="coerce").fillna(0)
        several = numbers.groupby([factor, level]).transform("nunique") > 1
        name = name.where(~several, name + "/" + frame["draw"].astype(str))
    return frame.assign(condition=name.mask(factor == REFERENCE, REFERENCE))


def _numbered(conditions: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return ``conditions`` with severity, sign and draw as numbers; a missing draw is 0.

    Raises
    ------
    DataError
        If one is no number, a severity is below 0, or a sign neither -1 nor 1 (nor 0: none).
    """
    for name in ("severity", "sign", "draw"):
        try:
            numbers = pd.to_numeric(conditions[name]).astype(float)
        except (TypeError, ValueError) as error:
            raise DataError(f"{where} column {name}", str(error), "numbers or empty fields") from error
        conditions = conditions.assign(**{name: numbers.fillna(0) if name == "draw" else numbers})
    below = conditions.loc[conditions["severity"] < 0]
    if len(below):
        found = f"{below['severity'].iloc[0]:g} of {below['condition'].iloc[0]!r}"
        todo = "Direction stands in the column sign: -1 or 1."
        raise DataError(f"{where} column severity", found, "0 or more, or an empty field", todo)
    unsigned = conditions.loc[~conditions["sign"].isin([-1, 0, 1]) & conditions["sign"].notna()]
    if len(unsigned):
        found = f"{unsigned['sign'].iloc[0]:g} of {unsigned['condition'].iloc[0]!r}"
        raise DataError(f"{where} column sign", found, "-1, 1, or an empty field")
    return conditions


def _plain(frame: pd.DataFrame, reading: Reading, where: str) -> Observations:
    _require(frame, (reading.case, reading.condition), where)
    frame = _text(frame, (reading.case, reading.condition), where)
    names = sorted(frame[reading.condition].unique())
    reference = _reference_of(names, reading, where)
    if frame.groupby(reading.case)[reading.condition].nunique().max() < 2:
        raise DataError(
            where,
            f"each {reading.case} occurs under one {reading.condition} only",
            "the same cases under several conditions",
            "Stability compares a case with itself; batches of different cases are for robustrad drift.",
        )
    conditions = pd.DataFrame({"condition": names, "factor": reading.condition, "level": names, **_DEFAULTS})
    conditions.loc[conditions["condition"] == reference, ["factor", "level"]] = REFERENCE
    patients = patients_of(frame, reading.case, where)
    left = frame.drop(columns=[reading.case, reading.condition, *([] if patients is None else [PATIENT])])
    split = split_columns(left, frame[reading.case]) if reading.features is None else None
    features = _features(left[list(split.features)] if split else left, reading, where)
    renamed = frame[[reading.case, reading.condition, *features]]
    renamed = renamed.set_axis(["case_id", "condition", *features], axis=1)
    found = observe(
        renamed,
        assign_roles(conditions, reading.roles, where),
        where=where,
        features=features,
        patients=patients,
        modality=reading.modality,
        exchangeable=reading.exchangeable,
    )
    return replace(found, not_used=split.not_used) if split else found


def _reference_of(names: list[str], reading: Reading, where: str) -> str | None:
    """Return the reference condition of a plain table, None for exchangeable conditions."""
    if reading.exchangeable:
        if reading.reference is not None:
            raise DataError(where, "both a reference and exchangeable conditions", "one of the two")
        return None
    reference = reading.reference or (REFERENCE if REFERENCE in names else None)
    if reference is None:
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise DataError(
            where,
            f"conditions {shown}, none of them said to be the reference",
            "a reference, or exchangeable conditions",
            "Pass reference=NAME (--reference) to measure agreement with it, or exchangeable=True "
            "(--exchangeable) for repeats of one thing, such as test and retest.",
        )
    if reference not in names:
        raise DataError(
            where, f"no condition {reference!r}", "the reference among them", nearest(reference, names)
        )
    return reference


def _one_reference(conditions: pd.DataFrame, where: str) -> None:
    references = conditions.loc[conditions["factor"] == REFERENCE, "condition"]
    if len(references) > 1:
        raise DataError(where, f"{len(references)} reference conditions ({', '.join(references[:5])})", "one")


def _features(frame: pd.DataFrame, reading: Reading, where: str) -> list[str]:
    """Return the feature columns: those asked for, else all of ``frame``."""
    columns = [str(name) for name in frame.columns]
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise DataError(where, f"two columns {twice!r}", "each feature once")
    for name in reading.features or ():
        if name not in columns:
            raise DataError(where, f"no feature {name!r}", "", nearest(name, columns))
    chosen = list(reading.features) if reading.features is not None else columns
    if not chosen:
        raise DataError(where, "no feature columns", "at least one numeric column")
    return chosen


def _require(frame: pd.DataFrame, columns: tuple[str, ...], where: str) -> None:
    for name in columns:
        if name not in frame.columns:
            todo = nearest(name, [str(column) for column in frame.columns[:60]])
            raise DataError(where, f"no column {name!r}", "cases and conditions", todo)
    if frame.empty:
        raise DataError(where, "no rows", "a row per case and condition")


def _text(frame: pd.DataFrame, columns: tuple[str, ...], where: str) -> pd.DataFrame:
    for name in columns:
        empty = frame[name].isna()
        if empty.any():
            row = int(empty.to_numpy().argmax()) + 2
            raise DataError(f"{where} row {row}", f"no {name}", "a value in every row")
    return frame.assign(**{name: frame[name].astype(str) for name in columns})
