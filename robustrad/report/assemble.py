"""The report of a study as bytes: what is read, what is selected, what is rendered; nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping

from robustrad.report import chapters_drift, chapters_stability, chapters_study
from robustrad.report.holdings import Holdings
from robustrad.report.html import page
from robustrad.report.sections import Section
from robustrad.report.verdict import verdict
from robustrad.stability.classes import KOO_LI, Thresholds


def sections(
    holdings: Holdings,
    *,
    thresholds: Thresholds = KOO_LI,
    tips: Mapping[str, str],
    contact_sheet: bytes | None,
) -> list[Section]:
    """Return the sections of the page in their order."""
    return [
        chapters_study.done(holdings),
        chapters_study.strength(holdings, contact_sheet),
        chapters_stability.stability(holdings, thresholds=thresholds, tips=tips),
        chapters_drift.drift(holdings),
        chapters_drift.remedies(holdings),
        chapters_drift.safeguards(holdings),
        chapters_study.failures(holdings),
        chapters_study.provenance(holdings),
    ]


def html_report(holdings: Holdings, *, title: str, contact_sheet: bytes | None = None) -> str:
    """Return the page of a study whose tables were derived (:func:`robustrad.report.derived.derive`)."""
    parts = sections(holdings, tips={}, contact_sheet=contact_sheet)
    return page(holdings, verdict(holdings), parts, title=title)
