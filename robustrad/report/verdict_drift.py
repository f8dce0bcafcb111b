"""What the first screen says of a model of an outcome with two values."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from robustrad.report.holdings import Holdings
from robustrad.report.sheets import Number, Sentence, Sheet
from robustrad.report.verdict_models import (
    FEW,
    UNCHANGED,
    claim,
    levels_of,
    reference_parts,
    shown_above_chance,
    told_safeguards,
)
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
        told, judged = reference_parts(
            drift, reference[0], "AUC", "auc",
            says=claim(str(model), "predicts", name, holdings.sheet("safeguards")),
            of=f"of {str(model).replace('_', ' ')} for {name}",
        )  # fmt: skip
        verdicts, tone = levels_of(rows) if judged else ("", "poor")
        yield Sentence("Model", (*told, verdicts), "drift", drift.file, tone)


def holds_until(holdings: Holdings) -> Iterator[Sentence]:
    """Until which severity the first model that predicts at all holds, factor by factor."""
    sheet = holdings.sheet("breakdown")
    if sheet is None:
        return
    frame, levels = sheet.frame, _levels_that_can_drift(holdings)
    own = frame[frame["arm"].eq(_main_arm(sheet)) & frame["role"].isin(ROLES) & frame["status"].eq("ok")]
    own = own[own["model"].isin(levels["model"])]
    own = own[own["model"].eq(own["model"].iloc[0])] if len(own) else own
    if own.empty:
        return
    parts: list[str | Number] = []
    for i, factor in own["factor"].items():
        row = int(str(i))
        at = levels[levels["model"].eq(own["model"].iloc[0]) & levels["factor"].eq(factor)]
        parts += ["; " if parts else "", *_until(sheet, row, at)]
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


def _levels_that_can_drift(holdings: Holdings) -> pd.DataFrame:
    """Return the judged levels, in the main arm, of models that are shown above chance at the reference."""
    drift = holdings.sheet("drift")
    if drift is None:
        return pd.DataFrame({"model": [], "factor": [], "verdict": [], "status": []})
    own = drift.frame[drift.frame["arm"].eq(_main_arm(drift))]
    starts = own.index[own["factor"].eq("reference")]
    above = [i for i in starts if shown_above_chance(drift, int(str(i)), "auc")]
    return own[own["model"].isin(own["model"][above]) & own["factor"].ne("reference")]


def _until(sheet: Sheet, row: int, levels: pd.DataFrame) -> tuple[str | Number, ...]:
    """Tell of one factor how far it holds; few patients and an unchanged order cannot show that it does."""
    factor = str(sheet.frame["factor"].iloc[row])
    first, drifts = sheet.frame["first_not_robust"].iloc[row], sheet.frame["first_drifts"].iloc[row]
    verdicts = set(levels["verdict"].dropna())
    if pd.notna(drifts):
        return (f"{factor} drifts at severity ", sheet.number(row, "first_drifts", "plain"))
    if verdicts == {UNCHANGED}:
        return (f"{factor} changes no patient's order up to the largest severity tried",)
    if pd.notna(first):
        number = sheet.number(row, "first_not_robust", "plain")
        return (f"{factor} not shown robust from severity ", number, " on")
    if levels["status"].isin(FEW).any():
        return (f"{factor} seen on too few patients to be called robust",)
    held = "robust or without any change of order" if UNCHANGED in verdicts else "robust"
    return (f"{factor} {held} up to the largest severity tried",)


def volume(holdings: Holdings) -> Iterator[Sentence]:
    """Is the model more than volume?"""
    yield from told_safeguards(holdings.sheet("safeguards"), {"beats_volume": "Volume"})


def _main_arm(sheet: Sheet) -> str:
    """Return the arm that answers the main question: trained on the reference."""
    arms = list(dict.fromkeys(sheet.frame["arm"]))
    return "reference" if "reference" in arms else str(arms[0])
