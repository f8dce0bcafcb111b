"""The tables of remedies as files, and the sentences for the head of a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from robustrad.core.written import write_csv
from robustrad.drift.sites.new_site_rows import EXPERIMENT as NEW_SITE
from robustrad.drift.sites.rows import OK
from robustrad.drift.sites.run import RemedyTables

REMEDIES, SWEEP, NEEDS = "remedies.csv", "calibration_sweep.csv", "deployment_needs.csv"


def write_remedies(tables: RemedyTables, folder: Path) -> list[Path]:
    """Write the tables into ``folder``; empty ones too, so that none of an earlier run is left."""
    named = ((REMEDIES, tables.remedies), (SWEEP, tables.calibration_sweep), (NEEDS, tables.deployment_needs))
    return [write_csv(frame, folder / name) for name, frame in named]


def remedy_sentences(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what the table says in words: of each experiment, no remedy and the best one.

    Each has ``id``, ``text`` and ``evidence`` (file and row, counted from 0).
    """
    sentences = []
    for experiment in dict.fromkeys(table["experiment"]):
        own = table[table["experiment"] == experiment]
        word = str(experiment).split()[0].lower()
        raw = own[(own["remedy"] == "none") & own["auc_after"].notna()]
        best = own[(own["remedy"] != "none") & own["rank"].notna()].sort_values("rank")
        for name, rows in (("none", raw), ("best", best)):
            if len(rows):
                sentences.append(_sentence(f"remedies_{word}_{name}", rows))
    return sentences


def new_site_sentence(table: pd.DataFrame) -> str:
    """Return what would have happened to a new site: without a remedy, and with the best one."""
    rows = table[(table["experiment"] == NEW_SITE) & table["auc_after"].notna()]
    raw = rows[rows["remedy"] == "none"]
    best = rows[(rows["remedy"] != "none") & np.isfinite(rows["rank"])].sort_values("rank")
    told = [str(part["sentence"].iloc[0]) for part in (raw, best) if len(part)]
    if told:
        return " ".join(told)
    reasons = [s for s in table.loc[table["experiment"] == NEW_SITE, "status"] if s != OK]
    return f"What would have happened to a new site is not known: {reasons[0]}." if reasons else ""


def _sentence(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "id": name,
        "text": str(rows["sentence"].iloc[0]),
        "evidence": f"{REMEDIES}#{int(rows.index[0])}",
    }
