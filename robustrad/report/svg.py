"""A matplotlib figure inside a page: small, with text as text, following the page's light or dark ink."""

from __future__ import annotations

import io
import re

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from robustrad.report.plots.style import COLORS, INK, STYLE, for_rendering

# Colors that the page knows by name, because a dark page needs others: lines lighter, quiet areas darker.
_FOLLOWING = {COLORS[0]: "blue", "#d5dfe8": "quiet"}


def inline_svg(figure: Figure, name: str, *, alt: str) -> Markup:
    """Return ``figure`` as an SVG element for an HTML page.

    Parameters
    ----------
    figure : Figure
        Drawn with :data:`robustrad.report.plots.style.STYLE`.
    name : str
        Unique in the page; prefixes the ids within.
    alt : str
        What it shows, for readers who cannot see it.
    """
    stream = io.StringIO()
    figure = for_rendering(figure)
    with mpl.rc_context({**STYLE, "svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    for dark in (INK, "#000000", "#7a5400"):
        text = text.replace(dark, "currentColor")
    for color, name_of in _FOLLOWING.items():
        text = text.replace(color, f"var(--{name_of})")
    text = re.sub(r"fill-opacity: (0\.[12]\d*)", r"fill-opacity: calc(\1 * var(--band))", text)
    text = re.sub(r'font: ([^;"]*?)([\d.]+)px [^;"]*', r"font: \1\2px var(--sans)", text)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'((?:xlink:)?href="#)', rf"\1{name}-", text)
    text = text.replace("url(#", f"url(#{name}-")
    text = re.sub(r"\s+xmlns:xlink=\"[^\"]*\"", "", text).replace("xlink:href", "href")
    text = re.sub(r"\n\s*", "\n", text)
    width, height = figure.get_size_inches()
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {72 * width:g} {72 * height:g}" '
        f'role="img" aria-label="{escape(alt)}" style="max-width:{96 * 1.35 * width:.0f}px">'
    )
    return Markup(re.sub(r"<svg[^>]*>", lambda _: opening, text, count=1))  # made here; alt is escaped
