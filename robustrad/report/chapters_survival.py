"""The section on time to event."""

from __future__ import annotations

from collections.abc import Mapping

from robustrad.report import catalog_survival as catalog
from robustrad.report.blocks import figure_at, folded, heading, table_block
from robustrad.report.holdings import Holdings
from robustrad.report.plate import Plate
from robustrad.report.sections import Section


def survival(holdings: Holdings, figures: Mapping[str, Plate]) -> list[Section]:
    """Show how the ranking of risks changes over the conditions; no section without a survival run."""
    if holdings.sheet("survival") is None:
        return []
    groups = figure_at(figures, "kaplan_meier")
    curves = folded("Numbers at the reference", table_block(catalog.curves_table(holdings)))
    body = (
        heading("Concordance"),
        figure_at(figures, "survival_c"),
        table_block(catalog.survival_table(holdings)),
        *((heading("Risk groups"), groups, figure_at(figures, "survival_flips"), curves) if groups else ()),
    )
    return [Section("survival", "Time to event", (*_said(holdings),), body)]


def _said(holdings: Holdings) -> list[str]:
    """Return who was followed, from the record of the run."""
    record = holdings.survival_record
    told = []
    if record.get("event") and record.get("n"):
        n, patients = record["n"], record.get("n_patients") or record["n"]
        told.append(
            f"{record['event']} by {record.get('time')}: {record.get('n_events')} events in {n} subjects of "
            f"{patients} patients. The model gives risks; C is the share of comparable pairs in which the "
            "one with the earlier event has the higher risk."
        )
    warnings = record.get("warnings", [])
    return told + [f"Warning: {warning}" for warning in warnings if isinstance(warning, str)]
