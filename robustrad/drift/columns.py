"""Which columns of a feature table are its features, and which numeric ones are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from robustrad.core.errors import DataError, nearest
from robustrad.drift.question import Question
from robustrad.drift.volume import volume_names
from robustrad.stability.naming import is_radiomic
from robustrad.stability.observations import CONDITION_COLUMNS

_STRUCTURED = frozenset({*CONDITION_COLUMNS, "status", "reason"})


class Columns(NamedTuple):
    """The columns of a table.

    Attributes
    ----------
    features : tuple of str
        Those to use, in their order.
    left_out : tuple of str or None
        The others of a table without PyRadiomics' names, whose numeric columns are its features; None of any
        other.
    unused : tuple of str
        Numeric columns without such a name where others have one, and that nothing asks for.
    """

    features: tuple[str, ...]
    left_out: tuple[str, ...] | None = None
    unused: tuple[str, ...] = ()


def choose_columns(frame: pd.DataFrame, question: Question, where: str) -> Columns:
    """Return the features of a table: what is asked for, else PyRadiomics' names, else what is numeric.

    Raises
    ------
    DataError
        If there is none.
    """
    if question.score is not None:
        if question.score not in frame.columns:
            todo = nearest(question.score, [str(name) for name in frame.columns[:60]])
            raise DataError(where, f"no column {question.score!r}", "the scores", todo)
        return Columns((question.score,))
    if question.reading.features is not None:
        return Columns(tuple(question.reading.features))
    radiomic = tuple(str(name) for name in frame.columns if is_radiomic(str(name)))
    if radiomic:
        return Columns(radiomic, unused=_numeric(frame, question, radiomic))
    found = _numeric(frame, question, ())
    if not found:
        raise DataError(where, "no feature columns", "at least one numeric column")
    known = {*found, *_STRUCTURED, "case_id", "patient", question.reading.condition}
    return Columns(found, left_out=tuple(str(name) for name in frame.columns if name not in known))


def _numeric(frame: pd.DataFrame, question: Question, known: Sequence[str]) -> tuple[str, ...]:
    """Return the numeric columns that nothing asks for by name and that are not ``known``."""
    kept_out = {*_STRUCTURED, *question.named, "case_id", "patient", question.reading.condition, *known}
    kept_out |= {*volume_names(question.volume)}
    return tuple(
        str(name)
        for name, kind in frame.select_dtypes("number").dtypes.items()
        if kind.kind not in "cm"  # complex numbers and durations
        and name not in kept_out
        and not str(name).startswith(("strength_", "diagnostics_"))
    )
