"""Sections on the model: drift, remedies, safeguards."""

from __future__ import annotations

from markupsafe import Markup

from robustrad.report import catalog_drift as catalog
from robustrad.report.blocks import figure_block, heading, table_block
from robustrad.report.holdings import Holdings
from robustrad.report.plates import drift_plates, remedy_plates
from robustrad.report.sections import Section
from robustrad.report.sheets import Sentence

_VERDICTS = (
    "Robust: the simultaneous band stays above minus the margin (small loss: and below zero). Drifts: it "
    "lies below minus "
    "the margin. Inconclusive: neither; more patients could tell."
)


def drift(holdings: Holdings) -> Section:
    """Show how a model's performance and predictions change over the conditions."""
    title = "Drift of the model"
    if holdings.sheet("drift") is None:
        command = f"robustrad drift {holdings.folder.name} --outcome COLUMN"
        return Section("drift", title, lacking=f"No model was examined. Run: {command}")
    figures = {plate.name: figure_block(plate) for plate in drift_plates(holdings)}
    named = {
        "Performance": "drift_auc",
        "Decisions": "flips",
        "Calibration": "calibration",
        "Single patients": "patients",
        "Trained here, tested there": "matrix",
    }
    tables = {
        "Performance": (catalog.breakdown_table, catalog.drift_table),
        "Single patients": (catalog.deployment_table,),
        "Trained here, tested there": (catalog.selected_table, catalog.selection_table),
    }
    body: list[Markup] = []
    for name, figure in named.items():
        shown = [figures.get(figure, Markup(""))]
        shown += [table_block(build(holdings)) for build in tables.get(name, ())]
        if any(shown):
            body += [heading(name), *shown]
    return Section("drift", title, (*_said(holdings), _VERDICTS), tuple(body))


def _said(holdings: Holdings) -> list[str]:
    """Return who was examined, from the record of the run."""
    record = holdings.drift_record
    name = record.get("outcome_name") or record.get("outcome")
    n, patients, prevalence = record.get("n"), record.get("n_patients"), record.get("prevalence")
    told = []
    if name and n:
        share = f", prevalence {float(prevalence):.2f}" if isinstance(prevalence, (int, float)) else ""
        told.append(f"Outcome {name}: {n} subjects of {patients or n} patients{share}.")
    warnings = record.get("warnings", [])
    told += [f"Warning: {warning}" for warning in warnings if isinstance(warning, str)]
    return told


def remedies(holdings: Holdings) -> Section:
    """Compare remedies."""
    sheet = holdings.sheet("remedies")
    if sheet is None:
        return Section("remedies", "Remedies", lacking="No remedy was tried.")
    ranked = sheet.frame["sentence"].dropna().index[:6]
    said = tuple(
        Sentence("remedy", (sheet.number(int(row), "sentence", "text"),), "remedies", sheet.file)
        for row in ranked
    )
    figures = [figure_block(plate) for plate in remedy_plates(holdings)]
    return Section("remedies", "Remedies", said, (*figures, table_block(catalog.remedies_table(holdings))))


def safeguards(holdings: Holdings) -> Section:
    """Show whether the model beats volume, batch and chance."""
    if holdings.sheet("safeguards") is None:
        return Section("safeguards", "Safeguards", lacking="No safeguard was checked: there is no model.")
    lead = "A model that volume, batch or chance equals has learned them, not the texture it was named after."
    return Section("safeguards", "Safeguards", (lead,), (table_block(catalog.safeguards_table(holdings)),))
