"""What the first screen says of a model of time to event."""

from __future__ import annotations

from collections.abc import Iterator

from robustrad.report.holdings import Holdings
from robustrad.report.sheets import Sentence
from robustrad.report.verdict_models import claim, levels_of, reference_parts, told_safeguards

_TOPICS = {"permutation": "Signal (time)", "beats_volume": "Volume (time)"}


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
        called = str(model).replace("_", " ")
        told, judged = reference_parts(
            sheet, row, "C", "c",
            says=claim(str(model), "ranks the risk of", what, holdings.sheet("survival_safeguards")),
            of=f"of {called} for {what}",
        )  # fmt: skip
        verdicts, tone = levels_of(rows) if judged else ("", "poor")
        yield Sentence("Time to event", (*told, verdicts), "survival", sheet.file, tone)
    yield from told_safeguards(holdings.sheet("survival_safeguards"), _TOPICS)
