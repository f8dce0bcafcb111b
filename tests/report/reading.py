"""Reads a report back: every number with the cell that it says it comes from."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pandas as pd

NUMBER = re.compile(r"[\u2212-]?(?:\d+\.?\d*|\.\d+)(?:e[\u2212-]?\d+)?")
VOID = {"meta", "link", "input", "br", "img", "hr", "path", "rect", "use", "circle"}


class Shown(NamedTuple):
    """A text of the page and the cells that it claims to show."""

    file: str
    row: int
    columns: tuple[str, ...]
    form: str
    text: str


class Page(HTMLParser):
    """Collects numbers, ids, links and headings of a report."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown: list[Shown] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.title = ""
        self._file, self._row = "", -1
        self._columns: list[tuple[str, str]] = []
        self._cell = -1
        self._sink: list[str] | None = None
        self._pending: tuple[str, int, tuple[str, ...], str] | None = None
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if "id" in given:
            self.ids.append(str(given["id"]))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if tag == "img" or (tag == "svg" and given.get("role") == "img"):
            self.images.append({"alt": given.get("alt") or given.get("aria-label")})
        if tag == "table":
            self._file, self._columns, self._row = str(given.get("data-file") or ""), [], -1
        if tag == "tr":
            self._close()
            self._row, self._cell = int(given.get("data-row") or -1), -1
        if tag in {"td", "th"}:
            self._close()
            self._cell += 1
            if tag == "th" and "data-col" in given:
                self._columns.append((str(given["data-col"]), str(given["data-form"])))
            elif "data-col" in given:
                self._open(
                    self._file,
                    int(str(given["data-row"])),
                    (str(given["data-col"]),),
                    str(given["data-form"]),
                )
            elif self._file and self._row >= 0 and self._cell < len(self._columns):
                names, form = self._columns[self._cell]
                self._open(self._file, self._row, tuple(names.split(" || ")) if names else (), form)
        if tag == "data":
            file, row, column = str(given["data-at"]).split("#")
            self._open(file, int(row), (column,), str(given["data-form"]))
            self._tag = "data"
        if tag in {"h1", "h2", "title"}:
            self._sink, self._tag = [], tag

    def _open(self, file: str, row: int, columns: tuple[str, ...], form: str) -> None:
        self._pending, self._sink, self._tag = (file, row, columns, form), [], "cell"

    def _close(self) -> None:
        if self._pending is not None and self._sink is not None:
            self.shown.append(Shown(*self._pending, "".join(self._sink)))
            self._pending, self._sink = None, None

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "tr", "tbody", "table"} or (tag == "data" and self._tag == "data"):
            self._close()
        if tag in {"h1", "h2", "title"} and self._sink is not None:
            text = "".join(self._sink)
            self.title = text if tag == "title" else self.title
            self.headings += [text] if tag != "title" else []
            self._sink = None

    def handle_data(self, data: str) -> None:
        if self._sink is not None:
            self._sink.append(data)


def read_page(path: Path) -> Page:
    """Return what the page shows."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


class Cells:
    """The CSV files of a study, read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, pd.DataFrame] = {}

    def __getitem__(self, file: str) -> pd.DataFrame:
        if file not in self.files:
            self.files[file] = pd.read_csv(self.folder / file, dtype=str, keep_default_na=False)
        return self.files[file]


def numbers(text: str) -> list[tuple[float, float]]:
    """Return the numbers in a text, each with half a unit of its last digit."""
    found = []
    for match in NUMBER.findall(text):
        plain = match.replace("\u2212", "-")
        mantissa, _, exponent = plain.partition("e")
        decimals = len(mantissa.partition(".")[2])
        found.append((float(plain), 0.5 * 10.0 ** (int(exponent or 0) - decimals)))
    return found
