"""The section on stability: heat maps, curves, and a table of every feature."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from robustrad.report import catalog
from robustrad.report.blocks import band_key, figure_at, framed, heading, table_block
from robustrad.report.holdings import Holdings
from robustrad.report.html_heatmap import heatmap_table
from robustrad.report.html_table import matrix_table
from robustrad.report.plate import Plate
from robustrad.report.sections import Section
from robustrad.report.sheets import Sheet
from robustrad.report.tables import footnote
from robustrad.stability.classes import Thresholds

_TITLE = "Stability"


def stability(
    holdings: Holdings, figures: Mapping[str, Plate], *, thresholds: Thresholds, tips: Mapping[str, str]
) -> Section:
    """Show how well features agree over the conditions."""
    summary = holdings.sheet("summary")
    if summary is None:
        return Section(
            "stability",
            _TITLE,
            lacking="Stability was not measured. Run: robustrad stability " + str(holdings.folder.name),
        )
    low, middle, high = thresholds
    lead = (
        (
            "A feature's class is given by the lower limit of its interval, not by its estimate. Agreement "
            "compares a "
            "condition with the reference; repeatability compares random draws of one level with each other, "
            "and may rise "
            "with severity while agreement falls. Definition factors (bins, analysis voxel size) change what "
            "a feature is and "
            "are judged by ranks."
        ),
    )
    body = [
        table_block(catalog.by_factor(holdings)),
        heading("By feature class"),
        band_key(thresholds),
        *_heatmaps(summary, thresholds),
        Markup('<p class="note">{}</p>').format(
            "Median over the features of a class of the limit that decides a feature's class, rounded "
            "down. inv.: all "
            "features invariant; a dash: none can be classified. "
            + footnote(summary.frame, thresholds=(low, middle, high))
        ),
        *_drawn("Dose and response", figures, "dose_response", "survivors"),  # the heat map stands as tables
        *_drawn("Variance components", figures, "components"),
        heading("Every feature"),
        table_block(catalog.features(holdings), search=True, tips=dict(tips)),
        Markup('<p class="note">{}</p>').format(
            "Skewed: reference values with |skewness| > 2, or the ICC of logarithms falls into another "
            "class. "
            "wCV only where a ratio means something. An empty class: invariant, constant, or too few "
            "subjects."
        ),
        _matrix(holdings, thresholds),
    ]
    return Section("stability", _TITLE, lead, tuple(body))


def _heatmaps(summary: Sheet, thresholds: Thresholds) -> list[Markup]:
    shown = {
        "Agreement with the reference": ("agreement",),
        "Repeatability over draws": ("repeatability", "chains"),
    }
    return [
        framed(
            heatmap_table(summary, estimands=estimands, title=title, thresholds=thresholds),
            f"Heat map: {title}",
        )
        for title, estimands in shown.items()
    ]


def _drawn(title: str, figures: Mapping[str, Plate], *names: str) -> list[Markup]:
    blocks = [figure_at(figures, name) for name in names if name in figures]
    return [heading(title), *blocks] if blocks else []


def _matrix(holdings: Holdings, thresholds: Thresholds) -> Markup:
    sheet = holdings.sheet("limits")
    if sheet is None:
        return Markup("")
    table = matrix_table(
        sheet, "limits", "The limit that decides the class, for every feature and level.", first="feature",
        thresholds=thresholds,
    )  # fmt: skip
    return Markup(
        '<details class="matrixbox"><summary>Every feature under every level</summary>{}</details>'
    ).format(framed(table, "Table: limits of every feature under every level", tall=True))
