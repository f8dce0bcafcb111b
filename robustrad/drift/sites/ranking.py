"""The table of remedies: ranked, with a sentence in each row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from robustrad.drift.remedies.base import PERTURBATIONS
from robustrad.drift.remedies.registry import find
from robustrad.drift.sites.compare import NO_DRIFT, RECOVERY_OK
from robustrad.drift.sites.disjoint_rows import NULL
from robustrad.drift.sites.new_site_rows import EXPERIMENT as NEW_SITE
from robustrad.drift.sites.paired_rows import EXPERIMENT as PAIRED
from robustrad.drift.sites.results import UNSEEN
from robustrad.drift.sites.rows import COLUMNS, Row
from robustrad.drift.sites.shuffled import EXPERIMENT as SHUFFLED


def ranked(rows: Sequence[Row], statistic: str = "AUC") -> pd.DataFrame:
    """Return the table, experiments in order, headline rows by AUC (or C) with the remedy, the best first.

    A remedy that learns from perturbations is ranked by its unseen row alone; its seen row, and rows
    without numbers, have no rank and follow.
    """
    table = pd.DataFrame(
        [row | {"sentence": sentence(row, statistic)} for row in rows], columns=list(COLUMNS)
    )
    order = []
    for experiment in dict.fromkeys(table["experiment"]):
        own = table.index[table["experiment"] == experiment]
        head = [i for i in own if _is_headline(table, i) and np.isfinite(table["auc_after"][i])]
        if experiment in {NULL, SHUFFLED}:
            head = []  # nothing there to be better at
        head.sort(key=lambda i: (-round(float(table["auc_after"][i]), 12), str(table["remedy"][i])))
        table.loc[head, "rank"] = np.arange(1, len(head) + 1, dtype=np.float64)
        order += [*head, *(i for i in own if i not in head)]
    return table.loc[order].reset_index(drop=True)


def _is_headline(table: pd.DataFrame, row: int) -> bool:
    learns = PERTURBATIONS in find(str(table["remedy"][row])).learns_from
    return not learns or bool(table["scope"][row] == UNSEEN)


def sentence(row: Row, statistic: str = "AUC") -> str:
    """Return what happened, in words, from the numbers of the row."""
    after = row["auc_after"]
    if not np.isfinite(after):
        return f"{row['remedy']}: no result ({row['status']})."
    if row["experiment"] == NULL:
        inside = row["auc_after_low"] <= 0.5 <= row["auc_after_high"]
        told = "as it must be" if inside else "which is an artefact: the remedy lets something leak"
        where = f"{_an(statistic)} of {after:.3f} within sites"
        return f"Without any signal, {row['remedy']} has {where}, {told}."
    if row["experiment"] == SHUFFLED:
        low, high = row["auc_after_low"], row["auc_after_high"]
        told = "With volume taken out" if row["remedy"] != "none" else "With the voxels shuffled"
        where = f"{_an(statistic)} of {after:.2f} [{low:.2f}, {high:.2f}]"
        return f"{told}, features of control images have {where}."
    where = _where(row)
    if row["remedy"] == "none":
        if not np.isfinite(row["auc_reference"]):
            return f"{where}, the model as it is has {_an(statistic)} of {after:.2f}."
        verb = "would have fallen" if row["drift_high"] < 0 else "would have gone"
        return f"{where}, the {statistic} {verb} from {row['auc_reference']:.2f} to {after:.2f}."
    told = f"the {statistic} would have been {after:.2f}{_recovered(row)}"
    return f"{where}, with {row['remedy']}{_cost(row)}, {told}."


def _an(statistic: str) -> str:
    return f"an {statistic}" if statistic == "AUC" else f"a {statistic}"


def _where(row: Row) -> str:
    if row["experiment"] == PAIRED:
        return "At other places, were the same patients measured everywhere (an upper bound)"
    if row["experiment"] == NEW_SITE:
        return "At a new site"
    return "Over several known sites"


def _cost(row: Row) -> str:
    if row["experiment"] == NEW_SITE and row["cost_patients"] > 0:
        return f" on {row['cost_patients']:.0f} of its patients"
    return ""


def _recovered(row: Row) -> str:
    if row["recovery_status"] == RECOVERY_OK:
        low, high = row["recovery_low"], row["recovery_high"]
        share = f"{row['recovery']:.0%} of the loss recovered [{low:.0%}, {high:.0%}]"
        return f" instead of {row['auc_before']:.2f}: {share}"
    told = "; there was no drift to recover" if row["recovery_status"] == NO_DRIFT else ""
    return f" instead of {row['auc_before']:.2f}{told}"
