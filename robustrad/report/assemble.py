"""The page of a study: which sections it has, and from what."""

from __future__ import annotations

from collections.abc import Mapping

from robustrad.report import (
    chapters_drift,
    chapters_remedies,
    chapters_stability,
    chapters_study,
    chapters_survival,
    chapters_text,
)
from robustrad.report.dictionary import meanings
from robustrad.report.holdings import Holdings
from robustrad.report.html import page
from robustrad.report.methods import Methods
from robustrad.report.plate import Plate
from robustrad.report.sections import Section
from robustrad.report.verdict import verdict
from robustrad.stability.classes import KOO_LI, Thresholds


def sections(
    holdings: Holdings,
    text: Methods,
    figures: Mapping[str, Plate],
    *,
    thresholds: Thresholds = KOO_LI,
    contact_sheet: bytes | None = None,
) -> list[Section]:
    """Return the sections of the page in their order."""
    stability = holdings.sheet("stability")
    tips = meanings(dict.fromkeys(stability.frame["feature"])) if stability else {}
    return [
        chapters_study.done(holdings),
        chapters_study.strength(holdings, contact_sheet),
        chapters_stability.stability(holdings, figures, thresholds=thresholds, tips=tips),
        chapters_drift.drift(holdings, figures),
        *chapters_survival.survival(holdings, figures),
        *chapters_remedies.remedies(holdings, figures),
        chapters_drift.safeguards(holdings),
        chapters_study.failures(holdings),
        chapters_text.methods_section(text),
        chapters_text.checklists_section(holdings),
        chapters_study.provenance(holdings),
        chapters_text.references_section(holdings, text),
    ]


def html_report(
    holdings: Holdings,
    text: Methods,
    figures: Mapping[str, Plate],
    *,
    title: str,
    contact_sheet: bytes | None = None,
    extra: tuple[Section, ...] = (),
) -> str:
    """Return the page of a study whose tables were derived (:func:`robustrad.report.derived.derive`).

    Parameters
    ----------
    holdings : Holdings
        The study.
    text : Methods
        Its methods text.
    figures : mapping of str to Plate
        By name.
    title : str
        Of the page.
    contact_sheet : bytes, optional
        PNG of one case under every condition.
    extra : tuple of Section
        Sections that stand before the failures (a comparison of studies).
    """
    parts = sections(holdings, text, figures, contact_sheet=contact_sheet)
    at = next(i for i, part in enumerate(parts) if part.anchor == "failures")
    return page(holdings, verdict(holdings), [*parts[:at], *extra, *parts[at:]], title=title)
