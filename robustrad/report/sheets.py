"""The tables that a report reads, and numbers that remember which cell they come from."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from robustrad.core.errors import StudyError
from robustrad.report.numbers import DASH, show

_TEXT = (
    "case_id", "condition", "factor", "level", "feature", "subject", "patient", "patients", "train", "test",
    "role", "estimand", "status", "reason", "class", "class_by", "verdict", "sentence", "text", "check",
    "flag", "interval_note",
)  # fmt: skip
# pandas 3 reads floats as they were written, and warns of the word that earlier ones need for it.
_EXACT: dict[str, Any] = {} if int(pd.__version__.split(".")[0]) >= 3 else {"float_precision": "round_trip"}


@dataclass(frozen=True)
class Sheet:
    """A CSV file as read.

    Attributes
    ----------
    file : str
        Its path from the study folder, with slashes.
    frame : DataFrame
        Its rows, numbered from 0.
    """

    file: str
    frame: pd.DataFrame

    def number(self, row: int, column: str, form: str) -> Number:
        """Return one cell as a number that remembers where it stands (``form``: see ``numbers.show``)."""
        return Number(self.frame[column].iloc[row], form, self.file, row, column)

    def rows(self, **values: str | float | None) -> list[int]:
        """Return the positions of the rows whose columns have these values; None asks for empty cells."""
        chosen = pd.Series(True, index=self.frame.index)
        for column, value in values.items():
            cells = self.frame[column]
            chosen &= cells.isna() if value is None else cells.eq(value)
        return [int(i) for i in chosen.to_numpy().nonzero()[0]]


@dataclass(frozen=True)
class Number:
    """A value of a sheet, as text and as HTML."""

    value: Any
    form: str
    file: str
    row: int
    column: str

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return not (self.value is None or (isinstance(self.value, float) and math.isnan(self.value)))

    def __str__(self) -> str:
        return show(self.value, self.form)

    def __html__(self) -> str:
        at = f"{self.file}#{self.row}#{self.column}"
        return Markup('<data value="{}" data-at="{}" data-form="{}">{}</data>').format(
            self.value if self.known else "", at, self.form, str(self)
        )


@dataclass(frozen=True)
class Sentence:
    """A sentence whose numbers remember their cells.

    Attributes
    ----------
    topic : str
        One or two words: what it is about.
    parts : tuple of str and Number
        The text.
    anchor : str
        Section of the report in which the evidence is shown.
    file : str
        Table that the evidence stands in.
    tone : str
        ``good``, ``poor`` or ``neutral``.
    """

    topic: str
    parts: tuple[str | Number, ...]
    anchor: str
    file: str
    tone: str = "neutral"

    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    def __html__(self) -> str:
        return Markup("").join(escape(part) for part in self.parts)


def read_sheet(folder: Path, file: str, *, numbers: Collection[str] = ()) -> Sheet | None:
    """Return the CSV ``file`` of ``folder``; None where there is none.

    Names stay text, whatever they look like (a level ``0.5``, a case ``NA``); only empty cells are missing.
    ``numbers`` are columns that are called like names and hold numbers.

    Raises
    ------
    StudyError
        If it cannot be read as a table.
    """
    path = folder / file
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            header = next(csv.reader(stream), [])
        names = {name: str for name in header if name in _TEXT and name not in numbers}
        frame = pd.read_csv(
            path,
            dtype=names,
            keep_default_na=False,
            na_values=[""],
            low_memory=False,
            **_EXACT,
        )
    except (OSError, ValueError, csv.Error) as error:
        raise StudyError(
            str(path), f"cannot be read as a table ({error})", "a table that robustrad wrote"
        ) from error
    return Sheet(file, frame)


def missing_text() -> str:
    """What stands where there is no value."""
    return DASH
