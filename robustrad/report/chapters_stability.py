"""The section on stability: heat maps, curves, and a table of every feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from robustrad.report import catalog
from robustrad.report.blocks import band_key, figure_block, framed, heading, table_block
from robustrad.report.holdings import Holdings
from robustrad.report.html_heatmap import heatmap_table
from robustrad.report.html_table import matrix_table
from robustrad.report.plots.stability import dose_response_figure, survival_figure
from robustrad.report.sections import Section
from robustrad.report.tables import footnote
from robustrad.stability.strength import rises_with_severity

_WIDTH_MM = 174.0
_TITLE = "Stability"


def stability(holdings: Holdings, *, thresholds: Sequence[float], tips: Mapping[str, str]) -> Section:
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
        "A feature's class is given by the lower limit of its interval, not by its estimate. Agreement compares a "
        "condition with the reference; repeatability compares random draws of one level with each other, and may rise "
        "with severity while agreement falls. Definition factors (bins, analysis voxel size) change what a feature is and "
        "are judged by ranks.",
    )
    body = [
        table_block(catalog.by_factor(holdings)),
        heading("By feature class"),
        band_key(thresholds),
        *_heatmaps(summary, thresholds),
        Markup('<p class="note">{}</p>').format(
            "Median over the features of a class of the limit that decides a feature's class, rounded down. inv.: all "
            "features invariant; a dash: none can be classified. "
            + footnote(summary.frame, thresholds=(low, middle, high))
        ),
        *_curves(holdings),
        heading("Every feature"),
        table_block(catalog.features(holdings), search=True, tips=dict(tips)),
        Markup('<p class="note">{}</p>').format(
            "Skewed: reference values with |skewness| > 2, or the ICC of logarithms falls into another class. "
            "wCV only where a ratio means something. An empty class: invariant, constant, or too few subjects."
        ),
        _matrix(holdings, thresholds),
    ]
    return Section("stability", _TITLE, lead, tuple(body))


def _heatmaps(summary: object, thresholds: Sequence[float]) -> list[Markup]:
    shown = {
        "Agreement with the reference": ("agreement",),
        "Repeatability over draws": ("repeatability", "chains"),
    }
    return [
        framed(
            heatmap_table(summary, estimands=estimands, title=title, thresholds=thresholds),
            f"Heat map: {title}",
        )  # type: ignore[arg-type]
        for title, estimands in shown.items()
    ]


def _curves(holdings: Holdings) -> list[Markup]:
    summary, factors = holdings.frame("summary"), holdings.sheet("factors")
    blocks = [
        figure_block(
            dose_response_figure(summary, width_mm=_WIDTH_MM),
            "dose_response",
            caption="Dose and response: median ICC(A,1) with the reference of each feature class over the declared "
            f"severity of each factor. Dashed lines: where the classes begin.{_not_monotone(holdings)}",
            alt="Line charts, one per factor: the median ICC of each feature class over severity. The numbers stand in "
            "the heat map above and in dose_response.csv.",
            data="stability/summary.csv",
        ),
    ]
    if factors is not None:
        blocks.append(
            figure_block(
                survival_figure(factors.frame, width_mm=85.0),
                "survival",
                caption="Features that stay good or excellent, over the declared severity of each factor.",
                alt="Line chart: share of features good or excellent over severity, one line per factor. The numbers "
                "stand in the first table of this section.",
                data="report/tables/factors.csv",
            )
        )
    return [heading("Dose and response"), *blocks] if any(blocks) else []


def _not_monotone(holdings: Holdings) -> str:
    """Name the factors whose measured strength does not rise with their declared severity."""
    sheet = holdings.sheet("strength")
    if sheet is None:
        return ""
    names = [
        str(f)
        for f in dict.fromkeys(sheet.frame["factor"])
        if rises_with_severity(sheet.frame, str(f)) is False
    ]
    return (
        f" Measured strength does not rise with the declared severity of {', '.join(names)}." if names else ""
    )


def _matrix(holdings: Holdings, thresholds: Sequence[float]) -> Markup:
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
