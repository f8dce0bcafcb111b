"""Sections on the model: drift, safeguards."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from robustrad.report import catalog_drift as catalog
from robustrad.report.blocks import figure_at, heading, table_block
from robustrad.report.catalog_survival import survival_harmonization_table, survival_safeguards_table
from robustrad.report.holdings import Holdings
from robustrad.report.plate import Plate
from robustrad.report.sections import Section

_VERDICTS = (
    "Robust: the simultaneous band stays above minus the margin (small loss: and below zero). Drifts: it "
    "lies below minus "
    "the margin. Inconclusive: neither; more patients could tell. Unchanged: no two patients changed their "
    "order, so that they cannot tell what could have changed; it counts neither as robust nor as drift."
)

_NO_MATRIX = Markup(
    '<p class="lacking">Not computed: the model was trained on the reference alone. '
    "<code>robustrad drift ... --matrix</code> trains on every condition as well.</p>"
)


def drift(holdings: Holdings, figures: Mapping[str, Plate]) -> Section:
    """Show how a model's performance and predictions change over the conditions."""
    title = "Drift of the model"
    if holdings.sheet("drift") is None:
        if holdings.sheet("survival") is not None:
            return Section(
                "drift", title, lacking="No outcome of two values was examined; see Time to event."
            )
        command = f"robustrad drift {holdings.folder.name} --outcome COLUMN"
        return Section("drift", title, lacking=f"No model was examined. Run: {command}")
    named = {
        "Performance": "drift_auc",
        "Decisions": "flips",
        "Calibration": "calibration",
        "Single patients": "patients",
        "What the model uses": "",
    }
    tables = {
        "Performance": (catalog.breakdown_table, catalog.drift_table),
        "Single patients": (catalog.deployment_table,),
        "What the model uses": (catalog.selected_table, catalog.selection_table),
    }
    body: list[Markup] = []
    for name, figure in named.items():
        shown = [figure_at(figures, figure)]
        shown += [table_block(build(holdings)) for build in tables.get(name, ())]
        if any(shown):
            body += [heading(name), *shown]
    body += [heading("Trained here, tested there"), figure_at(figures, "matrix") or _NO_MATRIX]
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


def safeguards(holdings: Holdings) -> Section:
    """Show whether the model beats volume, batch and chance."""
    blocks = (
        table_block(catalog.safeguards_table(holdings)),
        table_block(survival_safeguards_table(holdings)),
        table_block(catalog.harmonization_table(holdings)),
        table_block(survival_harmonization_table(holdings)),
    )
    if not any(blocks):
        return Section("safeguards", "Safeguards", lacking="No safeguard was checked: there is no model.")
    lead = "A model that volume, batch or chance equals has learned them, not the texture it was named after."
    return Section("safeguards", "Safeguards", (lead,), blocks)
