"""What is known of the cases: the source's own table, or one beside it, joined on case or patient."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from robustrad.core.errors import DataError, Problem
from robustrad.drift.labels import labels_of, spelled_as
from robustrad.drift.question import Question
from robustrad.harmonize.inputs import label_of
from robustrad.stability.files import read_table


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
    table = table.assign(case_id=spelled_as(case_labels(table["case_id"], name), cases))
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
            spelled = spelled_as(case_labels(given["case_id"], where), cases)
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


def constant_columns(frame: pd.DataFrame, asked: Sequence[str], where: str) -> pd.DataFrame:
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


def case_labels(column: pd.Series, where: str) -> list[str]:
    empty = column.isna().to_numpy() | (column.astype(str).str.strip() == "").to_numpy()
    if empty.any():
        raise DataError(f"{where} row {int(np.argmax(empty)) + 2}", "no case", "a case in every row")
    return [label_of(value) for value in column]
