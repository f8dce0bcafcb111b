"""A table as a reader sees it: columns of a sheet, in an order, with titles, forms and footnotes.

CSV, HTML, LaTeX and Word are renderings of one :class:`Table`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from robustrad.report.numbers import DASH, show
from robustrad.report.sheets import Sheet


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    title : str
        Heading.
    names : tuple of str
        Columns of the sheet that it shows.
    form : str
        How its numbers are shown, see :mod:`robustrad.report.numbers`.
    pattern : str
        Text of a cell, with ``{}`` for each name: ``{} [{}, {}]`` for an estimate with its interval.
    about : str
        What it is, in a few words; shown as a tooltip.
    band : str
        Column of the sheet with the class that colors the cell; empty for none.
    quiet : str
        Text at which there is nothing to see (a Dice of 1.000): shown, but not loudly.
    blank : bool
        A missing value is an empty cell, not a dash: it was never meant to be there.
    width : float
        Share of a printed page's width for long texts; 0 lets the content decide.
    """

    title: str
    names: tuple[str, ...]
    form: str = "text"
    pattern: str = "{}"
    about: str = ""
    band: str = ""
    quiet: str = ""
    blank: bool = False
    width: float = 0.0

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers (set flush right)."""
        return self.form != "text"


@dataclass(frozen=True)
class Table:
    """Rows of a sheet.

    Attributes
    ----------
    name : str
        Of its files.
    title : str
        Caption, one sentence.
    sheet : Sheet
        Where the numbers stand.
    rows : sequence of int
        Positions of the rows shown.
    columns : tuple of Column
        In their order.
    groups, group_notes : tuple of str
        Columns of the sheet whose values make a heading above the rows that share them; notes in brackets.
    notes : tuple of str
        Footnotes.
    marked : tuple of int
        Rows that the others are compared with; shaded on the page.
    landscape : bool
        Printed across the page.
    """

    name: str
    title: str
    sheet: Sheet
    rows: Sequence[int]
    columns: tuple[Column, ...]
    groups: tuple[str, ...] = ()
    group_notes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    marked: tuple[int, ...] = ()
    landscape: bool = False

    def cells(self, row: int) -> list[str]:
        """Return the texts of one row."""
        return self._texts[row]

    @cached_property
    def _texts(self) -> dict[int, list[str]]:
        """Texts of all rows, made once: several renderers ask, and a row of a frame at a time is slow."""
        frame = self.sheet.frame.iloc[list(self.rows)]
        columns = [
            [
                cell_text(column, values)
                for values in zip(*(frame[name].tolist() for name in column.names), strict=True)
            ]
            for column in self.columns
        ]
        return dict(zip(map(int, self.rows), map(list, zip(*columns, strict=True)), strict=True))

    def sections(self) -> Iterator[tuple[str, list[int]]]:
        """Yield heading and rows of each group; one without heading where there are no groups."""
        if not self.groups:
            yield "", list(self.rows)
            return
        part = self.sheet.frame.iloc[list(self.rows)]
        position = pd.Series(list(self.rows), index=part.index)
        keys = [*self.groups, *self.group_notes]
        for key, own in part.groupby(keys, sort=False, dropna=False):
            values = [_plain(value) for value in key]
            head = " ".join(text for text in values[: len(self.groups)] if text)
            notes = ", ".join(text for text in values[len(self.groups) :] if text)
            yield f"{head} ({notes})" if notes else head, [int(i) for i in position[own.index]]

    def full(self) -> pd.DataFrame:
        """Return the rows shown with every column of the sheet that the table shows, at full precision."""
        names = dict.fromkeys(
            [*self.groups, *self.group_notes, *(name for column in self.columns for name in column.names)]
        )
        return self.sheet.frame.iloc[list(self.rows)][list(names)]


def _plain(value: object) -> str:
    """Return a value of a heading; empty where it is missing."""
    text = show(value, "text" if isinstance(value, str) else "plain")
    return "" if text == DASH else text


def cell_text(column: Column, values: Sequence[object]) -> str:
    """Return the text of a cell; a cell without its first value is a dash, however many it could show.

    Later values of a pattern that are missing leave no trace (``noise mild``, ``noise``).
    """
    shown = [show(value, column.form) for value in values]
    if shown[0] == DASH:
        return "" if column.blank else DASH
    if all(text == DASH for text in shown[1:]) and column.numeric:
        return shown[0]
    if column.form == "text" and len(shown) > 1:
        shown = ["" if text == DASH else text for text in shown]
    return column.pattern.format(*shown).strip()
