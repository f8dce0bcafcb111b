"""The tables of remedies for a time to event: the same rows, with C for AUC and no calibration."""

from __future__ import annotations

import pandas as pd

from robustrad.drift.evaluate.writer import REMEDIES

NO_CALIBRATION = "not defined for risks"
SURVIVAL_REMEDIES = tuple(f"survival_{name}" for name in REMEDIES)


def named_for_c(table: pd.DataFrame) -> pd.DataFrame:
    """Return the remedies or the sweep with their columns named for C.

    ``auc_*`` becomes ``c_*``, in ``metric`` too, and ``n_positive`` ``n_events``; ``citl`` and ``slope``
    stay, empty, with ``calibration_status``.
    """
    old = [name for name in map(str, table.columns) if name.startswith("auc_")]
    names = {name: f"c_{name.removeprefix('auc_')}" for name in old} | {"n_positive": "n_events"}
    out = table.rename(columns=names)
    if "metric" in out.columns:
        out["metric"] = out["metric"].str.replace("auc_", "c_", regex=False)
    place = list(out.columns).index("slope") + 1
    out.insert(place, "calibration_status", NO_CALIBRATION)
    return out
