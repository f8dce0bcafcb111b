"""Sections on the model: drift, remedies, safeguards."""

from __future__ import annotations

from robustrad.report.holdings import Holdings
from robustrad.report.sections import Section


def drift(holdings: Holdings) -> Section:
    """Show how a model's performance and predictions change over the conditions."""
    name = holdings.folder.name
    return Section(
        "drift",
        "Drift of the model",
        lacking=f"No model was examined. Run: robustrad drift {name} --outcome COLUMN",
    )


def remedies(holdings: Holdings) -> Section:
    """Compare remedies."""
    del holdings
    return Section("remedies", "Remedies", lacking="No remedy was tried; robustrad drift compares them.")


def safeguards(holdings: Holdings) -> Section:
    """Show whether the model beats volume, batch and chance."""
    del holdings
    return Section(
        "safeguards", "Safeguards", lacking="No safeguard was checked; robustrad drift checks them."
    )
