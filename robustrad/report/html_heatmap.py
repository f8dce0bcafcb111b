"""The heat map of the page: a real table, so that it can be read, searched and traced without a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup, escape

from robustrad.report.heatmap import Column, classes_of, columns_of
from robustrad.report.html_table import BAND_MARKS
from robustrad.report.numbers import DASH, show
from robustrad.report.sheets import Sheet


def heatmap_table(
    summary: Sheet, *, estimands: Sequence[str], title: str, thresholds: Sequence[float]
) -> Markup:
    """Return feature class x factor and level as a table colored by the bands of Koo and Li.

    A cell shows the median over the class's features of the limit that decides a feature's class. Empty where
    the summary has no rows of these estimands.
    """
    columns = list(columns_of(summary.frame, estimands))
    if not columns:
        return Markup("")
    place = {_key(row): i for i, row in enumerate(summary.frame.to_dict("records"))}
    head = [_span(columns, "role", "role"), _span(columns, "factor", "factor")]
    levels = "".join(
        f'<th scope="col" class="turn{_edge(columns, i)}"><span>{escape(column.level)}</span></th>'
        for i, column in enumerate(columns)
    )
    rows = []
    for name in classes_of(columns):
        cells = "".join(
            _cell(column, name, place, thresholds, _edge(columns, i)) for i, column in enumerate(columns)
        )
        label = "all features" if name == "all" else name
        rows.append(
            f'<tr{" class=total" if name == "all" else ""}><th scope="row">{escape(label)}</th>{cells}</tr>'
        )
    return Markup(
        f'<table class="heat" data-file="{escape(summary.file)}">'
        f"<caption><span>{escape(title)}</span></caption><thead>"
        f'<tr>{head[0]}</tr><tr>{head[1]}</tr><tr><th scope="col">class</th>{levels}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _key(row: dict[object, object]) -> tuple[object, ...]:
    level = row["level"]
    return (
        row["factor"],
        "all" if _missing(level) else level,
        row["estimand"],
        row["image_type"],
        row["feature_class"],
    )


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _cell(
    column: Column,
    name: str,
    place: dict[tuple[object, ...], int],
    thresholds: Sequence[float],
    edge: str,
) -> str:
    if name not in column.rows.index:
        return f'<td class="none{edge}"></td>'
    row: dict[Any, Any] = column.rows.loc[name].to_dict()
    position = place[column.factor, column.level, row["estimand"], "all", name]
    value = float(row["median_limit"])
    tip = (
        f"{name}, {column.factor} {column.level}: {row['n_classifiable']} of {row['n_features']} classifiable"
    )
    if math.isnan(value):
        invariant = row["n_invariant"] == row["n_features"]
        return f'<td class="none{edge}" title="{escape(tip)}">{"inv." if invariant else DASH}</td>'
    band = BAND_MARKS[sum(value >= bar for bar in thresholds)]
    shares = ", ".join(
        f"{100 * row[c]:.0f} % {c}" for c in ("excellent", "good", "moderate", "poor") if row[c] > 0
    )
    return (
        f'<td class="{band}{edge}" data-row="{position}" data-col="median_limit" data-form="cell" '
        f'title="{escape(tip)}: {shares}">{show(value, "cell")}</td>'
    )


def _edge(columns: Sequence[Column], i: int) -> str:
    return " edge" if i and columns[i].factor != columns[i - 1].factor else ""


def _span(columns: Sequence[Column], attribute: str, kind: str) -> str:
    """One line of spanning headings; the first cell is that of the row labels."""
    cells, i = [f'<th scope="col" class="{kind}">{kind}</th>'], 0
    for key, group in groupby(
        columns, key=lambda column: (column.role, column.factor) if attribute == "factor" else column.role
    ):
        count = len(list(group))
        text = key[1].replace("_", " ") if isinstance(key, tuple) else (key or "")
        cells.append(
            f'<th colspan="{count}" scope="colgroup" class="{kind}{_edge(columns, i)}">{escape(text)}</th>'
        )
        i += count
    return "".join(cells)
