"""The tables of a report on time to event: concordance by severity, safeguards, the curves of risk groups."""

from __future__ import annotations

from collections.abc import Iterator

from robustrad.report.catalog_views import (
    INTERVAL,
    LEVEL_COLUMNS,
    VERDICT,
    cautions,
    change_column,
    filled,
    harmonization,
    interval_words,
    positions,
    safeguards,
    status_column,
    status_words,
)
from robustrad.report.holdings import Holdings
from robustrad.report.model_facts import margin_words
from robustrad.report.views import Column, Table
from robustrad.stability.status import FEW_SUBJECTS

STATUSES = {
    "few": f"fewer than {FEW_SUBJECTS} patients",
    "separated": "a C of exactly 0 or 1; its interval has no width and says nothing",
    "tied": "one risk for all; the interval has no width and says nothing",
    "no_event": "nobody had the event",
    "insufficient": "fewer than 5 patients, or more than 20 % dropped",
}


def survival_table(holdings: Holdings) -> Table | None:
    """Concordance at every level."""
    sheet = holdings.sheet("survival")
    if sheet is None:
        return None
    made = interval_words(sheet.frame)
    return Table(
        "survival",
        "Time to event: concordance at every level, and what changed against the reference (same patients).",
        sheet,
        range(len(sheet.frame)),
        (
            *LEVEL_COLUMNS,
            Column("n", ("n",), "int"),
            Column("Events", ("n_events",), "int"),
            Column("C", ("c", "c_low", "c_high"), "2f", INTERVAL, about="Harrell's C within folds"),
            change_column("C"),
            VERDICT,
            Column("Uno's C", ("uno", "uno_low", "uno_high"), "2f", INTERVAL),
            Column("Flips", ("flips",), "plain", about="Subjects that change between high and low risk"),
            Column("Log-rank p", ("logrank_p",), "p", about="High against low risk"),
            Column("Risk ICC", ("score_icc_a_1",), "2f", about="ICC(A,1) of the risk with the reference"),
            *status_column(sheet.frame),
        ),
        groups=("model",),
        group_notes=("arm",),
        notes=(
            (
                f"Intervals of C: 95 %, {made}. Change: simultaneous 95 % band over "
                "all levels. High and low risk: above and below the median risk of the training patients at "
                "the reference, kept for every level. Verdicts at a margin of "
                f"{margin_words(holdings.survival_record, 'C')}.{status_words(sheet.frame, STATUSES)}"
                f"{cautions(sheet.frame, 'C', 'c')}"
            ),
        ),
        landscape=True,
    )


def survival_safeguards_table(holdings: Holdings) -> Table | None:
    """What volume, batch, clinic and chance would score."""
    title = "Time to event: what volume, batch, clinic and chance would score."
    return safeguards(holdings, "survival_safeguards", title)


def survival_harmonization_table(holdings: Holdings) -> Table | None:
    """May ComBat be used, and what did it achieve?"""
    title = "Time to event: ComBat, preconditions and its effect out of fold."
    return harmonization(holdings, "survival_harmonization", title)


def curves_table(holdings: Holdings) -> Table | None:
    """The curves of the risk groups at the reference."""
    sheet = holdings.sheet("kaplan_meier")
    if sheet is None:
        return None
    frame = sheet.frame
    rows = frame["factor"].eq("reference") & frame["arm"].eq(frame["arm"].iloc[0])
    rows &= frame["model"].eq(frame["model"].iloc[0]) & frame["events"].gt(0)
    return Table(
        "kaplan_meier",
        "Survival of the risk groups at the reference, at the times of events.",
        sheet,
        positions(rows),
        (
            Column("Time", ("time",), "g"),
            Column("At risk", ("at_risk",), "int"),
            Column("Events", ("events",), "int"),
            Column("Survival", ("survival", "survival_low", "survival_high"), "2f", INTERVAL),
        ),
        groups=("group",),
        notes=("Kaplan-Meier, intervals 95 % (log-log). All levels stand in kaplan_meier.csv.",),
    )


def every(holdings: Holdings) -> Iterator[Table]:
    """Yield the tables that an analysis of time to event can fill."""
    yield from filled(
        holdings, (survival_table, survival_safeguards_table, survival_harmonization_table, curves_table)
    )
