"""Whether the analyses of a study are of the features that it holds now; a study that grew outruns them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from robustrad.report.holdings import Holdings
from robustrad.report.sheets import Sentence
from robustrad.stability.origin import KEY, match


class _Analysis(NamedTuple):
    name: str
    record: Mapping[str, Any]
    file: str
    anchor: str
    again: str


def out_of_date(holdings: Holdings) -> Iterator[Sentence]:
    """Yield a sentence for each analysis that is not of the present ``features.parquet``, or may not be."""
    now = holdings.features_now
    if now is None:
        return
    for analysis in _analyses(holdings):
        told, anchor, file = _told(analysis, now), analysis.anchor, analysis.file
        if KEY not in analysis.record:
            yield Sentence("Not known", (told,), anchor, file)
        elif match(analysis.record, now) is None:
            yield Sentence("Out of date", (told,), anchor, file, "poor")


def _told(analysis: _Analysis, now: Mapping[str, Any]) -> str:
    before = analysis.record.get(KEY)
    if before is None:
        return (
            f"It is not known from which features.parquet {analysis.name} was computed (an older version did "
            f"not record it); if in doubt, run {analysis.again} again."
        )
    counts = [one.get("cases") for one in before]
    had = counts[0] if len(counts) == 1 else None
    there = now.get("cases")
    if not before:
        of = "a table that is not this study's features.parquet"
    elif len(before) > 1:
        of = "feature tables among which this features.parquet is not"
    elif had is None or there is None:
        of = "an older features.parquet"
    elif had == there:
        of = f"an older features.parquet (of {had} cases too, with other values)"
    else:
        of = f"an older features.parquet ({had} cases, now {there})"
    return f"{analysis.name[0].upper()}{analysis.name[1:]} was computed from {of}; run {analysis.again}."


def _analyses(holdings: Holdings) -> Iterator[_Analysis]:
    out = shlex.quote(str(holdings.folder))
    again = f"robustrad drift {out}"
    stability = holdings.sheet("stability")
    if stability is not None:
        yield _Analysis(
            "stability", holdings.stability_record, stability.file, "stability", f"robustrad stability {out}"
        )
    drift = holdings.sheet("drift")
    if drift is not None:
        column = _option("--outcome", holdings.drift_record.get("outcome"))
        yield _Analysis("drift", holdings.drift_record, drift.file, "drift", f"{again} {column}")
    survival = holdings.sheet("survival")
    if survival is not None:
        record = holdings.survival_record
        columns = f"{_option('--time', record.get('time'))} {_option('--event', record.get('event'))}"
        yield _Analysis("time to event", record, survival.file, "survival", f"{again} {columns}")


def _option(name: str, value: object) -> str:
    return f"{name} {shlex.quote(str(value)) if value else 'COL'}"
