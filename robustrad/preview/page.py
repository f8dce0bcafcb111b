"""The preview as one HTML file that opens offline: a figure per factor, its caption, its numbers."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import NamedTuple

import jinja2

from robustrad.preview import captions
from robustrad.preview.look import Look, Row


class Section(NamedTuple):
    """One factor on the page."""

    name: str
    kind: str
    about: str
    image: str  # data URI
    columns: list[str]
    rows: list[list[str]]


def preview_page(look: Look, pictures: Mapping[str, bytes]) -> str:
    """Return the page.

    Parameters
    ----------
    look : Look
        What was looked at.
    pictures : mapping of str to bytes
        A PNG per factor.
    """
    sections = [_section(row, pictures[row.factor.name], look) for row in look.rows]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    head = captions.head_text(look)
    return environment.from_string(_PAGE).render(
        title=f"{look.case_id} under protocol {look.protocol}",
        head=head,
        caption=captions.figure_caption(look),
        sections=sections,
    )


def _section(row: Row, png: bytes, look: Look) -> Section:
    kind, about = captions.factor_text(row.factor)
    cells = [look.reference, *row.cells]
    measured = list(dict.fromkeys(column for cell in cells for column in cell.strength))
    return Section(
        row.factor.name,
        kind,
        about,
        "data:image/png;base64," + base64.b64encode(png).decode(),
        ["level", "severity", *(column.removeprefix("strength_") for column in measured), "status"],
        [
            [
                cell.level,
                "" if cell.severity is None else f"{cell.severity:g}",
                *(_text(cell.strength.get(column)) for column in measured),
                captions.reason_of(cell) or cell.status,
            ]
            for cell in cells
        ],
    )


def _text(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return "" if math.isnan(value) else captions.short(value)


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0.2rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 0; border-top: 1px solid #ddd; padding-top: 1rem; }
p { margin: 0.3rem 0 0.8rem; }
.kind { font-weight: normal; font-style: italic; color: #555; font-size: 0.95rem; }
.head { color: #555; }
figure { margin: 0; }
img { width: 100%; height: auto; }
summary { cursor: pointer; color: #555; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.7rem 0.2rem 0; text-align: left; vertical-align: top; }
th, td { border-bottom: 1px solid #eee; }
thead th { border-bottom: 1px solid #888; font-weight: 600; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p class="head">{{ head }}</p>
<p>{{ caption }}</p>
{% for section in sections %}
<h2 id="{{ section.name }}">{{ section.name }} <span class="kind">{{ section.kind }}</span></h2>
<p>{{ section.about }}</p>
<figure><img src="{{ section.image }}" alt="Pictures of all levels of {{ section.name }}"></figure>
<details><summary>All that was measured</summary>
<div class="wide"><table>
<thead><tr>{% for name in section.columns %}<th>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in section.rows %}
<tr>{% for text in row %}<td>{{ text }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table></div></details>
{% endfor %}
</body>
</html>
"""
