"""The figures of a report: drawn once for the page and once for print, each with its data and its caption."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from robustrad.report.components import components_caption, components_figure
from robustrad.report.figures import heatmap_caption, stability_figure
from robustrad.report.holdings import Holdings
from robustrad.report.plots.drift import (
    calibration_figure,
    drift_figure,
    flips_figure,
    main_rows,
    matrix_figure,
    patients_figure,
)
from robustrad.report.plots.remedies import remedies_figure
from robustrad.report.plots.stability import dose_response_figure, dose_rows, survival_figure
from robustrad.report.provenance import engine_note
from robustrad.report.sheets import Sheet
from robustrad.stability.classes import KOO_LI, Thresholds
from robustrad.stability.strength_summary import rises_with_severity

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
    yield from component_plates(holdings)
    yield from drift_plates(holdings)
    yield from remedy_plates(holdings)


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
                "Median ICC(A,1) with the reference of each feature class over the declared severity of "
                "each factor. "
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


def component_plates(holdings: Holdings) -> Iterator[Plate]:
    """Yield the variance components."""
    sheet = holdings.sheet("components_summary")
    if sheet is not None and sheet.frame["role"].ne("control").any():
        yield Plate(
            "components",
            lambda _: components_figure(sheet.frame),
            sheet.frame,
            sheet.file,
            components_caption(sheet.frame),
            "Stacked bars per factor and feature class: shares of the variance between subjects, levels and "
            "the rest. The numbers stand in components.csv.",
        )


def drift_plates(holdings: Holdings) -> Iterator[Plate]:
    """Yield what a drift analysis can draw."""
    drift, patients, matrix = (holdings.sheet(name) for name in ("drift", "patients", "matrix"))
    if drift is not None:
        yield from _of_drift(drift, margin_of(holdings))
    if patients is not None:
        yield from _plate(
            "patients",
            lambda width: patients_figure(patients.frame, width_mm=width),
            patients,
            caption="Score of each subject at the reference (mark) and its range over all conditions (line).",
            alt="Chart: each subject's score and its range over the conditions, ordered by score.",
        )
    if matrix is not None:
        yield from _plate(
            "matrix",
            lambda width: matrix_figure(matrix.frame, width_mm=width),
            matrix,
            caption="AUC of a model trained on one condition (row) and tested on another (column): along the "
            "diagonal what information is lost, off it what the mismatch costs.",
            alt="Heat map of AUC, training condition by test condition. The numbers stand in matrix.csv.",
        )


def _of_drift(drift: Sheet, margin: float) -> Iterator[Plate]:
    rows = drift.frame
    perturbed = Sheet(drift.file, main_rows(rows))
    yield from _plate(
        "drift_auc",
        lambda width: drift_figure(rows, width_mm=width, margin=margin),
        perturbed,
        caption="Change of AUC against the reference over the severity of each factor, same patients, with a "
        f"simultaneous 95 % band over all levels. Dashed: the margin of {margin:g}.",
        alt="Charts, one per factor: the change of AUC with its band at each level. The numbers stand in the "
        "table.",
    )
    yield from _plate(
        "flips",
        lambda width: flips_figure(rows, width_mm=width),
        perturbed,
        caption="Subjects whose class changes at the threshold fixed on the reference, up and down.",
        alt="Bar charts, one per factor: subjects that change class at each level, up and down.",
    )
    yield from _plate(
        "calibration",
        lambda width: calibration_figure(rows, width_mm=width),
        drift,
        caption="Calibration at every level. Solid: at the reference. Dashed: ideal.",
        alt="Dot charts: calibration in the large and calibration slope at every level.",
    )


def remedy_plates(holdings: Holdings) -> Iterator[Plate]:
    """Yield what a comparison of remedies can draw."""
    sheet = holdings.sheet("remedies")
    if sheet is not None:
        yield from _plate(
            "remedies",
            lambda width: remedies_figure(sheet.frame, width_mm=width),
            sheet,
            caption="AUC before (open) and after (filled) each remedy, per experiment. Dashed: AUC at the "
            "reference.",
            alt="Dot charts, one per experiment: AUC before and after each remedy.",
        )


def margin_of(holdings: Holdings) -> float:
    """Return the margin that the drift analysis declared; the default where it does not say."""
    record = holdings.drift_record
    settings = record.get("settings", {})
    found = record.get("margin", settings.get("margin") if isinstance(settings, dict) else None)
    return float(found) if isinstance(found, (int, float)) else 0.05


def _plate(
    name: str, draw: Callable[[float], Figure | None], drawn: Sheet, *, caption: str, alt: str
) -> Iterator[Plate]:
    """Yield one plate, unless there is nothing to draw."""
    if draw(PAGE_MM) is not None:
        yield Plate(name, lambda width: _there(draw(width)), drawn.frame, drawn.file, caption, alt)


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
