"""Plain sentences of a survival run, each with the rows of the tables that it rests on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from robustrad.drift.evaluate.sentences import Sentence, number
from robustrad.drift.evaluate.verdict import DRIFTS, INCONCLUSIVE, ROBUST, SMALL_LOSS, UNCHANGED
from robustrad.stability.observations import REFERENCE


def survival_sentences(table: pd.DataFrame, safeguards: pd.DataFrame, *, margin: float) -> list[Sentence]:
    """Return what the survival table and its safeguards say, in words."""
    found: list[Sentence] = []
    for (arm, model), rows in table.groupby(["arm", "model"], sort=False):
        name = f"{arm} ({model})"
        found += _performance(name, rows)
        found += _verdicts(name, rows, margin)
        found += _worst(name, rows)
    for i, row in enumerate(safeguards.to_dict("records"), start=1):
        if row["status"] in {"WARN", "FAIL"}:
            about = f"{row['check']}:{row['subject']}"
            found.append(Sentence(about, str(row["text"]), f"survival_safeguards.csv#{i}"))
    return found


def _performance(name: str, rows: pd.DataFrame) -> Iterator[Sentence]:
    for i, row in rows[rows["factor"] == REFERENCE].iterrows():
        text = (
            f"{name}: C {number(row['c'])} [{number(row['c_low'])}, {number(row['c_high'])}] at the "
            f"reference, Uno's C {number(row['uno'])} up to {row['tau']:g}; {row['n']} subjects, "
            f"{row['n_events']} events; high against low risk at the frozen cut-off: log-rank p "
            f"{_p(row['logrank_p'])}. Interval {row['interval_note']}."
        )
        if row["status"] != "ok":
            text += f" Status: {row['status']}."
        yield Sentence(f"performance:{name}", text, _at(i))


def _verdicts(name: str, rows: pd.DataFrame, margin: float) -> Iterator[Sentence]:
    judged = rows[rows["verdict"] != ""]
    if judged.empty:
        return
    counts = {
        word: int((judged["verdict"] == word).sum())
        for word in (ROBUST, SMALL_LOSS, DRIFTS, INCONCLUSIVE, UNCHANGED)
    }
    same = f", {counts[UNCHANGED]} without any change of order" if counts[UNCHANGED] else ""
    loss = f" ({counts[SMALL_LOSS]} with a small loss)" if counts[SMALL_LOSS] else ""
    text = (
        f"{name}: of {len(judged)} levels {counts[ROBUST] + counts[SMALL_LOSS]} robust{loss}, "
        f"{counts[DRIFTS]} drift, {counts[INCONCLUSIVE]} inconclusive{same}, at a margin of {margin:g} C."
    )
    half = ((judged["delta_high_band"] - judged["delta_low_band"]) / 2).max()
    if half > 0.0:
        text += f" The smallest margin that these patients could have verified at every level is {half:.3f}."
    yield Sentence(f"verdicts:{name}", text, _at(judged.index[0], judged.index[-1]))


def _worst(name: str, rows: pd.DataFrame) -> Iterator[Sentence]:
    judged = rows[(rows["verdict"] != "") & rows["delta"].notna()]
    if judged.empty:
        return
    place = int(np.argmin(judged["delta"]))
    i, row = judged.index[place], judged.iloc[place]
    text = (
        f"{name}: the largest loss of C is at {row['condition']}: {row['delta']:+.3f} "
        f"[{row['delta_low_band']:+.3f}, {row['delta_high_band']:+.3f}] (all levels together), "
        f"{row['verdict']}; {row['flips']:g} of {row['n']} change between high and low risk."
    )
    yield Sentence(f"largest_loss:{name}", text, _at(i))


def _p(value: float) -> str:
    return "not defined" if pd.isna(value) else f"{value:.2g}"


def _at(first: object, last: object | None = None) -> str:
    start = int(str(first)) + 1
    more = "" if last is None or last == first else f"-{int(str(last)) + 1}"
    return f"survival.csv#{start}{more}"
