"""What the first screen says of a model of an outcome with two values."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from robustrad.report.holdings import Holdings
from robustrad.report.sheets import Number, Sentence, Sheet
from robustrad.report.verdict_models import judged_levels, told_safeguards
from robustrad.report.verdict_stability import ROLES


def signal(holdings: Holdings) -> Iterator[Sentence]:
    """Does the model beat chance? Told first: without a signal nothing else about it means anything."""
    yield from told_safeguards(holdings.sheet("safeguards"), {"permutation": "Signal"})


def model_verdict(holdings: Holdings) -> Iterator[Sentence]:
    """Yield the AUC of each model and what became of it."""
    drift = holdings.sheet("drift")
    if drift is None:
        return
    record = holdings.drift_record
    name = record.get("outcome_name") or record.get("outcome") or "the outcome"
    frame = drift.frame
    own = frame[frame["arm"].eq(_main_arm(drift))]
    for model in dict.fromkeys(own["model"]):
        rows = own[own["model"].eq(model)]
        reference = [int(str(i)) for i in rows.index[rows["factor"].eq("reference")]]
        if not reference:
            continue
        row = reference[0]
        verdicts, tone = judged_levels(rows)
        yield Sentence(
            "Model",
            (
                f"{str(model).replace('_', ' ').capitalize()} predicts {name} with AUC ",
                drift.number(row, "auc", "2f"),
                " (95 % interval ",
                drift.number(row, "auc_low", "2f"),
                " to ",
                drift.number(row, "auc_high", "2f"),
                f") at the reference.{verdicts}",
            ),
            "drift",
            drift.file,
            tone,
        )


def holds_until(holdings: Holdings) -> Iterator[Sentence]:
    """Until which severity the first model holds, factor by factor."""
    sheet = holdings.sheet("breakdown")
    if sheet is None:
        return
    frame = sheet.frame
    own = frame[frame["arm"].eq(_main_arm(sheet)) & frame["role"].isin(ROLES) & frame["status"].eq("ok")]
    own = own[own["model"].eq(own["model"].iloc[0])] if len(own) else own
    if own.empty:
        return
    parts: list[str | Number] = []
    for i, factor in own["factor"].items():
        row = int(str(i))
        first, drifts = frame["first_not_robust"].iloc[row], frame["first_drifts"].iloc[row]
        parts.append("; " if parts else "")
        if pd.isna(first):
            parts.append(f"{factor} robust up to the largest severity tried")
        elif pd.isna(drifts):
            parts += [
                f"{factor} not shown robust from severity ",
                sheet.number(row, "first_not_robust", "plain"),
                " on",
            ]
        else:
            parts += [f"{factor} drifts at severity ", sheet.number(row, "first_drifts", "plain")]
    widest = int(str(own["smallest_margin"].idxmax())) if own["smallest_margin"].notna().any() else None
    closing: tuple[str | Number, ...] = (
        (". The smallest margin that these patients could have verified is ",
         sheet.number(widest, "smallest_margin", "3f"), " AUC.")
        if widest is not None
        else (".",)
    )  # fmt: skip
    margin = own["margin"].iloc[0]
    poor = own["first_drifts"].notna().any()
    yield Sentence(
        "Holds until",
        (f"At a margin of {margin:g} AUC: ", *parts, *closing), "drift", sheet.file,
        "poor" if poor else "neutral",
    )  # fmt: skip


def volume(holdings: Holdings) -> Iterator[Sentence]:
    """Is the model more than volume?"""
    yield from told_safeguards(holdings.sheet("safeguards"), {"beats_volume": "Volume"})


def _main_arm(sheet: Sheet) -> str:
    """Return the arm that answers the main question: trained on the reference."""
    arms = list(dict.fromkeys(sheet.frame["arm"]))
    return "reference" if "reference" in arms else str(arms[0])
