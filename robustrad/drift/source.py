"""What a drift run can start from: study folders, or feature tables with conditions, a batch, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from robustrad.core.errors import DataError, nearest
from robustrad.drift.data import reference_conditions
from robustrad.drift.question import Question
from robustrad.harmonize.inputs import label_of
from robustrad.stability.files import read_table
from robustrad.stability.naming import is_radiomic
from robustrad.stability.observations import CONDITION_COLUMNS, REFERENCE, Observations, observe
from robustrad.stability.source import read_source

_STRUCTURED = frozenset({*CONDITION_COLUMNS, "status", "reason"})


@dataclass(frozen=True)
class Opened:
    """One source.

    Attributes
    ----------
    name : str
        For messages.
    observed : Observations
        Its features.
    subjects : DataFrame
        What is known of its cases, one row each, indexed by ``case_id``.
    """

    name: str
    observed: Observations
    subjects: pd.DataFrame

    @property
    def patients(self) -> list[str]:
        """Patient of each case, in the order of ``observed.cases``; the case itself by default."""
        if "patient" not in self.subjects.columns:
            return list(self.observed.cases)
        known = self.subjects["patient"].reindex(list(self.observed.cases))
        return [
            case if pd.isna(patient) else label_of(patient)
            for case, patient in zip(self.observed.cases, known, strict=True)
        ]


def open_source(source: object, question: Question) -> Opened:
    """Return a source as observations and a table of subjects.

    Parameters
    ----------
    source : path, study or DataFrame
        As :func:`robustrad.stability.source.read_source`; and a table of one row per case.
    question : Question
        Columns.

    Raises
    ------
    DataError
        If it cannot be read, has no reference, or a column is absent.
    """
    folder: Any = getattr(source, "folder", None)
    if isinstance(folder, Path):
        source = folder
    if isinstance(source, (str, Path)) and Path(source).is_dir():
        return _open_study(Path(source), question)
    if isinstance(source, (str, Path)):
        path = Path(source)
        text = (question.reading.case, question.reading.condition, *question.named)
        return _open_table(read_table(path, text), question, path.name)
    if isinstance(source, pd.DataFrame):
        return _open_table(source, question, "table")
    raise DataError("source", f"a {type(source).__name__}", "a study, a DataFrame or a path")


def _open_study(folder: Path, question: Question) -> Opened:
    if question.score is not None:
        raise DataError(
            str(folder), "--score with a study folder", "a table with a score per case and condition"
        )
    observed = _referenced(read_source(folder, question.reading), folder.name)
    cases = folder / "cases.csv"
    own = read_table(cases, ("case_id", *question.named)) if cases.is_file() else None
    return Opened(folder.name, observed, subjects_of(question, own, f"{folder.name}/cases.csv"))


def _open_table(frame: pd.DataFrame, question: Question, where: str) -> Opened:
    frame = frame.rename(columns={question.reading.case: "case_id", question.patient: "patient"})
    if "case_id" not in frame.columns:
        todo = nearest(question.reading.case, [str(name) for name in frame.columns[:60]])
        raise DataError(where, f"no column {question.reading.case!r}", "a column of cases (--case)", todo)
    frame = frame.assign(case_id=_labels(frame["case_id"], where))
    reading = replace(question.reading, case="case_id", features=_features(frame, question, where))
    if {"factor", "level"} <= set(frame.columns) or reading.condition in frame.columns:
        observed = _referenced(read_source(frame, reading), where)
    else:
        observed = _one_row_each(frame, reading.features or (), where)
    return Opened(where, observed, subjects_of(question, _constant_columns(frame), where))


def subjects_of(question: Question, own: pd.DataFrame | None, where: str) -> pd.DataFrame:
    """Return what is known of the cases, indexed by ``case_id``: ``question.cases``, else the source's own.

    Raises
    ------
    DataError
        If a case has two rows, or the table has no ``case_id``.
    """
    table, name = own, where
    if question.cases is not None:
        given = question.cases
        frame = (
            given
            if isinstance(given, pd.DataFrame)
            else read_table(Path(given), ("case_id", question.reading.case, *question.named))
        )
        name = "cases" if isinstance(given, pd.DataFrame) else Path(given).name
        table = _joined_cases(frame, own, question, name)
    if table is None:
        raise DataError(where, "not there", "a table with the outcome", "Pass one with --cases FILE.")
    table = table.rename(columns={question.patient: "patient"})
    if "case_id" not in table.columns:
        raise DataError(name, "no column 'case_id'", "case_id, or patient, to join on")
    table = table.assign(case_id=_labels(table["case_id"], name))
    twice = table["case_id"].duplicated()
    if twice.any():
        raise DataError(
            name, f"two rows for case {table.loc[twice, 'case_id'].iloc[0]!r}", "one row per case"
        )
    indexed: pd.DataFrame = table.set_index("case_id")
    return indexed


def _joined_cases(
    frame: pd.DataFrame, own: pd.DataFrame | None, question: Question, where: str
) -> pd.DataFrame:
    """Return a table given beside the source; where it has no ``case_id`` it is joined on the patient."""
    frame = frame.rename(columns={question.patient: "patient"})
    case = "case_id" if "case_id" in frame.columns else question.reading.case
    if case in frame.columns:
        given = frame.rename(columns={case: "case_id"})
        if own is not None and "patient" in own.columns and "patient" not in given.columns:
            patients = dict(zip(own["case_id"].astype(str), own["patient"], strict=True))
            given = given.assign(patient=given["case_id"].astype(str).map(patients))
        return given
    if "patient" not in frame.columns or own is None or "patient" not in own.columns:
        raise DataError(where, "no column 'case_id'", "case_id, or patient where the source knows it")
    twice = frame["patient"].duplicated()
    if twice.any():
        raise DataError(where, f"two rows for patient {frame.loc[twice, 'patient'].iloc[0]!r}", "one each")
    known = frame.assign(patient=[label_of(value) for value in frame["patient"]])
    mine = own[["case_id", "patient"]].assign(patient=[label_of(value) for value in own["patient"]])
    return mine.merge(known, on="patient", how="inner")


def _features(frame: pd.DataFrame, question: Question, where: str) -> list[str]:
    """Return the feature columns of a table: PyRadiomics' names, else what is numeric and not asked for."""
    if question.score is not None:
        if question.score not in frame.columns:
            todo = nearest(question.score, [str(name) for name in frame.columns[:60]])
            raise DataError(where, f"no column {question.score!r}", "the scores", todo)
        return [question.score]
    if question.reading.features is not None:
        return list(question.reading.features)
    radiomic = [str(name) for name in frame.columns if is_radiomic(str(name))]
    if radiomic:
        return radiomic
    kept_out = {*_STRUCTURED, *question.named, "case_id", "patient", question.volume}
    kept_out |= {question.reading.condition}
    numeric = frame.select_dtypes("number").columns
    found = [
        str(name)
        for name in numeric
        if name not in kept_out and not str(name).startswith(("strength_", "diagnostics_"))
    ]
    if not found:
        raise DataError(where, "no feature columns", "at least one numeric column")
    return found


def _one_row_each(frame: pd.DataFrame, features: Sequence[str], where: str) -> Observations:
    twice = frame["case_id"].duplicated()
    if twice.any():
        raise DataError(
            where,
            f"case {frame.loc[twice, 'case_id'].iloc[0]!r} has several rows and there is no condition column",
            "one row per case, or a column that tells its rows apart",
            "Name it with --condition.",
        )
    rows = frame[["case_id", *features]].copy().assign(condition=REFERENCE)  # copied: in one block
    return observe(rows, reference_conditions(), where=where, features=features)


def _referenced(observed: Observations, where: str) -> Observations:
    if observed.reference is None:
        raise DataError(where, "no reference condition", "one: drift is measured against it")
    return observed


def _constant_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per case with the columns that say one thing of each case."""
    by_case = frame.groupby("case_id", sort=False)
    if len(frame) == by_case.ngroups:
        return frame.reset_index(drop=True)
    distinct = by_case.nunique(dropna=False)
    constant = [name for name in distinct.columns if (distinct[name] == 1).all()]
    return by_case[constant].first().reset_index() if constant else frame[["case_id"]].drop_duplicates()


def _labels(column: pd.Series, where: str) -> list[str]:
    empty = column.isna().to_numpy() | (column.astype(str).str.strip() == "").to_numpy()
    if empty.any():
        raise DataError(f"{where} row {int(np.argmax(empty)) + 2}", "no case", "a case in every row")
    return [label_of(value) for value in column]
