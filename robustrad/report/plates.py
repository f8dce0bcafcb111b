"""The figures of a report: drawn once for the page and once for print, each with its data and its caption."""

from __future__ import annotations

from collections.abc import Iterator

from robustrad.report.components import components_caption, components_figure
from robustrad.report.figures import heatmap_caption, stability_figure
from robustrad.report.holdings import Holdings
from robustrad.report.plate import Plate, plate_of
from robustrad.report.plates_models import drift_plates, remedy_plates, survival_plates
from robustrad.report.plots.stability import dose_response_figure, dose_rows, survivors_figure
from robustrad.report.provenance import engine_note
from robustrad.report.sheets import Sheet
from robustrad.stability.classes import KOO_LI, Thresholds
from robustrad.stability.strength_summary import rises_with_severity


def plates(holdings: Holdings, *, thresholds: Thresholds = KOO_LI) -> Iterator[Plate]:
    """Yield the figures that a study can fill."""
    yield from stability_plates(holdings, thresholds=thresholds)
    yield from component_plates(holdings)
    yield from drift_plates(holdings)
    yield from survival_plates(holdings)
    yield from remedy_plates(holdings)


def stability_plates(holdings: Holdings, *, thresholds: Thresholds) -> Iterator[Plate]:
    """Yield heat map, dose-response curves and survivors."""
    summary, factors = holdings.sheet("summary"), holdings.sheet("factors")
    if summary is not None:
        shown = summary.frame[summary.frame["image_type"].eq("all") & summary.frame["role"].ne("control")]
        yield from plate_of(
            "heatmap",
            lambda _: stability_figure(summary.frame, thresholds=thresholds),
            Sheet(summary.file, shown),
            caption=f"{heatmap_caption(summary.frame)} {engine_note(holdings.folder)}".rstrip(),
            alt="Heat map of feature classes by factor and level, colored by the four classes of stability.",
        )
        yield from plate_of(
            "dose_response",
            lambda width: dose_response_figure(summary.frame, width_mm=width),
            Sheet(summary.file, dose_rows(summary.frame)),
            caption="Median ICC(A,1) with the reference of each feature class over the declared severity of "
            f"each factor. Dashed lines: where the classes begin.{_not_monotone(holdings)}",
            alt="Line charts, one per factor: the median ICC of each feature class over severity.",
        )
    if factors is not None:
        yield from plate_of(
            "survivors",
            lambda width: survivors_figure(factors.frame, width_mm=width),
            Sheet(factors.file, factors.frame[factors.frame["severity"].notna()]),
            caption="Share of the features that stay good or excellent, over the declared severity of each "
            "factor.",
            alt="Line chart: share of features good or excellent over severity, one line per factor.",
        )


def component_plates(holdings: Holdings) -> Iterator[Plate]:
    """Yield the variance components."""
    sheet = holdings.sheet("components_summary")
    if sheet is not None and sheet.frame["role"].ne("control").any():
        yield from plate_of(
            "components",
            lambda _: components_figure(sheet.frame),
            sheet,
            caption=components_caption(sheet.frame),
            alt="Stacked bars per factor and feature class: shares of the variance between subjects, levels "
            "and the rest. The numbers stand in components.csv.",
        )


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
