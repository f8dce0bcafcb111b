"""From sources and a question to the data of a survival run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustrad.core.errors import DataError, Problem, RobustradError
from robustrad.drift.data import DriftData
from robustrad.drift.load import load_drift_data
from robustrad.drift.question import Question
from robustrad.drift.source import Opened, open_source
from robustrad.drift.survival.times import Survival, events_of, read_survival

_HALF = "robustrad:half"
EVENTS = 100  # Collins 2016: at least 100 events to judge a model, better 200


class Followed(NamedTuple):
    """Subjects with their features and their follow-up; ``data.outcome`` is the event."""

    data: DriftData
    survival: Survival


def load_survival_data(sources: Sequence[object], question: Question, *, time: str) -> Followed:
    """Return what a survival run works on.

    Parameters
    ----------
    sources : sequence of path, study or DataFrame
        As of :func:`robustrad.drift.load.load_drift_data`.
    question : Question
        ``outcome`` is the column of the event (1, or 0 for censored).
    time : str
        Column of the time to the event or to the end of follow-up, positive.

    Raises
    ------
    DataError
        With everything that makes the run impossible: of times and events all at once, then of the rest.
    """
    if time in {question.outcome, *question.clinical}:
        raise DataError("time", f"{time!r} is a clinical column or the event", "a column of its own")
    known = replace(question, clinical=(*question.clinical, time))
    problems: list[Problem] = []
    tables: list[pd.DataFrame] = []
    for source in sources:
        opened = open_source(source, known)
        subjects = _told_of(opened.subjects, opened.observed.cases)
        try:
            read_survival(
                subjects, list(subjects.index), time=time, event=question.outcome, where=opened.told_by
            )
            problems += _differing(opened, time, question)
        except RobustradError as error:
            problems += [problem for problem in error.problems if problem not in problems]
        tables.append(subjects)
    if problems:
        raise DataError.of(problems)
    everybody = all(events_of(table[question.outcome]).all() for table in tables)
    data = load_drift_data(sources, _halved(known, tables) if everybody else known)
    times = pd.to_numeric(data.clinical[time]).to_numpy(dtype=np.float64)
    event = np.ones(times.size, dtype=np.bool_) if everybody else data.outcome == 1
    few = [text for text in data.warnings if "of the rarer class" not in text and _HALF not in text]
    if event.sum() < EVENTS:
        few.append(f"{int(event.sum())} events: validation asks for {EVENTS} or more; expect wide intervals.")
    data = replace(
        data, clinical=data.clinical.drop(columns=time), outcome_name=question.outcome, warnings=tuple(few)
    )
    return Followed(data, Survival(times, event, time, question.outcome))


def _differing(opened: Opened, time: str, question: Question) -> list[Problem]:
    """Return a problem where the lesions of a patient tell of different times: one would be silent."""
    if question.unit != "patient":
        return []
    times = pd.to_numeric(opened.subjects[time].reindex(list(opened.observed.cases)), errors="coerce")
    distinct = times.groupby(np.array(opened.patients, dtype=object)).nunique()
    patients = [str(patient) for patient in distinct.index[distinct > 1]]
    if not patients:
        return []
    found = f"differs between the lesions of {', '.join(patients[:5])}"
    return [Problem(f"{opened.told_by}, column {time!r}", found, "one time per patient")]


def _halved(question: Question, tables: Sequence[pd.DataFrame]) -> Question:
    """Return the question with an outcome of two values where nobody is censored.

    The data of a drift run have an outcome with two classes; a survival run does not use it.
    """
    every = pd.concat(tables).reset_index()
    every = every.drop_duplicates("case_id", ignore_index=True)
    patient = every["patient" if "patient" in every.columns else "case_id"].astype(str)
    halves = np.unique(patient, return_inverse=True)[1] % 2
    return replace(
        question, outcome=_HALF, positive="1", cases=every.assign(**{_HALF: halves}), patient="patient"
    )


def _told_of(subjects: pd.DataFrame, cases: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the cases that the table knows; a table of other patients is told of later."""
    present = [case for case in cases if case in subjects.index]
    return subjects.loc[present] if present else subjects
