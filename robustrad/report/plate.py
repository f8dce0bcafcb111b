"""One figure of a report, with its data and its caption."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import pandas as pd
from matplotlib.figure import Figure

from robustrad.report.plots.style import settled
from robustrad.report.sheets import Sheet

PAGE_MM, COLUMN_MM = 174.0, 85.0


@dataclass(frozen=True)
class Plate:
    """One figure.

    Attributes
    ----------
    name : str
        Of its files.
    draw : callable
        ``draw(width_mm)`` returns the figure, laid out once for each width: page and files share it. Some
        figures have one width only.
    data : DataFrame
        Every number that is drawn.
    source : str
        Table that the data were selected from.
    caption, alt : str
        For print and page; for readers who cannot see it.
    """

    name: str
    draw: Callable[[float], Figure]
    data: pd.DataFrame
    source: str
    caption: str
    alt: str


def plate_of(
    name: str, draw: Callable[[float], Figure | None], drawn: Sheet, *, caption: str, alt: str
) -> Iterator[Plate]:
    """Yield one plate, unless there is nothing to draw."""

    @cache
    def once(width: float) -> Figure | None:
        figure = draw(width)
        return None if figure is None else settled(figure)

    if once(PAGE_MM) is not None:
        yield Plate(name, lambda width: there(once(width)), drawn.frame, drawn.file, caption, alt)


def there(figure: Figure | None) -> Figure:
    """Return ``figure``, which was asked for because it is there."""
    if figure is None:
        raise ValueError("nothing to draw")
    return figure
