"""One page, one file: everything in it, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from robustrad import __version__
from robustrad.report.holdings import Holdings
from robustrad.report.sections import Section
from robustrad.report.sheets import Number, Sentence

_TEMPLATES = files("robustrad.report") / "templates"


def page(
    holdings: Holdings, sentences: Sequence[Sentence], sections: Sequence[Section], *, title: str
) -> str:
    """Return the report as one HTML document without any link outside.

    Parameters
    ----------
    holdings : Holdings
        The study.
    sentences : sequence of Sentence
        The first screen.
    sections : sequence of Section
        What follows, in this order.
    title : str
        Title; any text.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((_TEMPLATES / "report.html.j2").read_text(encoding="utf-8"))
    lacking = [section.title.lower() for section in sections if section.lacking]
    return template.render(
        version=__version__,
        title=title,
        css=Markup(_minified((_TEMPLATES / "report.css").read_text(encoding="utf-8"))),
        script=Markup((_TEMPLATES / "report.js").read_text(encoding="utf-8")),
        facts=facts(holdings),
        sentences=sentences,
        sections=sections,
        missing_parts=f"This study holds nothing on: {', '.join(lacking)}." if lacking else "",
    )


def facts(holdings: Holdings) -> list[str | Sentence]:
    """Return the line under the title: how many cases and conditions, which modality, protocol and engine."""
    found: list[str | Sentence] = []
    cases, conditions = holdings.sheet("cases"), holdings.sheet("conditions")
    protocol = holdings.protocol
    cohort = holdings.sheet("cohort")
    if cases is not None and cohort is not None:
        found.append(_counted(cohort.number(0, "n", "int"), " cases", cohort.file))
    modality = _modality(holdings)
    if modality:
        found.append(modality)
    if protocol.get("name"):
        found.append(f"protocol {protocol['name']}")
    if conditions is not None:
        found.append(f"{len(conditions.frame)} conditions")
    counts = holdings.sheet("survivor_counts")
    if counts is not None:
        found.append(_counted(counts.number(0, "n", "int"), " features", counts.file))
    engine = holdings.record.get("engine", {}).get("name")
    if engine:
        found.append(f"engine {engine}")
    return found


def _counted(number: Number, unit: str, file: str) -> Sentence:
    return Sentence("", (number, unit), "done", file)


def _modality(holdings: Holdings) -> str:
    frame = holdings.frame("cases")
    if "modality" in frame and frame["modality"].notna().any():
        return ", ".join(dict.fromkeys(str(name) for name in frame["modality"].dropna()))
    return str(holdings.protocol.get("modality", ""))


def _minified(css: str) -> str:
    return "\n".join(line.strip() for line in css.splitlines() if line.strip())
