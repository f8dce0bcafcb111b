"""The sections of the page: which tables and figures stand where, and what is said where there are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from robustrad.report.holdings import Holdings
from robustrad.report.sheets import Sentence


@dataclass(frozen=True)
class Section:
    """One section of the report.

    Attributes
    ----------
    anchor, title : str
        Its id and heading.
    lead : tuple of str and Sentence
        Paragraphs on top.
    body : tuple of Markup
        Tables and figures, in their order.
    lacking : str
        What is said where the study holds nothing for it; the section then has no body.
    """

    anchor: str
    title: str
    lead: tuple[str | Sentence | Markup, ...] = ()
    body: tuple[Markup, ...] = ()
    lacking: str = ""


Builder = Callable[[Holdings], Section]
