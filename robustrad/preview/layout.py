"""Sizes of the figure in millimeters: how wide a picture is, how tall a row, which rows go on a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from robustrad.perturb.base import Stage
from robustrad.preview.frame import ASPECT
from robustrad.preview.look import Row
from robustrad.report.figures import STYLE, WIDTH_MM

LABEL_MM, GAP_MM, EDGE_MM = 25.0, 1.6, 0.8
HEAD_MM, TITLE_MM, BETWEEN_MM = 8.5, 3.4, 4.6
_TEXT_MM, _TEXT_OF_MASKS_MM = 6.6, 9.1  # two lines, three lines
_WIDEST_MM, _WIDEST_ALONE_MM = 40.0, 48.0


@dataclass(frozen=True)
class Layout:
    """Sizes that all rows of a figure share.

    Attributes
    ----------
    picture : float
        Width of a picture in mm.
    columns : int
        Pictures side by side, the reference included.
    """

    picture: float
    columns: int

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Layout:
        """Return the layout in which the longest line of ``rows`` fills the width, up to a limit."""
        columns = 1 + max((len(line) for row in rows for line in row.lines), default=1)
        room = WIDTH_MM - EDGE_MM - LABEL_MM - (columns - 1) * GAP_MM
        widest = _WIDEST_ALONE_MM if len(rows) == 1 else _WIDEST_MM
        return cls(min(widest, room / columns), columns)

    @property
    def height(self) -> float:
        """Height of a picture."""
        return self.picture / ASPECT

    @property
    def label(self) -> float:
        """Width of what stands left of the pictures."""
        return WIDTH_MM - EDGE_MM - self.columns * (self.picture + GAP_MM) + GAP_MM

    def left(self, column: int) -> float:
        """Return the left edge of a column; the reference is column 0."""
        return self.label + column * (self.picture + GAP_MM)

    def text_height(self, row: Row) -> float:
        """Return the height of the text under a picture."""
        return _TEXT_OF_MASKS_MM if row.factor.stage is Stage.MASK else _TEXT_MM

    def line_height(self, row: Row) -> float:
        """Return the height of one line of ``row``, with its text."""
        maps = self.height + GAP_MM / 2 if row.factor.stage is Stage.IMAGE else 0.0
        return TITLE_MM + self.height + maps + self.text_height(row)

    def row_height(self, row: Row) -> float:
        """Return the height of ``row``."""
        return len(row.lines) * self.line_height(row)

    def total(self, rows: Sequence[Row]) -> float:
        """Return the height of a figure of ``rows``."""
        return HEAD_MM + sum(self.row_height(row) + BETWEEN_MM for row in rows) - BETWEEN_MM + EDGE_MM


@cache
def text_mm(text: str, size_pt: float) -> float:
    """Return the width of one line of ``text`` in mm, with 5 % for the rounding of letters to pixels."""
    if not text:
        return 0.0
    font = FontProperties(family=STYLE["font.family"])
    return float(TextPath((0, 0), text, size=size_pt, prop=font).get_extents().width) / 72 * 25.4 * 1.05


def pages(rows: Sequence[Row], *, tallest_mm: float) -> list[tuple[Row, ...]]:
    """Return the rows page by page, none taller than ``tallest_mm`` unless one row alone is."""
    layout = Layout.of(rows)
    found: list[list[Row]] = [[]]
    for row in rows:
        if found[-1] and layout.total([*found[-1], row]) > tallest_mm:
            found.append([])
        found[-1].append(row)
    return [tuple(page) for page in found]
