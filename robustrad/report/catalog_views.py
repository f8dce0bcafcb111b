"""What the catalogs of tables have in common: whole sheets, rows by a mask, columns that several show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from robustrad.report.holdings import Holdings
from robustrad.report.verdict_models import CHANCE
from robustrad.report.views import Column, Table
from robustrad.stability.observations import REFERENCE

INTERVAL = "{} [{}, {}]"
LEVEL_COLUMNS = (
    Column("Factor", ("factor",)),
    Column("Level", ("level",)),
    Column("Severity", ("severity",), "plain", blank=True),
)
"""Which level a row is about."""

VERDICT = Column("Verdict", ("verdict",), blank=True)


def whole(
    holdings: Holdings,
    sheet: str,
    title: str,
    columns: tuple[Column, ...],
    *,
    name: str = "",
    groups: tuple[str, ...] = (),
    group_notes: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    landscape: bool = False,
) -> Table | None:
    """Return every row of a sheet as a table; None where the study has no such sheet.

    Parameters
    ----------
    holdings : Holdings
        Of the study.
    sheet : str
        Name of the sheet, and of the table unless ``name`` says another.
    title, columns, groups, group_notes, notes, landscape
        See :class:`robustrad.report.views.Table`.
    """
    found = holdings.sheet(sheet)
    if found is None:
        return None
    return Table(
        name or sheet,
        title,
        found,
        range(len(found.frame)),
        columns,
        groups=groups,
        group_notes=group_notes,
        notes=notes,
        landscape=landscape,
    )


def positions(mask: pd.Series) -> list[int]:
    """Return the positions of the rows that ``mask`` chooses."""
    return [int(i) for i in mask.to_numpy().nonzero()[0]]


def filled(holdings: Holdings, builds: Sequence[Callable[[Holdings], Table | None]]) -> Iterator[Table]:
    """Yield the tables that the study can fill, those without rows left out."""
    for build in builds:
        table = build(holdings)
        if table is not None and len(table.rows):
            yield table


def change_column(statistic: str) -> Column:
    """Return the column of what a level changes."""
    return Column(
        "Change",
        ("delta", "delta_low_band", "delta_high_band"),
        "3f",
        INTERVAL,
        about=f"Change of {statistic} with the simultaneous band over all levels",
    )


def interval_words(frame: pd.DataFrame) -> str:
    """Return what the intervals of levels claim."""
    notes = sorted({str(note) for note in frame["interval_note"].dropna() if note})
    return "; ".join(notes) or "none"


def status_column(frame: pd.DataFrame) -> tuple[Column, ...]:
    """Return a column of the status where a row has another than ``ok``."""
    return (Column("Status", ("status",)),) if _unusual(frame) else ()


def status_words(frame: pd.DataFrame, meanings: Mapping[str, str]) -> str:
    """Return what each status that a row has means; empty where all are ``ok``."""
    told = [f" Status {name}: {meanings[name]}." for name in meanings if name in _unusual(frame)]
    return "".join(told)


def cautions(frame: pd.DataFrame, what: str, column: str) -> str:
    """Return what keeps verdicts of the levels in ``frame`` from saying that a model holds; empty if nothing.

    Parameters
    ----------
    frame : DataFrame
        Levels with ``factor``, ``model``, ``status`` and the lower limit ``COLUMN_low``.
    what, column : str
        The measure, as it is called and as its column is.
    """
    if not {"factor", "model", f"{column}_low"} <= set(frame.columns):
        return ""
    start = frame[frame["factor"].eq(REFERENCE)]
    weak = dict.fromkeys(start["model"][~start[f"{column}_low"].gt(CHANCE)].astype(str))
    told = ""
    if weak:
        told += (
            f" What has nothing to lose cannot drift: at the reference {what} of {', '.join(weak)} is not "
            f"shown above {CHANCE:g}."
        )
    if frame["status"].eq("few").any():
        told += " Few patients cannot show that a model is robust."
    return told


def _unusual(frame: pd.DataFrame) -> set[str]:
    return set(frame["status"].dropna()) - {"ok"} if "status" in frame else set()


def safeguards(holdings: Holdings, sheet: str, title: str) -> Table | None:
    """What volume, batch, clinic and chance would score."""
    return whole(
        holdings,
        sheet,
        title,
        (
            Column("Check", ("check",)),
            Column("Of", ("subject",), blank=True),
            Column("Value", ("value", "low", "high"), "2f", INTERVAL),
            Column("p", ("p",), "p", blank=True),
            Column("n", ("n",), "int"),
            Column("Status", ("status",)),
            Column("In words", ("text",), width=0.42),
        ),
        landscape=True,
    )


def harmonization(holdings: Holdings, sheet: str, title: str) -> Table | None:
    """May ComBat be used, and what did it achieve out of fold; isolated features stand in the sheet alone."""
    found = holdings.sheet(sheet)
    if found is None:
        return None
    return Table(
        sheet,
        title,
        found,
        positions(found.frame["part"].ne("isolated")),
        (
            Column("Check", ("check",)),
            Column("Values", ("arm",), blank=True),
            Column("Value", ("value",), "2f", blank=True),
            Column("Without effect", ("expected",), "2f", blank=True),
            Column("n", ("n",), "int"),
            Column("Status", ("status",)),
            Column("In words", ("text",), width=0.42),
        ),
        notes=("Features that ComBat could not harmonize have rows of their own in the file.",),
        landscape=True,
    )
