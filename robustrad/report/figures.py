"""Figures for a paper: one function per figure, taking and returning Axes; captions stand outside."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from robustrad.report.heatmap import (
    BAND_COLORS,
    CHARACTER_MM,
    FONT_PT,
    Column,
    classes_of,
    columns_of,
    draw_cell,
    draw_head,
    fitting_size,
    row_y,
    short_number,
)
from robustrad.report.plots.style import for_rendering
from robustrad.report.tables import write_bytes

WIDTH_MM = 174.0
STYLE: Any = {  # matplotlib types the keys as a closed list of literals
    "font.family": "DejaVu Sans",
    "font.size": FONT_PT,
    "axes.linewidth": 0.5,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "robustrad",
}
_ROW_MM, _LEFT_MM, _RIGHT_MM, _LEGEND_MM = 5.6, 23.0, 2.0, 7.0
_HEAD_MM = 21.0  # title, roles, factors in two lines
_WIDEST_COLUMN_MM = 12.0
_PANELS = {
    "Agreement with the reference": ("agreement",),
    "Repeatability": ("repeatability", "chains"),
}


@dataclass(frozen=True)
class _Panel:
    """One heat map of the figure, and the room it needs."""

    title: str
    estimands: tuple[str, ...]
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, summary: pd.DataFrame, estimands: tuple[str, ...], title: str) -> _Panel:
        return cls(title, estimands, tuple(columns_of(summary, estimands)))

    @property
    def rows(self) -> int:
        return len(classes_of(self.columns))

    @property
    def height_mm(self) -> float:
        longest = max(len(column.level) for column in self.columns)
        return _HEAD_MM + self.rows * _ROW_MM + longest * CHARACTER_MM + 4.0


def plot_stability_heatmap(
    summary: pd.DataFrame,
    ax: Axes,
    *,
    estimands: Sequence[str] = ("agreement",),
    thresholds: tuple[float, float, float] = (0.5, 0.75, 0.9),
) -> Axes:
    """Draw feature class x factor and level, colored by the bands of Koo and Li.

    A cell shows ``median_limit``: the median over the class's features of the lower limit that decides a
    feature's class, rounded down so that number and color never disagree. Every number drawn stands in
    ``summary``.

    Parameters
    ----------
    summary : DataFrame
        From :func:`robustrad.stability.summary.summary`.
    ax : Axes
        To draw into.
    estimands : sequence of str, default ("agreement",)
        Whose rows to show; controls are left out.
    thresholds : three floats, default (0.5, 0.75, 0.9)
        Lower bounds of moderate, good and excellent.

    Returns
    -------
    Axes
        ``ax``.
    """
    columns = tuple(columns_of(summary, estimands))
    classes = classes_of(columns)
    width = columns[-1].x + 1 if columns else 1.0
    column_mm = ax.get_window_extent().width / ax.figure.dpi * 25.4 / width
    texts = [short_number(limit) for column in columns for limit in column.rows["median_limit"].dropna()]
    # A minus sign is as wide as a digit and a half.
    widest = max((len(text) + 0.5 * text.count("\N{MINUS SIGN}") for text in texts), default=3)
    size = fitting_size(column_mm, characters=max(widest, 3) - 0.5)
    for column in columns:
        for y, name in enumerate(classes):
            if name in column.rows.index:
                cell = (column.x, row_y(y))
                draw_cell(ax, cell, column.rows.loc[name].to_dict(), thresholds=thresholds, size=size)
    ax.set_xlim(0, width)
    ax.set_ylim(row_y(len(classes)), 0)
    levels = [column.level for column in columns]
    ax.set_xticks([column.x + 0.5 for column in columns], levels, rotation=90, size=size)
    ax.set_yticks([row_y(y) + 0.5 for y in range(len(classes))], classes)
    ax.tick_params(length=0, pad=2)
    ax.spines[:].set_visible(False)
    draw_head(ax, columns, column_mm)
    return ax


def stability_figure(
    summary: pd.DataFrame, *, thresholds: tuple[float, float, float] = (0.5, 0.75, 0.9)
) -> Figure:
    """Return the heat map of a study, 174 mm wide: agreement above, repeatability below, where there are any.

    Parameters as :func:`plot_stability_heatmap`.
    """
    panels = [_Panel.of(summary, estimands, title) for title, estimands in _PANELS.items()]
    panels = [panel for panel in panels if panel.columns]
    total = sum(panel.height_mm for panel in panels) + _LEGEND_MM
    widest = max((panel.columns[-1].x + 1 for panel in panels), default=1.0)
    column_mm = min((WIDTH_MM - _LEFT_MM - _RIGHT_MM) / widest, _WIDEST_COLUMN_MM)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_MM / 25.4, total / 25.4))
        FigureCanvasAgg(figure)
        top = total
        for panel in panels:
            width, height = column_mm * (panel.columns[-1].x + 1), panel.rows * _ROW_MM
            bottom = top - _HEAD_MM - height
            box = (_LEFT_MM / WIDTH_MM, bottom / total, width / WIDTH_MM, height / total)
            plot_stability_heatmap(
                summary, figure.add_axes(box), estimands=panel.estimands, thresholds=thresholds
            )
            figure.text(1 / WIDTH_MM, (top - 2.5) / total, panel.title, weight="bold", va="center")
            top -= panel.height_mm
        _legend(figure, thresholds)
    return figure


def heatmap_caption(summary: pd.DataFrame, *, alpha: float = 0.05) -> str:
    """Return the caption of :func:`stability_figure`."""
    shown = summary[summary["estimand"].isin([name for panel in _PANELS.values() for name in panel])]
    subjects = sorted({int(n) for n in (*shown["n_min"], *shown["n_max"])})
    n = f"{subjects[0]}" if len(subjects) == 1 else f"{subjects[0]} to {subjects[-1]}" if subjects else "0"
    return (
        "Stability of radiomic features per feature class (rows), factor and level (columns). Numbers, "
        "rounded down: median over the features of a class of the lower limit of the "
        f"{100 * (1 - alpha):g} % interval of ICC(A,1) with the reference (agreement; levels taken as "
        "fixed), of ICC(1,1) over draws (repeatability), and, for definition factors, of ICC(C,1) after "
        "z-scoring each level. Colors: bands of Koo and Li (2016). inv.: all features invariant; a dash: "
        f"none can be classified. Subjects n = {n}."
    )


def render_figure(figure: Figure) -> dict[str, bytes]:
    """Return ``figure`` as PNG (300 dpi), PDF and SVG, by suffix; the same figure gives the same bytes."""
    undated: dict[str, dict[str, Any]] = {
        ".png": {"Software": None},
        ".pdf": {"CreationDate": None, "ModDate": None},
        ".svg": {"Date": None},
    }
    files = {}
    figure = for_rendering(figure)
    with mpl.rc_context(STYLE):
        for suffix, metadata in undated.items():
            stream = io.BytesIO()
            figure.savefig(stream, format=suffix[1:], dpi=300, metadata=metadata)
            files[suffix] = stream.getvalue()
    return files


def save_figure(figure: Figure, path: Path) -> list[Path]:
    """Write ``figure`` as PNG, PDF and SVG beside each other.

    Parameters
    ----------
    figure : Figure
        To write.
    path : Path
        File name without suffix; its folder exists.
    """
    files = render_figure(figure)
    return [write_bytes(content, path.with_name(path.name + suffix)) for suffix, content in files.items()]


def _legend(figure: Figure, thresholds: Sequence[float]) -> None:
    low, middle, high = thresholds
    ranges = (f"< {low:g}", f"{low:g} to {middle:g}", f"{middle:g} to {high:g}", f"≥ {high:g}")
    handles = [
        Patch(fc=color, label=f"{name} ({span})")
        for (name, color), span in zip(BAND_COLORS.items(), ranges, strict=True)
    ]
    figure.legend(handles=handles, loc="lower center", ncols=4, frameon=False, handlelength=1.2, borderpad=0)
