"""What a heat map of stability is drawn from: columns, cells, headings, and sizes that fit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from robustrad.report.tables import text_or

FONT_PT, _SMALLEST_PT = 8.0, 4.5
# ColorBrewer BrBG, four classes: told apart with any color vision, and in gray by text.
BAND_COLORS = {"poor": "#a6611a", "moderate": "#dfc27d", "good": "#80cdc1", "excellent": "#018571"}
_ON_DARK = {"poor", "excellent"}
_GAP = 0.35  # between factors, in columns
CHARACTER_MM = 1.65  # mean width of a letter at 8 pt


@dataclass(frozen=True)
class Column:
    """One column of the heat map: where it stands and what it shows."""

    x: float
    factor: str
    level: str
    role: str | None
    rows: pd.DataFrame  # indexed by feature class


def columns_of(summary: pd.DataFrame, estimands: Sequence[str]) -> Iterator[Column]:
    """Yield the columns of a heat map in the summary's order, with a gap between factors."""
    shown = summary[
        (summary["image_type"] == "all")
        & summary["estimand"].isin(list(estimands))
        & (summary["role"] != "control")
    ]
    x, previous = 0.0, None
    for (factor, level, _), rows in shown.groupby(["factor", "level", "estimand"], sort=False, dropna=False):
        if previous is not None:
            x += 1.0 if factor == previous else 1.0 + _GAP
        previous = factor
        role = rows["role"].iloc[0]
        yield Column(
            x,
            str(factor),
            text_or(level, "all"),
            text_or(role, "") or None,
            rows.set_index("feature_class"),
        )


def classes_of(columns: Sequence[Column]) -> list[str]:
    """Return the feature classes of all columns: the rows of the heat map."""
    return list(dict.fromkeys(str(name) for column in columns for name in column.rows.index))


def row_y(row: int) -> float:
    """The first row, all features, is set apart."""
    return row + (0.25 if row else 0.0)


def fitting_size(width_mm: float, *, characters: float) -> float:
    """Return the font size at which so many characters fit: 8 pt, less where there is no room."""
    return min(FONT_PT, max(_SMALLEST_PT, FONT_PT * width_mm / ((characters + 0.5) * CHARACTER_MM)))


def _fits(width_mm: float, characters: int) -> bool:
    """Whether so many characters fit at a size that can be read."""
    return width_mm >= characters * CHARACTER_MM * _SMALLEST_PT / FONT_PT


def draw_cell(
    ax: Axes,
    corner: tuple[float, float],
    row: Mapping[Any, Any],
    *,
    thresholds: Sequence[float],
    size: float,
) -> None:
    """Draw one cell with its lower left ``corner``: the median limit in its band, or why there is none."""
    value = float(row["median_limit"])
    if math.isnan(value):
        invariant = row["n_invariant"] == row["n_features"]
        face, color, text = "#f0f0f0", "#555555", "inv." if invariant else "\N{EN DASH}"
    else:
        band = list(BAND_COLORS)[sum(value >= threshold for threshold in thresholds)]
        face, color, text = BAND_COLORS[band], "white" if band in _ON_DARK else "black", short_number(value)
    ax.add_patch(Rectangle(corner, 1, 1, fc=face, ec="white", lw=0.8))
    ax.text(corner[0] + 0.5, corner[1] + 0.5, text, ha="center", va="center", color=color, size=size)


def short_number(value: float) -> str:
    """Two decimals, rounded down, without the leading zero, as correlations are printed."""
    down = math.floor(value * 100 + 1e-9) / 100
    text = f"{down:.2f}".replace("-", "\N{MINUS SIGN}")
    return text.replace("0.", ".", 1) if abs(down) < 1 else text


def draw_head(ax: Axes, columns: Sequence[Column], column_mm: float) -> None:
    """Write factor names over their columns, and roles over those."""
    for factor in dict.fromkeys(column.factor for column in columns):
        first, last = _span(columns, "factor", factor)
        name = factor.replace("_", " ")
        if fitting_size((last - first) * column_mm, characters=len(name)) < FONT_PT:
            name = name.replace(" ", "\n", 1)
        size = fitting_size((last - first) * column_mm, characters=max(map(len, name.split("\n"))))
        ax.text((first + last) / 2, -0.15, name, ha="center", va="bottom", linespacing=0.95, size=size)
    for role in dict.fromkeys(column.role for column in columns if column.role):
        first, last = _span(columns, "role", role)
        ax.plot([first, last], [-1.65, -1.65], color="0.4", lw=0.6, clip_on=False)
        width = (last - first) * column_mm
        short = role if _fits(width, len(role)) else f"{role[:3]}."
        size = fitting_size(width, characters=len(short))
        ax.text(
            (first + last) / 2, -1.75, short, ha="center", va="bottom", color="0.3", style="italic", size=size
        )


def _span(columns: Sequence[Column], attribute: str, value: str) -> tuple[float, float]:
    own = [column.x for column in columns if getattr(column, attribute) == value]
    return own[0], own[-1] + 1
