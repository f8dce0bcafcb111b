"""What the first screen says of a model of time to event."""

from __future__ import annotations

from collections.abc import Iterator

from robustrad.report.holdings import Holdings
from robustrad.report.sheets import Sentence

_CHECKS = {"permutation": "Signal", "beats_volume": "Volume"}
_TONES = {"PASS": "good", "WARN": "poor", "FAIL": "poor"}
_HOLD = ("robust", "small loss")


def survival_verdict(holdings: Holdings) -> Iterator[Sentence]:
    """Yield the concordance of each model, what became of it, and whether it is more than volume."""
    sheet = holdings.sheet("survival")
    if sheet is None:
        return
    record, frame = holdings.survival_record, sheet.frame
    what = record.get("event") or "the event"
    own = frame[frame["train"].ne("same")]
    for row in (int(str(i)) for i in own.index[own["factor"].eq("reference")]):
        model, arm = frame["model"].iloc[row], frame["arm"].iloc[row]
        rows = own[own["model"].eq(model) & own["arm"].eq(arm)]
        judged = rows.loc[rows["verdict"].notna() & rows["verdict"].ne(""), "verdict"]
        words = judged.value_counts()
        told = ", ".join(f"{count} {word}" for word, count in words.items())
        tone = (
            "poor" if "drifts" in words else "good" if len(words) and set(words) <= set(_HOLD) else "neutral"
        )
        yield Sentence(
            "Time to event",
            (
                f"{str(model).replace('_', ' ').capitalize()} ranks the risk of {what} with C ",
                sheet.number(row, "c", "2f"),
                " (95 % interval ",
                sheet.number(row, "c_low", "2f"),
                " to ",
                sheet.number(row, "c_high", "2f"),
                ") at the reference.",
                f" Of {len(judged)} perturbed levels: {told}." if len(judged) else "",
            ),
            "survival",
            sheet.file,
            tone,
        )
    guarded = holdings.sheet("survival_safeguards")
    for check, topic in _CHECKS.items() if guarded is not None else ():
        assert guarded is not None
        for row in guarded.rows(check=check):
            tone = _TONES.get(str(guarded.frame["status"].iloc[row]), "neutral")
            said = (guarded.number(row, "text", "text"),)
            yield Sentence(f"{topic} (time)", said, "safeguards", guarded.file, tone)
