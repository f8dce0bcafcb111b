"""What a drift run can start from: study folders, or feature tables with conditions, a batch, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from robustrad.core.errors import DataError, Problem, nearest
from robustrad.drift.columns import choose_columns
from robustrad.drift.data import reference_conditions
from robustrad.drift.labels import labels_of, spelled_as
from robustrad.drift.question import Question
from robustrad.drift.volume import Volume, find_volume, volume_names
from robustrad.harmonize.inputs import label_of
from robustrad.stability.files import read_table
from robustrad.stability.observations import REFERENCE, Observations, observe
from robustrad.stability.source import Reading, read_source


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
    told_by : str
        The table that says so, for messages.
    volume : Volume or None
        Of its cases, at the reference.
    left_out : tuple of str or None
        Columns of a table without PyRadiomics' names that were not taken for features; None of any other.
    unused : tuple of str
        Numeric columns of a table with PyRadiomics' names that have none themselves, and are asked for by
        nothing.
    """

    name: str
    observed: Observations
    subjects: pd.DataFrame
    told_by: str
    volume: Volume | None = None
    left_out: tuple[str, ...] | None = None
    unused: tuple[str, ...] = ()

    @property
    def patients(self) -> list[str]:
        """Patient of each case, in the order of ``observed.cases``; the case itself by default."""
        if "patient" not in self.subjects.columns:
            return list(self.observed.cases)
        known = labels_of(self.subjects["patient"].reindex(list(self.observed.cases)))
        return [
            case if patient is None else patient
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
    subjects, told_by = subjects_of(question, own, f"{folder.name}/cases.csv", observed.cases)
    volume = find_volume(observed, subjects, question.volume, told_by)
    return Opened(folder.name, observed, subjects, told_by, volume)


def _open_table(frame: pd.DataFrame, question: Question, where: str) -> Opened:
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)  # numbers, in a frame of arrays
    frame = frame.rename(columns={question.reading.case: "case_id", question.patient: "patient"})
    if "case_id" not in frame.columns:
        todo = nearest(question.reading.case, [str(name) for name in frame.columns[:60]])
        raise DataError(where, f"no column {question.reading.case!r}", "a column of cases (--case)", todo)
    if frame.empty:
        raise DataError(where, "no rows", "a row per case and condition")
    if frame.columns.has_duplicates:
        twin = str(frame.columns[frame.columns.duplicated()][0])
        raise DataError(where, f"two columns named {twin!r}", "one of each name")
    condition = question.reading.condition
    if condition not in {Reading.condition, *frame.columns}:
        todo = nearest(condition, [str(name) for name in frame.columns[:60]])
        raise DataError(where, f"no column {condition!r}", "the column of the conditions", todo)
    frame = frame.assign(case_id=_labels(frame["case_id"], where))
    columns = choose_columns(frame, question, where)
    beside = [name for name in volume_names(question.volume) if name in frame.columns][:1]
    beside = [name for name in beside if name not in columns.features]
    reading = replace(question.reading, case="case_id", features=[*columns.features, *beside])
    if {"factor", "level"} <= set(frame.columns) or reading.condition in frame.columns:
        observed = _referenced(read_source(frame, reading, where=where), where)
    else:
        observed = _one_row_each(frame, reading.features or (), where)
    if observed.modality is None:
        observed = replace(observed, modality=_modality(frame))
    asked = ("patient",) if question.cases is not None else ("patient", *question.named)
    own = _constant_columns(frame, asked, where)
    subjects, told_by = subjects_of(question, own, where, observed.cases)
    volume = find_volume(observed, subjects, question.volume, told_by)
    observed = _first(observed, len(columns.features))
    return Opened(where, observed, subjects, told_by, volume, columns.left_out, columns.unused)


def _modality(frame: pd.DataFrame) -> str | None:
    """Return what the column ``modality`` says of all rows; None without one, or where they differ."""
    known = set(labels_of(frame["modality"])) if "modality" in frame.columns else set()
    return known.pop() if len(known) == 1 else None


def _first(observed: Observations, p: int) -> Observations:
    """Return the first ``p`` features."""
    if p == len(observed.features):
        return observed
    return replace(observed, values=observed.values[:, :, :p], features=observed.features[:p])


def subjects_of(
    question: Question, own: pd.DataFrame | None, where: str, cases: Sequence[str]
) -> tuple[pd.DataFrame, str]:
    """Return what is known of the cases, and the name of the table that says it.

    Indexed by ``case_id``; from ``question.cases``, else the source's own table.

    Raises
    ------
    DataError
        If a case has two rows, or the table has no ``case_id``, or no case of the source.
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
        table = _joined_cases(frame, own, question, name, cases)
    if table is None:
        raise DataError(where, "not there", "a table with the outcome", "Pass one with --cases FILE.")
    table = table.rename(columns={question.patient: "patient"})
    if "case_id" not in table.columns:
        raise DataError(name, "no column 'case_id'", "case_id, or patient, to join on")
    table = table.assign(case_id=spelled_as(_labels(table["case_id"], name), cases))
    twice = table["case_id"].duplicated()
    if twice.any():
        raise DataError(
            name, f"two rows for case {table.loc[twice, 'case_id'].iloc[0]!r}", "one row per case"
        )
    indexed: pd.DataFrame = table.set_index("case_id")
    return indexed, name


def _joined_cases(
    frame: pd.DataFrame, own: pd.DataFrame | None, question: Question, where: str, cases: Sequence[str]
) -> pd.DataFrame:
    """Return a table given beside the source; where it has no ``case_id`` it is joined on the patient."""
    frame = frame.rename(columns={question.patient: "patient"})
    case = "case_id" if "case_id" in frame.columns else question.reading.case
    if case in frame.columns:
        given = frame.rename(columns={case: "case_id"})
        if own is not None and "patient" in own.columns and "patient" not in given.columns:
            patients = dict(zip(own["case_id"].map(label_of), own["patient"], strict=True))
            spelled = spelled_as(_labels(given["case_id"], where), cases)
            given = given.assign(patient=pd.Series(spelled, index=given.index).map(patients))
        return given
    if "patient" not in frame.columns or own is None or "patient" not in own.columns:
        raise DataError(where, "no column 'case_id'", "case_id, or patient where the source knows it")
    mine = own[["case_id", "patient"]].assign(patient=_series(own["patient"]))
    known = frame.assign(patient=_series(frame["patient"]))
    known = known[known["patient"].notna()]
    belong = {str(patient) for patient in mine["patient"].dropna()}
    known = known.assign(patient=spelled_as(known["patient"].tolist(), belong))
    twice = known["patient"].duplicated()
    if twice.any():
        raise DataError(where, f"two rows for patient {known.loc[twice, 'patient'].iloc[0]!r}", "one each")
    if belong.isdisjoint(known["patient"]):
        found = none_of("patients", sorted(belong), known["patient"].tolist())
        raise DataError(where, found, "the same names of patients in both")
    return mine.merge(known, on="patient", how="inner")


def _series(column: pd.Series) -> pd.Series:
    return pd.Series(labels_of(column), index=column.index, dtype=object)


def none_of(what: str, wanted: Sequence[str], there: Sequence[str]) -> str:
    """Return the words for a table that tells of others."""
    some = ", ".join(repr(name) for name in there[:3]) + (" ..." if len(there) > 3 else "")
    first = f" (such as {wanted[0]!r})" if wanted else ""
    return f"none of the {len(wanted)} {what}{first} is in it; it has {some or 'none'}"


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


def _constant_columns(frame: pd.DataFrame, asked: Sequence[str], where: str) -> pd.DataFrame:
    """Return one row per case with the columns that say one thing of each case, in all its rows or in some.

    Raises
    ------
    DataError
        If a column that is asked for says two things of a case.
    """
    by_case = frame.groupby("case_id", sort=False)
    if len(frame) == by_case.ngroups:
        return frame.reset_index(drop=True)
    distinct = by_case.nunique()
    problems = []
    for name in dict.fromkeys(asked):
        if name not in distinct.columns or (distinct[name] <= 1).all():
            continue
        case = distinct.index[distinct[name] > 1][0]
        said = ", ".join(map(str, by_case.get_group(case)[name].dropna().unique()[:3]))
        found = f"differs between the rows of case {case!r} ({said})"
        problems.append(Problem(f"{where}, column {name!r}", found, "one value per case"))
    if problems:
        raise DataError.of(problems)
    constant = [name for name in distinct.columns if (distinct[name] <= 1).all()]
    return by_case[constant].first().reset_index() if constant else frame[["case_id"]].drop_duplicates()


def _labels(column: pd.Series, where: str) -> list[str]:
    empty = column.isna().to_numpy() | (column.astype(str).str.strip() == "").to_numpy()
    if empty.any():
        raise DataError(f"{where} row {int(np.argmax(empty)) + 2}", "no case", "a case in every row")
    return [label_of(value) for value in column]
