"""Factors at one severity, compared on the features that all of them move.

Noise cannot move shape, a volume change can: their shares are of different sets of features, and do not say
which of the two hurts more.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from robustrad.stability.classes import class_ranks, worst_classes
from robustrad.stability.survivors import ROLES

COLUMNS = ("severity", "factor", "role", "features", "n_features", "share", "n_own")
_GOOD = 2  # rank from which a class is good or excellent


def shared_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many of the features that all factors of a severity move stay good or excellent.

    Parameters
    ----------
    table : DataFrame
        From :func:`robustrad.stability.table.stability_table`.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`, a row per factor (acquisition, delineation, or without a role) at each severity that
        several share. ``n_features``: those that can be classified under every factor of the severity;
        ``features``: those of them that stay good or excellent under this one; ``n_own``: those that can be
        classified under this one.
    """
    worst = worst_classes(table)
    own = worst[(worst["role"].isin(ROLES) | worst["role"].isna()) & worst["severity"].notna()]
    rows: list[dict[str, object]] = []
    for severity, part in own.assign(rank=class_ranks(own["class"])).groupby("severity", sort=True):
        roles = part.drop_duplicates("factor").set_index("factor")["role"]
        if len(roles) < 2:
            continue
        ranks = part.pivot(index="feature", columns="factor", values="rank")
        common = ranks[ranks.notna().all(axis=1)]
        for factor, role in roles.items():
            good, of = int((common[factor] >= _GOOD).sum()), len(common)
            rows.append(
                {"severity": severity, "factor": factor, "role": role, "features": good, "n_features": of,
                 "share": good / of if of else np.nan, "n_own": int(ranks[factor].notna().sum())}
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
