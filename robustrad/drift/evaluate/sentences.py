"""Plain sentences of a drift run, each with the rows of the tables that it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from robustrad.drift.evaluate.tables import DriftTables
from robustrad.drift.evaluate.verdict import DRIFTS, INCONCLUSIVE, ROBUST, SMALL_LOSS, UNCHANGED

CHANCE = 0.5
SAME = "same_condition"


class Sentence(NamedTuple):
    """One statement.

    Attributes
    ----------
    id : str
        What it is about, unique in the run.
    text : str
        The statement.
    evidence : str
        ``file#row``; row 1 is the first below the header.
    """

    id: str
    text: str
    evidence: str


def sentences(tables: DriftTables, *, margin: float) -> list[Sentence]:
    """Return what the tables say, in words."""
    found: list[Sentence] = []
    for arm, rows in tables.drift.groupby(["arm", "model"], sort=False):
        name = f"{arm[0]} ({arm[1]})"
        found += _performance(name, rows)
        found += _verdicts(name, rows, margin)
        found += _worst(name, rows)
        found += _without_numbers(str(arm[0]), str(arm[1]), rows)
    found += _breakdowns(tables.breakdown)
    found += _deployments(tables.deployment)
    found += _patients(tables.patients)
    if tables.safeguards is not None:
        found += _safeguards(tables.safeguards)
    return found


def number(value: Any) -> str:
    """Return a value of AUC or the like for reading: two digits, or a dash."""
    return "-" if pd.isna(value) else f"{float(value):.2f}"


def _performance(name: str, rows: pd.DataFrame) -> Iterator[Sentence]:
    for i, row in rows[rows["factor"] == "reference"].iterrows():
        text = (
            f"{name}: AUC {number(row['auc'])} [{number(row['auc_low'])}, {number(row['auc_high'])}] at the "
            f"reference, {row['n']} subjects, {row['n_positive']} positive; interval {row['interval_note']}."
        )
        if row["status"] != "ok":
            text += f" Status: {row['status']}."
        yield Sentence(f"performance:{name}", text, _at("drift.csv", i))


def _verdicts(name: str, rows: pd.DataFrame, margin: float) -> Iterator[Sentence]:
    judged = rows[rows["verdict"] != ""]
    if judged.empty:
        return
    silent = judged["delta"].isna()
    counts = judged.loc[~silent, "verdict"].value_counts()
    told = [
        f"{int(counts.get(ROBUST, 0) + counts.get(SMALL_LOSS, 0))} robust"
        + (f" ({counts[SMALL_LOSS]} with a small loss)" if SMALL_LOSS in counts else ""),
        f"{int(counts.get(DRIFTS, 0))} drift",
        f"{int(counts.get(INCONCLUSIVE, 0))} inconclusive",
        *([f"{counts[UNCHANGED]} without any change of order"] if UNCHANGED in counts else []),
        *([f"{silent.sum()} without numbers"] if silent.any() else []),
    ]
    text = f"{name}: of {len(judged)} levels {', '.join(told)}, at a margin of {margin:g} AUC."
    half = ((judged["delta_high_band"] - judged["delta_low_band"]) / 2).max()
    if half > 0.0:
        text += f" The smallest margin that these patients could have verified at every level is {half:.3f}."
    start = rows.loc[rows["factor"] == "reference", "auc_low"]
    if (start <= CHANCE).any():
        text += f" At the reference it is not shown above {CHANCE:g}: what has nothing to lose cannot drift."
    yield Sentence(f"verdicts:{name}", text, _at("drift.csv", judged.index[0], judged.index[-1]))


def _worst(name: str, rows: pd.DataFrame) -> Iterator[Sentence]:
    family = rows[rows["verdict"] != ""]
    judged = family[family["delta"].notna()]
    if judged.empty:
        return
    place = int(np.argmin(judged["delta"]))
    i, row = judged.index[place], judged.iloc[place]
    few = "" if len(judged) == len(family) else " that has numbers"
    if row["delta"] >= 0.0:
        yield Sentence(f"largest_loss:{name}", f"{name}: AUC falls at no level{few}.", _at("drift.csv", i))
        return
    text = (
        f"{name}: the largest loss of AUC is at {row['condition']}: {row['delta']:+.3f} "
        f"[{row['delta_low_band']:+.3f}, {row['delta_high_band']:+.3f}] (all levels together), "
        f"{row['verdict']}; {row['flips']:g} of {row['n']} change class."
    )
    yield Sentence(f"largest_loss:{name}", text, _at("drift.csv", i))


def _without_numbers(arm: str, model: str, rows: pd.DataFrame) -> Iterator[Sentence]:
    """The id does not name the arm: what cannot be trained at its condition is told on the terminal too."""
    poor = rows[rows["status"] == "insufficient"]
    if len(poor):
        reasons = "; ".join(dict.fromkeys(poor["reason"]))
        text = f"{arm} ({model}): no numbers at {len(poor)} of {len(rows)} levels: {reasons}."
        identity = f"without_numbers:{'own' if arm == SAME else arm} ({model})"
        yield Sentence(identity, text, _at("drift.csv", poor.index[0], poor.index[-1]))


def _breakdowns(table: pd.DataFrame) -> Iterator[Sentence]:
    for i, row in table.iterrows():
        name = f"{row['arm']} ({row['model']})"
        text = f"{name}: {row['sentence']}"
        yield Sentence(f"breakdown:{name}:{row['factor']}", text, _at("breakdown.csv", i))


def _deployments(table: pd.DataFrame) -> Iterator[Sentence]:
    for i, row in table[table["status"] == "insufficient"].iterrows():
        name = f"{row['arm']} ({row['model']})"
        asked = row["n"] + row["n_dropped"]
        have = f"{row['n']} of {asked} subjects have every one of {row['n_levels']} levels"
        have = have if row["n_levels"] else "no acquisition or delineation level has numbers"
        text = f"{name}: no deployment mix: {have}."
        if row["left_out"]:
            text += f" Left out before: {row['left_out']}."
        yield Sentence(f"deployment:{name}", text, _at("deployment.csv", i))
    for i, row in table[table["status"] == "ok"].iterrows():
        name = f"{row['arm']} ({row['model']})"
        text = (
            f"{name}: with every patient at a random {row['roles'].replace('+', ' or ')} condition, AUC is "
            f"{number(row['auc'])} [{number(row['auc_low'])}, {number(row['auc_high'])}] instead of "
            f"{number(row['auc_reference'])}, Brier score {number(row['brier'])} instead of "
            f"{number(row['brier_reference'])}."
        )
        if row["left_out"]:
            text += f" Not in the mix, without numbers of their own: {row['left_out']}."
        yield Sentence(f"deployment:{name}", text, _at("deployment.csv", i))


def _patients(table: pd.DataFrame) -> Iterator[Sentence]:
    for (arm, model), rows in table.groupby(["arm", "model"], sort=False):
        known = rows[rows["unanimous"].notna() & (rows["n_conditions"] > 1)]
        if known.empty:
            continue
        text = (
            f"{arm} ({model}): {int(known['unanimous'].sum())} of {len(known)} subjects keep one class under "
            f"all conditions; the median subject's score moves by up to {known['max_abs_dp'].median():.2f}."
        )
        yield Sentence(f"patients:{arm} ({model})", text, _at("patients.csv", rows.index[0], rows.index[-1]))


def _safeguards(table: pd.DataFrame) -> Iterator[Sentence]:
    for i, row in table.iterrows():
        if row["status"] in {"WARN", "FAIL"}:
            yield Sentence(f"{row['check']}:{row['subject']}", str(row["text"]), _at("safeguards.csv", i))


def _at(file: str, first: object, last: object | None = None) -> str:
    start = int(str(first)) + 1
    return f"{file}#{start}" if last is None or last == first else f"{file}#{start}-{int(str(last)) + 1}"
