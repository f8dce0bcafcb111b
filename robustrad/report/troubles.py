"""Why units have no features: reasons that differ only in their numbers are one, with the range of these."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

_NUMBER = r"\d+(?:\.\d+)?"
_OPEN = "#"


def trouble_counts(troubles: pd.DataFrame) -> pd.DataFrame:
    """Count skips and failures by factor, level, status and reason.

    Parameters
    ----------
    troubles : DataFrame
        ``case_id``, ``factor``, ``level``, ``status`` and ``reason`` of each unit without features.
    """
    return _counted(troubles, ["factor", "level", "status"])


def trouble_reasons(troubles: pd.DataFrame) -> pd.DataFrame:
    """Count skips and failures by status and reason over all conditions, the most frequent first."""
    return _counted(troubles, ["status"]).sort_values(
        "units", ascending=False, kind="stable", ignore_index=True
    )


def spanned(reasons: Sequence[str]) -> str:
    """Return reasons that differ only in numbers as one: ``30 to 62 voxels left``.

    A number that is part of a word (a file's name) is not counted: where it differs it becomes ``#``.
    """
    first = reasons[0]
    found = [re.findall(_NUMBER, reason) for reason in reasons]
    parts, end = [], 0
    for place, match in enumerate(re.finditer(_NUMBER, first)):
        parts += [first[end : match.start()], _span([each[place] for each in found], _free(first, match))]
        end = match.end()
    return "".join([*parts, first[end:]])


def _free(text: str, match: re.Match[str]) -> bool:
    around = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    return re.search(r"[\w/\\.-]", around.removesuffix(".")) is None


def _span(numbers: Sequence[str], free: bool) -> str:
    if len(set(numbers)) == 1:
        return numbers[0]
    ordered = sorted(numbers, key=float)
    return f"{ordered[0]} to {ordered[-1]}" if free else _OPEN


def _counted(troubles: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    reason = troubles["reason"].astype(object)
    reason = reason.where(reason.notna(), "").astype(str)
    alike = reason.str.replace(_NUMBER, _OPEN, regex=True)
    grouped = troubles.assign(reason=reason, alike=alike).groupby([*keys, "alike"], sort=False, dropna=False)
    found = grouped.agg(
        reason=("reason", lambda own: spanned(list(own))),
        units=("status", "size"),
        cases=("case_id", "nunique"),
    )
    return found.reset_index()[[*keys, "reason", "units", "cases"]]
