"""The figure: 174 mm wide, a row per factor, laid out in millimeters."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from robustrad.perturb.base import Stage
from robustrad.preview import captions, panel
from robustrad.preview.frame import Plane
from robustrad.preview.layout import BETWEEN_MM, EDGE_MM, GAP_MM, HEAD_MM, TITLE_MM, Layout, text_mm
from robustrad.preview.look import Cell, Look, Row
from robustrad.report.figures import STYLE, WIDTH_MM

_LETTER_MM = 1.24  # mean width of a letter at 6 pt
_TITLE_PT, _HEAD_PT = 6.5, 7.0


def preview_figure(look: Look, *, rows: Sequence[Row] | None = None) -> Figure:
    """Return the figure of ``look``, or of some of its ``rows`` in the layout of all."""
    shown = look.rows if rows is None else tuple(rows)
    layout = Layout.of(look.rows)
    total = layout.total(shown)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_MM / 25.4, total / 25.4))
        FigureCanvasAgg(figure)
        sheet = _Sheet(figure, look, layout, total)
        sheet.head()
        top = HEAD_MM
        for place, row in enumerate(shown):
            if place:
                sheet.rule(top + BETWEEN_MM / 2 - 0.6)
                top += BETWEEN_MM
            sheet.row(row, top, first=place == 0)
            top += layout.row_height(row)
    return figure


@dataclass(frozen=True)
class _Sheet:
    """A figure that is drawn on in mm from its upper left corner."""

    figure: Figure
    look: Look
    layout: Layout
    total: float

    def head(self) -> None:
        self._text(EDGE_MM, 3.0, captions.head_text(self.look), size=_HEAD_PT)
        lines = [
            Line2D([], [], color=panel.BEFORE, lw=1.1, ls=(0, (2.2, 1.4)), label="reference contour"),
            Line2D([], [], color=panel.AFTER, lw=1.1, label="perturbed contour"),
        ]
        self.figure.legend(
            handles=lines,
            loc="center right",
            bbox_to_anchor=(1 - EDGE_MM / WIDTH_MM, 1 - 3.0 / self.total),
            ncols=2,
            frameon=False,
            fontsize=panel.SMALL_PT,
            handlelength=2.0,
            columnspacing=1.2,
            borderpad=0,
            borderaxespad=0,
        )
        self.rule(5.8)

    def rule(self, top: float) -> None:
        y = 1 - top / self.total
        edges = [EDGE_MM / WIDTH_MM, 1 - EDGE_MM / WIDTH_MM]
        self.figure.add_artist(Line2D(edges, [y, y], color="0.8", lw=0.5))

    def row(self, row: Row, top: float, *, first: bool) -> None:
        self._label(row, top + TITLE_MM)
        frame, sample = self.look.frame, self.look.sample
        shots = [cell.shot for cell in row.cells if cell.shot]
        limit = panel.difference_limit(shots, frame.cut(sample.mask, sample.grid))
        for number, line in enumerate(row.lines):
            at = top + number * self.layout.line_height(row)
            if number == 0:
                self._reference(row, at, text=first, limit=limit)
            for column, cell in enumerate(line, start=1):
                self._cell(row, cell, column, at, limit)

    def _label(self, row: Row, top: float) -> None:
        width = self.layout.label - 2.5
        kind, about = captions.factor_text(row.factor)
        about = " ".join(filter(None, (captions.unseen_text(row, self.look), about)))
        name = textwrap.fill(row.factor.name.replace("_", " "), int(width / 1.75))
        self._text(EDGE_MM, top, name, size=8.0, weight="bold", va="top")
        below = top + 3.5 * (name.count("\n") + 1)
        letters = int(width / _LETTER_MM)
        kind = textwrap.fill(kind, letters)
        self._text(EDGE_MM, below, kind, size=panel.SMALL_PT, style="italic", color="0.3", va="top")
        below += 2.6 * (kind.count("\n") + 1) + 0.8
        room = top + self.layout.row_height(row) - TITLE_MM + BETWEEN_MM / 2 - below
        about = textwrap.fill(about, letters, max_lines=max(1, int(room / 2.6)), placeholder=" ...")
        self._text(EDGE_MM, below, about, size=panel.SMALL_PT, color="0.3", va="top")

    def _reference(self, row: Row, top: float, *, text: bool, limit: float) -> None:
        stage, look = row.factor.stage, self.look
        ax = self._picture(0, top, "reference", "")
        cell = look.reference
        if cell.shot is None and stage in (Stage.GRID, Stage.DISCRETIZE):
            self._reason(cell, ax)
        else:
            contour = self._draw(cell, ax, stage)
            panel.plot_contour_before(contour, ax)
            dark = stage is Stage.DISCRETIZE or look.window.colors == "gray_r"
            panel.plot_scale_bar(ax, frame=look.frame, dark=dark, text=text)
        lines = captions.reference_lines(look, stage, captions.unit_of(look.modality))
        below = top + TITLE_MM + self.layout.height
        self._strength(0, below, lines)
        if stage is Stage.IMAGE and any(c.shot for c in row.cells):
            self._color_bar(below + self.layout.text_height(row), limit)

    def _cell(self, row: Row, cell: Cell, column: int, top: float, limit: float) -> None:
        stage, look = row.factor.stage, self.look
        note = captions.severity_text(cell.severity, word=self._severity_word(row))
        ax = self._picture(column, top, cell.level, note)
        below = top + TITLE_MM + self.layout.height
        if cell.shot is None:
            self._reason(cell, ax)
            return
        own = self._draw(cell, ax, stage)
        panel.plot_contours(self._contour_before(stage), own, ax)
        if stage is Stage.IMAGE:
            below += GAP_MM / 2
            mask = look.frame.cut(look.sample.mask, look.sample.grid)
            map_ax = self._axes(column, below)
            panel.plot_difference(cell.shot.difference, mask, map_ax, frame=look.frame, limit=limit)
            below += self.layout.height
        self._strength(column, below, captions.strength_lines(cell, stage, captions.unit_of(look.modality)))

    def _draw(self, cell: Cell, ax: Axes, stage: Stage) -> Plane:
        """Draw what ``cell`` looks like at ``stage``; return its mask."""
        look, shot = self.look, cell.shot
        frame, sample = look.frame, look.sample
        if shot is None:  # the reference of image and mask factors needs no analysis grid
            panel.plot_image(frame.cut(sample.voxels, sample.grid), ax, frame=frame, window=look.window)
            return frame.cut(sample.mask, sample.grid)
        if stage is Stage.DISCRETIZE:
            panel.plot_levels(shot.levels, shot.laid_image, ax, frame=frame, window=look.window)
            return shot.laid_mask
        if stage is Stage.GRID:
            panel.plot_image(shot.laid_image, ax, frame=frame, window=look.window)
            return shot.laid_mask
        panel.plot_image(shot.image, ax, frame=frame, window=look.window)
        return shot.mask

    def _contour_before(self, stage: Stage) -> Plane:
        look, shot = self.look, self.look.reference.shot
        if shot is not None and stage in (Stage.GRID, Stage.DISCRETIZE):
            return shot.laid_mask
        return look.frame.cut(look.sample.mask, look.sample.grid)

    def _picture(self, column: int, top: float, title: str, note: str) -> Axes:
        left, width = self.layout.left(column), self.layout.picture
        line = top + TITLE_MM - 0.9
        room = width - (text_mm(note, panel.SMALL_PT) + 1.0 if note else 0.0)
        size = _TITLE_PT * min(1.0, room / text_mm(title, _TITLE_PT))
        self._text(left, line, title, size=size, va="baseline")
        self._text(left + width, line, note, size=panel.SMALL_PT, color="0.4", va="baseline", ha="right")
        return self._axes(column, top + TITLE_MM)

    def _severity_word(self, row: Row) -> str:
        """Return the longest word before a severity that fits over all pictures of ``row``."""
        room = self.layout.picture - 1.0
        for word in ("severity", "sev."):
            notes = [captions.severity_text(cell.severity, word=word) for cell in row.cells]
            widths = [
                text_mm(cell.level, _TITLE_PT) + text_mm(note, panel.SMALL_PT)
                for cell, note in zip(row.cells, notes, strict=True)
            ]
            if max(widths) <= room:
                return word
        return ""

    def _reason(self, cell: Cell, ax: Axes) -> None:
        panel.plot_reason(
            captions.reason_of(cell), ax, characters=int((self.layout.picture - 3) / _LETTER_MM)
        )

    def _strength(self, column: int, top: float, lines: tuple[str, ...]) -> None:
        widest = max((text_mm(line, panel.SMALL_PT) for line in lines), default=0.0)
        size = panel.SMALL_PT * min(1.0, self.layout.picture / max(widest, 1.0))
        self._text(self.layout.left(column), top + 0.7, "\n".join(lines), size=size, va="top")

    def _color_bar(self, top: float, limit: float) -> None:
        left, width = self.layout.left(0), self.layout.picture
        ax = self.figure.add_axes(self._box(left + 0.4, top + 3.2, width - 0.8, 1.8))
        colors = ScalarMappable(Normalize(-limit, limit), mpl.colormaps[panel.DIFFERENCE_COLORS])
        bar = self.figure.colorbar(
            colors, cax=ax, orientation="horizontal", extend="both", ticks=[-limit, 0, limit]
        )
        bar.outline.set_linewidth(0.4)
        unit = captions.unit_of(self.look.modality)
        texts = [f"{value:g}".replace("-", "\N{MINUS SIGN}") for value in (-limit, 0.0, limit)]
        labels = bar.ax.set_xticklabels(texts, size=panel.SMALL_PT)
        labels[0].set_horizontalalignment("left")
        labels[-1].set_horizontalalignment("right")
        bar.ax.tick_params(length=1.2, width=0.4, pad=1)
        self._text(left, top + 2.2, f"difference{', ' * bool(unit)}{unit}", size=panel.SMALL_PT, va="bottom")

    def _axes(self, column: int, top: float) -> Axes:
        return self.figure.add_axes(
            self._box(self.layout.left(column), top, self.layout.picture, self.layout.height)
        )

    def _box(self, left: float, top: float, width: float, height: float) -> tuple[float, float, float, float]:
        return (
            left / WIDTH_MM,
            1 - (top + height) / self.total,
            width / WIDTH_MM,
            height / self.total,
        )

    def _text(
        self,
        left: float,
        top: float,
        text: str,
        *,
        size: float,
        color: str = "black",
        weight: str = "normal",
        style: str = "normal",
        ha: str = "left",
        va: str = "center",
        linespacing: float = 1.15,
    ) -> None:
        self.figure.text(
            left / WIDTH_MM,
            1 - top / self.total,
            text,
            size=size,
            color=color,
            weight=weight,
            style=style,
            ha=ha,
            va=va,
            linespacing=linespacing,
        )
