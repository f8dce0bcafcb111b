"""What the first screen says alike of models of either kind: their levels and their safeguards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from robustrad.report.sheets import Sentence, Sheet

_HOLD = ("robust", "small loss")
_TONES = {"PASS": "good", "WARN": "poor", "FAIL": "poor"}


def judged_levels(rows: pd.DataFrame) -> tuple[str, str]:
    """Return how many levels have each verdict, in words, and the tone that this asks for."""
    judged = rows.loc[rows["verdict"].notna() & rows["verdict"].ne(""), "verdict"]
    words = judged.value_counts()
    told = ", ".join(f"{count} {word}" for word, count in words.items())
    tone = "poor" if "drifts" in words else "good" if len(words) and set(words) <= set(_HOLD) else "neutral"
    return f" Of {len(judged)} perturbed levels: {told}." if len(judged) else "", tone


def told_safeguards(sheet: Sheet | None, topics: Mapping[str, str]) -> Iterator[Sentence]:
    """Yield what safeguards say of each model; ``topics``: what each check is about."""
    if sheet is None:
        return
    for check, topic in topics.items():
        for row in sheet.rows(check=check):
            tone = _TONES.get(str(sheet.frame["status"].iloc[row]), "neutral")
            yield Sentence(topic, (sheet.number(row, "text", "text"),), "safeguards", sheet.file, tone)
