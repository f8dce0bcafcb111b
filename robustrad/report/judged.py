"""By what remedies are judged: AUC for an outcome with two values, C for a time to event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robustrad.report.holdings import Holdings
from robustrad.report.sheets import Sheet


@dataclass(frozen=True)
class Judged:
    """One kind of comparison of remedies; files and columns of both kinds differ in their names only.

    Attributes
    ----------
    measure : str
        ``AUC`` or ``C``; columns begin with it in small letters.
    prefix : str
        Before the names of files, tables, figures and the section.
    options : str
        Options of ``robustrad drift`` that say what is predicted.
    title : str
        Before the titles of tables and figures.
    topic, heading : str
        On the first screen, and of the section.
    """

    measure: str
    prefix: str
    options: str
    title: str
    topic: str
    heading: str

    def name(self, name: str) -> str:
        """Return the name of a file, table, figure or section of this kind."""
        return f"{self.prefix}{name}"

    def titled(self, text: str) -> str:
        """Return a title, after ``title`` with a small letter unless it begins with a code."""
        small = f"{text[:1].lower()}{text[1:]}" if text.split(" ", maxsplit=1)[0].isalpha() else text
        return f"{self.title}{small}" if self.title else text

    def column(self, name: str) -> str:
        """Return the column ``name`` of the measure: ``after`` is ``auc_after`` or ``c_after``."""
        return f"{self.measure.lower()}_{name}"

    def limits(self, name: str) -> tuple[str, str, str]:
        """Return that column and those of its interval."""
        own = self.column(name)
        return own, f"{own}_low", f"{own}_high"

    def sheet(self, holdings: Holdings, name: str) -> Sheet | None:
        """Return the table ``name`` of this kind where the study holds it."""
        return holdings.sheet(self.name(name))


BY_AUC = Judged("AUC", "", "--outcome COLUMN", "", "Remedy", "Remedies")
BY_C = Judged(
    "C", "survival_", "--time COLUMN --event COLUMN", "Time to event: ", "Remedy (time)",
    "Remedies for the time to event",
)  # fmt: skip
TABLES = ("remedies", "calibration_sweep", "deployment_needs")


def held(holdings: Holdings) -> Iterator[Judged]:
    """Yield the kinds of which the study holds a table."""
    for judged in (BY_AUC, BY_C):
        if any(judged.sheet(holdings, name) is not None for name in TABLES):
            yield judged
