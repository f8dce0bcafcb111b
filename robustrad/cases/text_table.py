"""A table as text: bytes to rows of cells, whatever a spreadsheet made of it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

from robustrad.core.errors import DataError

REQUIRED = ("case_id", "image", "mask")
_ZIP = b"PK\x03\x04"  # what an .xlsx file is


class Table(NamedTuple):
    """A table as text: its name for messages, the header, and (row number, cells) of every row."""

    source: str
    header: tuple[str, ...]
    rows: list[tuple[int, list[str]]]


def read_text_table(path: Path) -> Table:
    """Return the rows of a CSV or TSV file; see :func:`robustrad.cases.table.read_cases`.

    Raises
    ------
    DataError
        If it cannot be read, is empty, or is no table of text in UTF-8.
    """
    return _parse(_text(path), str(path))


def _text(path: Path) -> str:
    where = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(
            where, f"it cannot be read ({error.strerror})", "a CSV or TSV file", "Check the path."
        ) from error
    if not raw.strip():
        raise DataError(where, "the file is empty", f"a header with {', '.join(REQUIRED)} and one row a case")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if raw.startswith(_ZIP):
            raise _workbook(path) from error
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(
            f"{where} line {line}",
            f"byte 0x{raw[error.start]:02x} is not UTF-8",
            "a text file in UTF-8",
            "Save it as 'CSV UTF-8'.",
        ) from error
    if raw.startswith(_ZIP):
        raise _workbook(path)
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise DataError(
            f"{where} line {line}",
            "it holds NUL bytes",
            "a text file in UTF-8",
            "Is it another kind of file?",
        )
    return text


def _workbook(path: Path) -> DataError:
    kind = "an Excel workbook" if path.suffix.lower() in {".xlsx", ".xlsm"} else "a ZIP archive"
    return DataError(str(path), f"this is {kind}", "a text table", "Save it as 'CSV UTF-8'.")


def _parse(text: str, source: str) -> Table:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in first else ",", strict=True)
    records: list[tuple[int, list[str]]] = []
    try:
        for row, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                records.append((row, cells))
    except csv.Error as error:
        raise DataError(
            f"{source} line {reader.line_num}", f"it is not CSV ({error})", "", "Check quotes and separators."
        ) from error
    header = [name.strip() for name in records[0][1]]
    while header and not header[-1]:  # columns without a name at the end: a spreadsheet's leftovers
        header.pop()
    rows = [(row, _fit(cells, len(header))) for row, cells in records[1:]]
    return Table(source, tuple(header), rows)


def _fit(cells: list[str], width: int) -> list[str]:
    """Fill a row that a spreadsheet cut short; drop empty cells beyond the header."""
    cells = cells + [""] * (width - len(cells))
    while len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    return cells
