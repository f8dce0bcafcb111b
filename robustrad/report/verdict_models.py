"""What the first screen says alike of models of either kind: their levels and their safeguards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from robustrad.report.sheets import Number, Sentence, Sheet
from robustrad.report.verdict_stability import ROLES

FEW = ("few", "insufficient")
UNCHANGED = "unchanged"  # no two patients changed their order: neither robust nor drifting
CHANCE = 0.5
DEFINITION = "definition"
_HOLD = ("robust", "small loss")
_TOO_FEW = "with too few patients to be called robust"
_WORDS = {UNCHANGED: "without any change of order"}
_ORDER = (*_HOLD, UNCHANGED, _TOO_FEW, "drifts", "inconclusive")
_TONES = {"PASS": "good", "WARN": "poor", "FAIL": "poor"}
Parts = tuple[str | Number, ...]


def levels_of(rows: pd.DataFrame) -> tuple[str, str]:
    """Return how many levels have each verdict, in words, and the tone that this asks for.

    Definition levels are counted apart: they change what a feature is, not how it was acquired.
    """
    judged = rows[rows["verdict"].notna() & rows["verdict"].ne("")]
    own, apart = (judged[judged["role"].eq(DEFINITION).eq(is_definition)] for is_definition in (False, True))
    text = _counted(own, _kind(own)) + _counted(apart, DEFINITION)
    words = set(_verdicts(own if len(own) else apart))
    return text, "poor" if "drifts" in words else "good" if words and words <= set(_HOLD) else "neutral"


def reference_parts(
    sheet: Sheet, row: int, what: str, column: str, *, says: str, of: str
) -> tuple[Parts, bool]:
    """Return the sentence on a model at the reference, and whether its levels can be judged at all.

    Parameters
    ----------
    sheet : Sheet
    row : int
        Of the reference.
    what, column : str
        The measure, as it is called and as its column is (``AUC``, ``auc``).
    says, of : str
        ``Logistic predicts y`` where it is shown to, ``of logistic for y`` where it is not.
    """
    value, low, high = (sheet.number(row, name, "2f") for name in (column, f"{column}_low", f"{column}_high"))
    status = str(sheet.frame["status"].iloc[row])
    if not value.known:
        return (f"No {what} {of} at the reference (status {status}).",), False
    if status == "separated":
        separated = " at the reference: the classes are separated, and an interval says nothing."
        return (f"{says} with {what} ", value, separated), True
    if status == "tied":
        return (f"At the reference the scores {of} are all the same: {what} ", value, " says nothing."), False
    if not low.known or not float(low.value) > CHANCE:
        begin = f"What has nothing to lose cannot drift: at the reference {what} "
        return (begin, value, " [", low, ", ", high, f"] {of} is not shown above {CHANCE:g}."), False
    return (f"{says} with {what} ", value, " (95 % interval ", low, " to ", high, ") at the reference."), True


def claim(model: str, verb: str, of_what: str, safeguards: Sheet | None) -> str:
    """Return ``Logistic predicts y``, or that no signal is shown where permuted labels score as well."""
    called = model.replace("_", " ").capitalize()
    refuted = safeguards is not None and safeguards.rows(check="permutation", subject=model, status="FAIL")
    return (
        f"{called}, for which no signal is shown, scores {of_what}"
        if refuted
        else f"{called} {verb} {of_what}"
    )


def shown_above_chance(sheet: Sheet, row: int, column: str) -> bool:
    """Whether the lower limit at the reference lies above one half."""
    return float(sheet.frame[f"{column}_low"].iloc[row]) > CHANCE  # NaN does not


def told_safeguards(sheet: Sheet | None, topics: Mapping[str, str]) -> Iterator[Sentence]:
    """Yield what safeguards say of each model; ``topics``: what each check is about."""
    if sheet is None:
        return
    for check, topic in topics.items():
        for row in sheet.rows(check=check):
            tone = _TONES.get(str(sheet.frame["status"].iloc[row]), "neutral")
            yield Sentence(topic, (sheet.number(row, "text", "text"),), "safeguards", sheet.file, tone)


def _verdicts(judged: pd.DataFrame) -> pd.Series:
    """Return the verdicts; few patients cannot show that a model holds."""
    few = judged["status"].isin(FEW) & judged["verdict"].isin(_HOLD)
    return judged["verdict"].mask(few, _TOO_FEW)


def _counted(judged: pd.DataFrame, kind: str) -> str:
    if judged.empty:
        return ""
    counts = _verdicts(judged).value_counts()
    order = [
        *(word for word in _ORDER if word in counts),
        *(word for word in counts.index if word not in _ORDER),
    ]
    told = ", ".join(f"{counts[word]} {_WORDS.get(word, word)}" for word in order)
    return f" Of {len(judged)} {kind} levels: {told}."


def _kind(judged: pd.DataFrame) -> str:
    roles = [role for role in ROLES if judged["role"].eq(role).any()]
    return " and ".join(roles) if roles and judged["role"].isin(ROLES).all() else "perturbed"
