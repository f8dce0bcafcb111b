"""What remedies that use a site's statistics need of the site."""

from __future__ import annotations

from robustrad.drift.remedies.base import Labels, NotApplicableError
from robustrad.drift.remedies.moments import SiteSamples

MIN_ROWS = 5
"""Smallest sample of a site that anything is estimated from: the smallest calibration of the sweep."""


def known_sites(samples: SiteSamples, batch: Labels) -> None:
    """Raise NotApplicableError if a site has too few rows, or there is no second site."""
    small = {label: rows.shape[0] for label, rows in samples.rows.items() if rows.shape[0] < MIN_ROWS}
    if small:
        told = ", ".join(f"{label} ({n})" for label, n in sorted(small.items()))
        raise NotApplicableError("site statistics", f"too few patients in {told}", f"at least {MIN_ROWS}")
    if len(samples.rows) < 2:
        raise NotApplicableError("site statistics", "one site only", "two or more")
    unknown = sorted(set(batch.tolist()) - set(samples.labels))
    if unknown:
        raise NotApplicableError(
            "site statistics", f"no sample of {', '.join(unknown)}", "patients of every site"
        )
