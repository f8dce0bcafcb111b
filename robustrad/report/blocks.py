"""Pieces of the page: a table in its frame, a figure with its caption, a picture of the conditions."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape
from matplotlib.figure import Figure

from robustrad.report.holdings import Holdings
from robustrad.report.html_table import html_table
from robustrad.report.numbers import show
from robustrad.report.plate import COLUMN_MM, PAGE_MM, Plate
from robustrad.report.sheets import Sentence
from robustrad.report.svg import inline_svg
from robustrad.report.views import Table


def table_block(table: Table | None, *, search: bool = False, tips: dict[str, str] | None = None) -> Markup:
    """Return ``table`` with its notes, empty without rows; ``search`` adds sorting and a search box."""
    if table is None or not len(table.rows):
        return Markup("")
    name = f"table-{table.name}"
    tools = (
        Markup(
            '<div class="tools"><label for="search-{0}">Search</label>'
            '<input id="search-{0}" type="search" data-search="{0}" placeholder="glcm wavelet-LLH ...">'
            '<span data-count="{0}" aria-live="polite"></span>'
            "<span>A click on a heading sorts.</span></div>"
        ).format(name)
        if search
        else Markup("")
    )
    tall = " tall" if search or len(table.rows) > 40 else ""
    kind = " features" if table.name in {"features", "robust_features", "dictionary"} else ""
    kind = " compact" if "remedies_" in table.name else kind
    return Markup(
        '{tools}<div class="scroll{tall}{kind}" role="region" tabindex="0" aria-label="{label}">'
        "{table}</div>{notes}"
    ).format(
        tools=tools,
        tall=tall,
        kind=kind,
        label=f"Table: {table.title}",
        table=html_table(table, sortable=search, tips=tips),
        notes=Markup("").join(Markup('<p class="note">{}</p>').format(note) for note in table.notes),
    )


def framed(table: Markup, label: str, *, tall: bool = False) -> Markup:
    """Return a table or a picture in a box that scrolls by itself; empty stays empty."""
    if not table:
        return table
    return Markup('<div class="scroll{}" role="region" tabindex="0" aria-label="{}">{}</div>').format(
        " tall" if tall else "", label, table
    )


def figure_at(figures: Mapping[str, Plate], name: str) -> Markup:
    """Return the block of one figure, empty where the study has none."""
    return figure_block(figures[name]) if name in figures else Markup("")


def figure_block(plate: Plate) -> Markup:
    """Return a figure with its caption and the names of its files, drawn for screen and phone.

    A phone gets what stands in a column of a journal. A figure that is wide in any case scrolls there.
    """
    page, column = plate.draw(PAGE_MM), plate.draw(COLUMN_MM)
    wide = inline_svg(page, plate.name, alt=plate.alt)
    if _mm(column) > COLUMN_MM + 1:
        shown = framed(wide, f"Figure: {plate.alt}")
    elif _mm(page) <= COLUMN_MM + 1:
        shown = wide
    else:
        narrow = inline_svg(column, f"{plate.name}-column", alt=plate.alt)
        shown = Markup('<div class="wide">{}</div><div class="narrow">{}</div>').format(wide, narrow)
    return Markup("<figure>{}<figcaption>{} {}</figcaption></figure>").format(
        shown, plate.caption, _files(plate)
    )


def _mm(figure: Figure) -> float:
    return float(figure.get_figwidth()) * 25.4


def picture_block(png: bytes, *, caption: str, alt: str) -> Markup:
    """Return a PNG inside the page; on a phone it scrolls by itself."""
    source = "data:image/png;base64," + base64.b64encode(png).decode()
    shown = framed(Markup('<img src="{}" alt="{}">').format(source, alt), f"Figure: {alt}")
    return Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(shown, caption)


def _files(plate: Plate) -> Markup:
    links = Markup(", ").join(
        Markup('<a href="figures/{}.{}">{}</a>').format(plate.name, suffix, suffix.upper())
        for suffix in ("pdf", "svg", "png", "csv")
    )
    return Markup('<span class="files">For print: {}. Drawn from {}.</span>').format(links, plate.source)


def band_key(thresholds: Sequence[float]) -> Markup:
    """Return the legend of the four classes."""
    low, middle, high = (f"{bar:g}" for bar in thresholds)
    spans = {"bp": f"poor, below {low}", "bm": f"moderate, from {low}", "bg": f"good, from {middle}",
             "be": f"excellent, from {high}"}  # fmt: skip
    entries = Markup("").join(
        Markup('<li><i class="{}"></i>{}</li>').format(mark, text) for mark, text in spans.items()
    )
    return Markup('<ul class="key" aria-label="Colors of the classes">{}</ul>').format(entries)


def conditions_picture(holdings: Holdings) -> Markup:
    """Return the plan of the study as a picture: a line per factor, a pill per level."""
    frame = holdings.frame("conditions")
    if frame.empty or not {"factor", "level"} <= set(frame.columns):
        return Markup("")
    lines = []
    for factor, part in frame[frame["factor"].ne("reference")].groupby("factor", sort=False):
        levels = part.drop_duplicates("level")
        chips = Markup("").join(
            _chip(row, int(part["level"].eq(row["level"]).sum())) for row in levels.to_dict("records")
        )
        role = levels["role"].iloc[0] if "role" in levels else ""
        lines.append(
            Markup(
                '<div class="name">{}</div><div class="kind">{}</div>'
                '<ul class="chips" aria-label="Levels of {}">{}</ul>'
            ).format(str(factor).replace("_", " "), show(role, "text"), factor, chips)
        )
    return Markup('<div class="plan">{}</div>').format(Markup("").join(lines))


def _chip(row: dict[object, object], draws: int) -> Markup:
    severity = show(row.get("severity"), "plain")
    told = [f"severity {severity}"] if severity != show(None, "text") else []
    told += [f"{draws} draws"] if draws > 1 else []
    small = Markup("<small>{}</small>").format(", ".join(told)) if told else Markup("")
    return Markup("<li>{}{}</li>").format(str(row["level"]), small)


def preformatted(text: str) -> Markup:
    """Return text as it is, in a box."""
    return Markup('<pre tabindex="0">{}</pre>').format(text)


def folded(summary: str, block: Markup) -> Markup:
    """Return a block that opens on demand (and in print); empty stays empty."""
    box = Markup('<details class="fold"><summary>{}</summary>{}</details>')
    return box.format(summary, block) if block else block


def sentence_list(sentences: Sequence[Sentence]) -> Markup:
    """Return sentences as a list; empty without any."""
    items = Markup("").join(Markup("<li>{}</li>").format(sentence) for sentence in sentences)
    return Markup('<ul class="said-list">{}</ul>').format(items) if items else items


def heading(text: str) -> Markup:
    """Return a heading within a section."""
    return Markup(f"<h3>{escape(text)}</h3>")
