"""Times and events of the subjects, and everything that can be wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from robustrad.core.errors import DataError, Problem, nearest
from robustrad.drift.data import Floats

Flags = NDArray[np.bool_]

_YES, _NO = {"1", "1.0", "true"}, {"0", "0.0", "false"}
_SHOWN = 5
_AT_RISK, _FEWEST = 0.10, 5


@dataclass(frozen=True)
class Survival:
    """Follow-up of the subjects.

    Attributes
    ----------
    time : ndarray of shape (n,)
        From the start to the event or to the end of follow-up; positive, in the unit of the table.
    event : ndarray of bool, shape (n,)
        Whether it ended with the event; otherwise the subject is censored.
    time_name, event_name : str
        Their columns.
    """

    time: Floats
    event: Flags
    time_name: str = "time"
    event_name: str = "event"

    def take(self, rows: ArrayLike) -> Survival:
        """Return the follow-up of some subjects (indices or a mask)."""
        chosen = np.arange(self.time.size)[np.asarray(rows)]
        return Survival(self.time[chosen], self.event[chosen], self.time_name, self.event_name)

    @property
    def horizon(self) -> float:
        """Last time at which at least a tenth of the subjects (and five) are still followed: Uno's tau.

        Beyond it the weights of Uno's C rest on a handful of subjects.
        """
        ordered = np.sort(self.time)
        at_risk = ordered.size - np.searchsorted(ordered, ordered, side="left")
        enough = at_risk >= min(max(_FEWEST, _AT_RISK * ordered.size), ordered.size)
        return float(ordered[enough].max())


def survival_of(
    time: ArrayLike, event: ArrayLike, *, time_name: str = "time", event_name: str = "event"
) -> Survival:
    """Return times and events from arrays.

    Raises
    ------
    DataError
        With every problem at once: times that are missing, zero or negative, events that are not 0 or 1, no
        event at all.
    """
    frame = pd.DataFrame({time_name: np.asarray(time), event_name: np.asarray(event)})
    names = [f"row {i + 1}" for i in range(len(frame))]
    return read_survival(frame.set_axis(names), names, time=time_name, event=event_name, where="survival")


def read_survival(
    table: pd.DataFrame, subjects: Sequence[str], *, time: str, event: str, where: str
) -> Survival:
    """Return times and events of ``subjects``, in their order, from a table indexed by subject.

    Parameters
    ----------
    table : DataFrame
        Indexed by subject; rows of others are ignored.
    subjects : sequence of str
        Whose follow-up.
    time, event : str
        Columns: a positive number; 0 or 1 (or false and true).
    where : str
        Name of the table for messages.

    Raises
    ------
    DataError
        With every problem at once.
    """
    columns = [str(name) for name in table.columns]
    absent = [name for name in (time, event) if name not in columns]
    if absent:
        raise DataError.of(Problem(where, f"no column {n!r}", "", nearest(n, columns)) for n in absent)
    rows = table.reindex(list(subjects))
    times, about_time = _times(rows[time], subjects, f"{where}, column {time!r}")
    events, about_event = _events(rows[event], subjects, f"{where}, column {event!r}")
    problems = [*about_time, *about_event]
    if not problems and not events.any():
        found = f"all {events.size} subjects are censored"
        problems.append(Problem(f"{where}, column {event!r}", found, "events (1)", "Is 0 the event?"))
    if problems:
        raise DataError.of(problems)
    return Survival(times, events, time, event)


def events_of(column: pd.Series) -> Flags:
    """Return which values of a column say that the event happened."""
    return _text(column).isin(_YES).to_numpy(dtype=np.bool_)


def _text(column: pd.Series) -> pd.Series:
    return column.map(lambda value: "" if pd.isna(value) else str(value).strip().lower())


def _times(column: pd.Series, subjects: Sequence[str], at: str) -> tuple[Floats, list[Problem]]:
    missing = column.isna() | (column.astype(str).str.strip() == "")
    numbers = pd.Series(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
    checks = (
        (missing, "no time", "a time for every subject", "Fill it in, or leave them out."),
        (~missing & numbers.isna(), "not a number", "a positive number", ""),
        (numbers == 0, "a time of zero", "a positive number", "Who was never followed says nothing."),
        (numbers < 0, "a negative time", "a positive number", "Is the start of follow-up right?"),
        (numbers == np.inf, "an infinite time", "a positive number", ""),
    )
    return np.asarray(numbers, dtype=np.float64), _told(checks, column, subjects, at)


def _events(column: pd.Series, subjects: Sequence[str], at: str) -> tuple[Flags, list[Problem]]:
    text = _text(column)
    missing = text == ""
    yes, no = text.isin(_YES), text.isin(_NO)
    todo = "Derive a column that is 1 for the event and 0 for censored."
    checks = (
        (missing, "no event status", "0 or 1 for every subject", "Fill it in, or leave them out."),
        (~(missing | yes | no), "neither 0 nor 1", "1 (event) or 0 (censored)", todo),
    )
    return yes.to_numpy(dtype=np.bool_), _told(checks, column, subjects, at)


def _told(
    checks: Sequence[tuple[pd.Series, str, str, str]], column: pd.Series, subjects: Sequence[str], at: str
) -> list[Problem]:
    problems = []
    for wrong, what, expected, todo in checks:
        hit = np.flatnonzero(wrong.to_numpy(dtype=np.bool_))
        if not hit.size:
            continue
        some = ", ".join(f"{subjects[i]} ({column.iloc[i]})" for i in hit[:_SHOWN])
        more = f" and {hit.size - _SHOWN} more" if hit.size > _SHOWN else ""
        problems.append(Problem(at, f"{what}: {some}{more}", expected, todo))
    return problems
