"""What a drift run can start from: study folders, or feature tables with conditions, a batch, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from robustrad.core.errors import DataError, nearest
from robustrad.drift.case_table import case_labels, constant_columns, subjects_of
from robustrad.drift.columns import choose_columns
from robustrad.drift.data import reference_conditions
from robustrad.drift.labels import labels_of
from robustrad.drift.question import Question
from robustrad.drift.volume import Volume, find_volume, volume_names
from robustrad.stability.files import read_table
from robustrad.stability.modalities import refuse_modalities
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
    refuse_modalities(frame, where, condition=condition)
    frame = frame.assign(case_id=case_labels(frame["case_id"], where))
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
    own = constant_columns(frame, asked, where)
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
