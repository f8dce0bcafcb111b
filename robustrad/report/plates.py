"""The figures of a report: drawn once for the page and once for print, each with its data and its caption."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from robustrad.report.figures import heatmap_caption, stability_figure
from robustrad.report.holdings import Holdings
from robustrad.report.plots.stability import dose_response_figure, dose_rows, survival_figure
from robustrad.report.provenance import engine_note
from robustrad.stability.classes import KOO_LI, Thresholds
from robustrad.stability.strength import rises_with_severity

PAGE_MM, COLUMN_MM = 174.0, 85.0


@dataclass(frozen=True)
class Plate:
    """One figure.

    Attributes
    ----------
    name : str
        Of its files.
    draw : callable
        ``draw(width_mm)`` returns the figure.
    data : DataFrame
        Every number that is drawn.
    source : str
        Table that the data were selected from.
    caption, alt : str
        For print and page; for readers who cannot see it.
    """

    name: str
    draw: Callable[[float], Figure]
    data: pd.DataFrame
    source: str
    caption: str
    alt: str


def plates(holdings: Holdings, *, thresholds: Thresholds = KOO_LI) -> Iterator[Plate]:
    """Yield the figures that a study can fill."""
    yield from stability_plates(holdings, thresholds=thresholds)


def stability_plates(holdings: Holdings, *, thresholds: Thresholds) -> Iterator[Plate]:
    """Yield heat map, dose-response curves and survival."""
    summary, factors = holdings.sheet("summary"), holdings.sheet("factors")
    if summary is not None:
        shown = summary.frame[summary.frame["image_type"].eq("all") & summary.frame["role"].ne("control")]
        yield Plate(
            "heatmap",
            lambda _: stability_figure(summary.frame, thresholds=thresholds),
            shown,
            summary.file,
            f"{heatmap_caption(summary.frame)} {engine_note(holdings.folder)}".rstrip(),
            "Heat map of feature classes by factor and level, colored by the four classes of stability.",
        )
        rows = dose_rows(summary.frame)
        if len(rows):
            yield Plate(
                "dose_response",
                lambda width: _there(dose_response_figure(summary.frame, width_mm=width)),
                rows,
                summary.file,
                "Median ICC(A,1) with the reference of each feature class over the declared severity of each factor. "
                f"Dashed lines: where the classes begin.{_not_monotone(holdings)}",
                "Line charts, one per factor: the median ICC of each feature class over severity.",
            )
    if factors is not None and survival_figure(factors.frame, width_mm=COLUMN_MM) is not None:
        yield Plate(
            "survival",
            lambda width: _there(survival_figure(factors.frame, width_mm=width)),
            factors.frame[factors.frame["severity"].notna()],
            factors.file,
            "Features that stay good or excellent, over the declared severity of each factor.",
            "Line chart: share of features good or excellent over severity, one line per factor.",
        )


def _there(figure: Figure | None) -> Figure:
    if figure is None:
        raise ValueError("nothing to draw")
    return figure


def _not_monotone(holdings: Holdings) -> str:
    """Name the factors whose measured strength does not rise with their declared severity."""
    sheet = holdings.sheet("strength")
    if sheet is None:
        return ""
    factors = [str(factor) for factor in dict.fromkeys(sheet.frame["factor"])]
    names = [factor for factor in factors if rises_with_severity(sheet.frame, factor) is False]
    return (
        f" Measured strength does not rise with the declared severity of {', '.join(names)}." if names else ""
    )
