"""Tables as HTML: each number can be traced to its cell by the table's file, the row and the column.

``<table data-file>``, ``<tr data-row>`` and ``<th data-col data-form>`` say where the numbers stand, once per
table, row and column, so that a thousand features stay small.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from robustrad.report.numbers import DASH, show
from robustrad.report.sheets import Sheet
from robustrad.report.views import Table, cell_text

_LONG = 32  # characters; shorter names fit their column
_SENTENCE = 60  # characters; from here on a text gets room, however narrow the screen
BANDS = ("poor", "moderate", "good", "excellent")


def html_table(table: Table, *, sortable: bool = False, tips: dict[str, str] | None = None) -> Markup:
    """Return ``table`` as HTML.

    Parameters
    ----------
    table : Table
        What to show.
    sortable : bool
        Mark it for the script that sorts and searches.
    tips : dict of str to str, optional
        A sentence for texts of the first column (a feature's meaning).
    """
    head = "".join(
        f'<th scope="col" data-col="{escape(" || ".join(column.names))}" data-form="{column.form}"'
        f"{' class=n' if column.numeric else ''}{_tip(column.about)}>{escape(column.title)}</th>"
        for column in table.columns
    )
    kind = ' class="sortable"' if sortable else ""
    body = "".join(_section(table, heading, rows, tips or {}) for heading, rows in table.sections())
    return Markup(  # every text above and below went through escape
        f'<table id="table-{escape(table.name)}" data-file="{escape(table.sheet.file)}"{kind}>'
        f"<caption><span>{escape(table.title)}</span></caption><thead><tr>{head}</tr></thead>{body}</table>"
    )


def _section(table: Table, heading: str, rows: Sequence[int], tips: dict[str, str]) -> str:
    title = (
        f'<tr class="group"><th colspan="{len(table.columns)}" scope="rowgroup">{escape(heading)}</th></tr>'
        if heading
        else ""
    )
    columns = list(table.columns)
    values = [[table.sheet.frame[name].iloc[list(rows)].tolist() for name in c.names] for c in columns]
    bands = [table.sheet.frame[c.band].iloc[list(rows)].tolist() if c.band else None for c in columns]
    lines, previous = [], ""
    for i, row in enumerate(rows):
        cells = []
        for place, column in enumerate(columns):
            text = cell_text(column, [each[i] for each in values[place]])
            band = bands[place]
            quiet = text in (column.quiet, DASH) if column.quiet else text == DASH
            name = _classes(column.numeric, band[i] if band else None, quiet, len(text) > _SENTENCE)
            if place == 0 and text == previous and not table.groups:
                cells.append(f'<th scope="row"{name}><span class="again">{escape(text)}</span></th>')
            elif place == 0:
                tip = _tip(tips.get(text, ""))
                cells.append(f'<th scope="row"{name}{tip}>{breakable(text)}</th>')
            else:
                cells.append(f"<td{name}>{escape(text)}</td>")
        first = cell_text(columns[0], [each[i] for each in values[0]])
        names = [*(["fresh"] if first != previous else []), *(["mark"] if row in table.marked else [])]
        previous = first
        kind = f' class="{" ".join(names)}"' if names else ""
        lines.append(f'<tr data-row="{row}"{kind}>{"".join(cells)}</tr>')
    return f"<tbody>{title}{''.join(lines)}</tbody>"


def matrix_table(sheet: Sheet, name: str, title: str, *, first: str, thresholds: Sequence[float]) -> Markup:
    """Return a wide sheet as a compact table: text in ``first``, limits colored by band elsewhere."""
    columns = [column for column in sheet.frame.columns if column != first]
    head = "".join(
        f'<th scope=col data-col="{escape(c)}" data-form=cell class=turn><span>{escape(c)}</span>'
        for c in columns
    )
    values = sheet.frame[columns].to_numpy(dtype=float)
    band = np.where(np.isnan(values), -1, np.searchsorted(np.asarray(thresholds), values, side="right"))
    opening = [*(f"<td class={mark}>" for mark in BAND_MARKS), "<td>"]
    lines = []
    for row, label in enumerate(sheet.frame[first].tolist()):
        cells = "".join(
            opening[b] + (DASH if b < 0 else show(v, "cell"))
            for b, v in zip(band[row].tolist(), values[row].tolist(), strict=True)
        )
        lines.append(f"<tr data-row={row}><th scope=row>{escape(label)}{cells}")
    return Markup(
        f'<table id="table-{escape(name)}" class="matrix" data-file="{escape(sheet.file)}">'
        f"<caption><span>{escape(title)}</span></caption>"
        f'<thead><tr><th scope=col data-col="{escape(first)}" data-form=text>'
        f"{escape(first)}{head}</thead><tbody>{''.join(lines)}</tbody></table>"
    )


BAND_MARKS = ("bp", "bm", "bg", "be")  # short, because they stand in tens of thousands of cells


def breakable(text: str) -> str:
    """Return ``text`` escaped; a long name may break after an underscore, and nowhere else."""
    shown = str(escape(text))
    return shown.replace("_", "_<wbr>") if len(shown) > _LONG and " " not in shown else shown


def _classes(numeric: bool, band: object, quiet: bool, long: bool) -> str:
    names = ["n"] if numeric else []
    if long:
        names.append("long")
    if quiet:
        names.append("q")
    if isinstance(band, str) and band in BANDS:
        names.append(BAND_MARKS[BANDS.index(band)])
    return f' class="{" ".join(names)}"' if names else ""


def _tip(text: str) -> str:
    return f' title="{escape(text)}"' if text and not pd.isna(text) else ""
