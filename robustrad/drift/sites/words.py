"""The tables of remedies by name, and what they say in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from robustrad.drift.evaluate.sentences import Sentence
from robustrad.drift.evaluate.writer import REMEDIES
from robustrad.drift.sites.new_site_rows import EXPERIMENT as NEW_SITE
from robustrad.drift.sites.rows import OK
from robustrad.drift.sites.run import RemedyTables


def by_name(tables: RemedyTables) -> dict[str, pd.DataFrame]:
    """Return the tables by the names of their files."""
    frames = (tables.remedies, tables.calibration_sweep, tables.deployment_needs)
    return dict(zip(REMEDIES, frames, strict=True))


def remedy_sentences(table: pd.DataFrame) -> list[Sentence]:
    """Return what the table says in words: of each experiment, no remedy and the best one."""
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


def _sentence(name: str, rows: pd.DataFrame) -> Sentence:
    evidence = f"{REMEDIES[0]}.csv#{int(rows.index[0]) + 1}"
    return Sentence(name, str(rows["sentence"].iloc[0]), evidence)
