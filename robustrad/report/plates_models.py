"""The figures on models: drift of an outcome, time to event, remedies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from robustrad.report.holdings import Holdings
from robustrad.report.judged import Judged, held
from robustrad.report.plate import Plate, plate_of
from robustrad.report.plots.drift import (
    calibration_figure,
    drift_figure,
    flips_figure,
    main_rows,
    patients_figure,
)
from robustrad.report.plots.matrix import matrix_figure
from robustrad.report.plots.remedies import remedies_figure, sweep_figure
from robustrad.report.plots.survival import first_arm, kaplan_meier_figure
from robustrad.report.remedy_words import experiments
from robustrad.report.sheets import Sheet


def drift_plates(holdings: Holdings) -> Iterator[Plate]:
    """Yield what a drift analysis can draw."""
    drift, patients, matrix = (holdings.sheet(name) for name in ("drift", "patients", "matrix"))
    if drift is not None:
        yield from _of_drift(drift, margin_of(holdings.drift_record))
    if patients is not None:
        yield from plate_of(
            "patients",
            lambda width: patients_figure(patients.frame, width_mm=width),
            patients,
            caption="Score of each subject at the reference (mark) and its range over all conditions (line).",
            alt="Chart: each subject's score and its range over the conditions, ordered by score.",
        )
    if matrix is not None:
        yield from plate_of(
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
    yield from plate_of(
        "drift_auc",
        lambda width: drift_figure(rows, width_mm=width, margin=margin),
        perturbed,
        caption="Change of AUC against the reference over the severity of each factor, same patients, with a "
        f"simultaneous 95 % band over all levels. Dashed: the margin of {margin:g}.",
        alt="Charts, one per factor: the change of AUC with its band at each level. The numbers stand in the "
        "table.",
    )
    yield from plate_of(
        "flips",
        lambda width: flips_figure(rows, width_mm=width),
        perturbed,
        caption="Subjects whose class changes at the threshold fixed on the reference, up and down.",
        alt="Bar charts, one per factor: subjects that change class at each level, up and down.",
    )
    yield from plate_of(
        "calibration",
        lambda width: calibration_figure(rows, width_mm=width),
        drift,
        caption="Calibration at every level. Solid: at the reference. Dashed: ideal.",
        alt="Dot charts: calibration in the large and calibration slope at every level.",
    )


def survival_plates(holdings: Holdings) -> Iterator[Plate]:
    """Yield what an analysis of time to event can draw."""
    survival, curves = holdings.sheet("survival"), holdings.sheet("kaplan_meier")
    if survival is not None:
        margin = margin_of(holdings.survival_record)
        rows = Sheet(survival.file, main_rows(survival.frame))
        yield from plate_of(
            "survival_c",
            lambda width: drift_figure(survival.frame, width_mm=width, margin=margin, measure="C"),
            rows,
            caption="Change of C against the reference over the severity of each factor, same patients, "
            f"with a simultaneous 95 % band over all levels. Dashed: the margin of {margin:g}.",
            alt="Charts, one per factor: the change of C with its band at each level. The numbers stand "
            "in the table.",
        )
        yield from plate_of(
            "survival_flips",
            lambda width: flips_figure(survival.frame, width_mm=width, names=("low to high", "high to low")),
            rows,
            caption="Subjects that change between low and high risk at the cut-off fixed on the reference.",
            alt="Bar charts, one per factor: subjects that change between low and high risk at each level.",
        )
    if curves is not None:
        yield from plate_of(
            "kaplan_meier",
            lambda width: kaplan_meier_figure(curves.frame, width_mm=width),
            Sheet(curves.file, first_arm(curves.frame)),
            caption="Survival of the subjects at high and low risk at the reference and at the strongest "
            "level of each factor, with 95 % bands and the numbers at risk; short strokes: censored; dashed: "
            "the same groups at the reference.",
            alt="Kaplan-Meier curves of high and low risk, one panel per factor, with numbers at risk. The "
            "numbers stand in kaplan_meier.csv.",
        )


def remedy_plates(holdings: Holdings) -> Iterator[Plate]:
    """Yield what comparisons of remedies can draw, those by AUC first."""
    for judged in held(holdings):
        yield from _of_remedies(holdings, judged)


def _of_remedies(holdings: Holdings, judged: Judged) -> Iterator[Plate]:
    sheet, sweep = (judged.sheet(holdings, name) for name in ("remedies", "calibration_sweep"))
    measure = judged.measure
    if sheet is not None:
        order = experiments(sheet)
        yield from plate_of(
            judged.name("remedies"),
            lambda width: remedies_figure(sheet.frame, width_mm=width, order=order, measure=measure),
            sheet,
            caption=f"{judged.title}{measure} without (open) and with (filled) each remedy, the best on top, "
            "with 95 % intervals; a remedy that learns from perturbations has not seen the factor that it "
            f"meets. Dashed: {measure} at the reference, where it is known.",
            alt=f"Dot charts, one per experiment: {measure} without and with each remedy, with intervals. "
            "The numbers stand in the tables below.",
        )
    if sweep is not None:
        yield from plate_of(
            judged.name("calibration_sweep"),
            lambda width: sweep_figure(sweep.frame, width_mm=width, measure=measure),
            sweep,
            caption=f"{judged.title}{measure} at a new site by the number of its patients that a remedy may "
            "see (unlabelled, never judged). Gray: without a remedy; dashed: at the reference, where it is "
            "known.",
            alt=f"Line chart: {measure} at a new site over the number of calibration patients, one line per "
            "remedy.",
        )


def margin_of(record: dict[str, Any]) -> float:
    """Return the margin that a run declared; the default where it does not say."""
    settings = record.get("settings", {})
    found = record.get("margin", settings.get("margin") if isinstance(settings, dict) else None)
    return float(found) if isinstance(found, (int, float)) else 0.05
