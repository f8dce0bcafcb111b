"""The tables of a report on time to event: concordance by severity, safeguards, the curves of risk groups."""

from __future__ import annotations

from collections.abc import Iterator

from robustrad.report.holdings import Holdings
from robustrad.report.views import Column, Table

_INTERVAL = "{} [{}, {}]"


def survival_table(holdings: Holdings) -> Table | None:
    """Concordance at every level."""
    sheet = holdings.sheet("survival")
    if sheet is None:
        return None
    notes = sorted({str(note) for note in sheet.frame["interval_note"].dropna() if note})
    few = " Status few: fewer than 20 subjects." if sheet.frame["status"].eq("few").any() else ""
    return Table(
        "survival",
        "Time to event: concordance at every level, and what changed against the reference (same patients).",
        sheet,
        range(len(sheet.frame)),
        (
            Column("Factor", ("factor",)),
            Column("Level", ("level",)),
            Column("Severity", ("severity",), "plain", blank=True),
            Column("n", ("n",), "int"),
            Column("Events", ("n_events",), "int"),
            Column("C", ("c", "c_low", "c_high"), "2f", _INTERVAL, about="Harrell's C within folds"),
            Column(
                "Change",
                ("delta", "delta_low_band", "delta_high_band"),
                "3f",
                _INTERVAL,
                about="Change of C with the simultaneous band over all levels",
            ),
            Column("Verdict", ("verdict",), blank=True),
            Column("Uno's C", ("uno", "uno_low", "uno_high"), "2f", _INTERVAL),
            Column("Flips", ("flips",), "plain", about="Subjects that change between high and low risk"),
            Column("Log-rank p", ("logrank_p",), "p", about="High against low risk"),
            Column("Risk ICC", ("score_icc_a_1",), "2f", about="ICC(A,1) of the risk with the reference"),
        ),
        groups=("model",),
        group_notes=("arm",),
        notes=(
            (
                f"Intervals of C: 95 %, {'; '.join(notes) or 'none'}. Change: simultaneous 95 % band over "
                "all levels. High and low risk: above and below the median risk of the training patients at "
                f"the reference, kept for every level.{few}"
            ),
        ),
        landscape=True,
    )


def survival_safeguards_table(holdings: Holdings) -> Table | None:
    """What volume, batch, clinic and chance would score."""
    sheet = holdings.sheet("survival_safeguards")
    if sheet is None:
        return None
    return Table(
        "survival_safeguards",
        "Time to event: what volume, batch, clinic and chance would score.",
        sheet,
        range(len(sheet.frame)),
        (
            Column("Check", ("check",)),
            Column("Of", ("subject",), blank=True),
            Column("Value", ("value", "low", "high"), "2f", _INTERVAL),
            Column("p", ("p",), "p", blank=True),
            Column("n", ("n",), "int"),
            Column("Status", ("status",)),
            Column("In words", ("text",), width=0.42),
        ),
        landscape=True,
    )


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
        [int(i) for i in rows.to_numpy().nonzero()[0]],
        (
            Column("Time", ("time",), "g"),
            Column("At risk", ("at_risk",), "int"),
            Column("Events", ("events",), "int"),
            Column("Survival", ("survival", "survival_low", "survival_high"), "2f", _INTERVAL),
        ),
        groups=("group",),
        notes=("Kaplan-Meier, intervals 95 % (log-log). All levels stand in kaplan_meier.csv.",),
    )


def every(holdings: Holdings) -> Iterator[Table]:
    """Yield the tables that an analysis of time to event can fill."""
    for build in (survival_table, survival_safeguards_table, curves_table):
        table = build(holdings)
        if table is not None and len(table.rows):
            yield table
