"""Which features survive everything: the worst comparison of each feature over a study.

Only comparisons of acquisition and delineation factors count (a factor whose role nobody declared counts as
acquisition); definition factors change what a feature is, and controls are meant to fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from robustrad.stability import status as policy
from robustrad.stability.anova import Floats
from robustrad.stability.classes import (
    CLASSES,
    GROUP,
    class_counts,
    class_ranks,
    cluster_ranks,
    worst_classes,
    worst_of,
)

ROLES = ("acquisition", "delineation")
OUTSIDE = (policy.INVARIANT, policy.CONSTANT, policy.INSUFFICIENT, policy.EXTREME)
SURVIVOR_COLUMNS = (
    "feature", "image_type", "feature_class", "cluster", "class", "status", "survives",
    "factor", "level", "severity", "estimand", "headline_by", "icc", "class_by", "limit", "high",
    "n", "n_dropped", "spearman", "bias_sd", "wcv", "wcv_status", "icc_volume_adjusted",
    "scale_sensitive", "flags",
)  # fmt: skip
FACTOR_COLUMNS = (*GROUP, "features", "n_features", "share", "clusters", "n_clusters", "n_outside")
COUNT_COLUMNS = (
    "role", "unit", "n", "n_classifiable", *(f"n_{name}" for name in CLASSES), "n_good_or_excellent",
    "n_outside", "factors", "severities",
)  # fmt: skip
_HIGH = {"icc_1_1_low": "icc_1_1_high", "icc_a_1_low_fixed": "icc_a_1_high_fixed"}


def survivors(table: pd.DataFrame) -> pd.DataFrame:
    """Return each feature's worst comparison over all acquisition and delineation factors.

    Parameters
    ----------
    table : DataFrame
        From :func:`robustrad.stability.table.stability_table`.

    Returns
    -------
    DataFrame
        Columns :data:`SURVIVOR_COLUMNS`, a row per feature in the table's order. ``class`` is the worst of
        the feature's classes over factors and severities; null where no comparison can be classified or one
        has too few subjects (``status`` says which). ``survives`` is ``yes`` (good or excellent
        everywhere), ``no``, or empty where the class is null. ``factor`` .. ``scale_sensitive`` describe the
        comparison with the lowest limit; ``icc`` is the estimate, ``limit`` and ``high`` its interval.
    """
    rows = _relevant(table)
    facts = table.drop_duplicates("feature")[["feature", "image_type", "feature_class", "cluster"]]
    worst = _worst_over_factors(rows).drop(columns="cluster")
    order = rows["class_limit"].fillna(np.inf).to_numpy().argsort(kind="stable")
    lowest = rows.iloc[order].drop_duplicates("feature").set_index("feature")
    estimate, high = _own_interval(lowest)
    lowest = lowest.assign(icc=estimate, limit=lowest["class_limit"], high=high)
    lowest = lowest[
        [name for name in SURVIVOR_COLUMNS if name in lowest.columns and name not in facts.columns]
    ]
    lowest = lowest.drop(columns=["class", "status"])
    result = facts.merge(worst, on="feature", how="left").merge(
        lowest.reset_index(), on="feature", how="left", validate="one_to_one"
    )
    blank = result["class"].isna()
    described = [
        name for name in SURVIVOR_COLUMNS[SURVIVOR_COLUMNS.index("factor") :] if name in result.columns
    ]
    outside = blank & result["status"].isin([policy.INVARIANT, policy.CONSTANT, policy.EXTREME])
    result[described] = result[described].astype(object).where(~outside, None)
    result["survives"] = [
        "" if missing else "yes" if name in CLASSES[2:] else "no"
        for missing, name in zip(blank, result["class"], strict=True)
    ]
    status = result["status"].astype(object)
    result["status"] = status.where(status.notna(), policy.INSUFFICIENT)
    result["flags"] = [_flags(row) for row in result.to_dict("records")]
    return result[list(SURVIVOR_COLUMNS)].infer_objects()


def survivor_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many features, and clusters of features, survive all factors of a role, and of both.

    Parameters
    ----------
    table : DataFrame
        From :func:`robustrad.stability.table.stability_table`.

    Returns
    -------
    DataFrame
        Columns :data:`COUNT_COLUMNS`; ``role`` is ``both``, ``acquisition`` or ``delineation``, ``unit``
        ``features`` or ``clusters``. A cluster's class is the lower median of its classifiable members';
        ``n_outside`` counts the units without a class; ``factors`` and ``severities`` how many factors, and
        pairs of factor and severity (or level), a feature had to survive. Roles that the study lacks are
        left out.
    """
    rows = _relevant(table)
    counted: list[dict[str, object]] = []
    for role in ("both", *ROLES):
        own = rows if role == "both" else rows[_role(rows) == role]
        if own.empty:
            continue
        worst = _worst_over_factors(own)
        rank = class_ranks(worst["class"])
        clusters = cluster_ranks(rank, worst["cluster"])
        groups = worst_classes(own).drop_duplicates(["factor", "severity", "level"])
        extent = {"factors": groups["factor"].nunique(), "severities": len(groups)}
        counted.append({"role": role, "unit": "features", **_count(rank.to_numpy()), **extent})
        counted.append({"role": role, "unit": "clusters", **_count(clusters), **extent})
    return pd.DataFrame(counted, columns=list(COUNT_COLUMNS))


def factor_counts(headline: pd.DataFrame) -> pd.DataFrame:
    """Return how many features and clusters are good or excellent under each factor and severity.

    Parameters
    ----------
    headline : DataFrame
        From :func:`robustrad.stability.summary.headline`.

    Returns
    -------
    DataFrame
        Columns :data:`FACTOR_COLUMNS`: ``features`` of ``n_features`` classifiable ones, ``share`` of them,
        ``clusters`` of ``n_clusters``; ``n_outside`` features stand outside.
    """
    rows: list[dict[str, object]] = []
    for key, part in headline.groupby(list(GROUP), sort=False, dropna=False):
        units = part.set_index("unit")
        stay = units["n_good"] + units["n_excellent"]
        of = units["n_classifiable"]
        rows.append(
            {
                **dict(zip(GROUP, key, strict=True)),
                "features": stay["features"],
                "n_features": of["features"],
                "share": stay["features"] / of["features"] if of["features"] else np.nan,
                "clusters": stay["clusters"],
                "n_clusters": of["clusters"],
                "n_outside": units["n_outside"]["features"],
            }
        )
    return pd.DataFrame(rows, columns=list(FACTOR_COLUMNS))


def _role(rows: pd.DataFrame) -> pd.Series:
    """Return the roles, ``acquisition`` where nobody declared one."""
    role = rows["role"].astype(object)
    return role.where(role.notna(), ROLES[0])


def _relevant(table: pd.DataFrame) -> pd.DataFrame:
    return table[
        table["estimand"].ne("factor") & (table["role"].isin(ROLES) | table["role"].isna())
    ].reset_index(drop=True)


def _worst_over_factors(rows: pd.DataFrame) -> pd.DataFrame:
    """Return cluster, class and status by feature; no class where a factor has too few subjects or none."""
    return worst_of(worst_classes(rows), ["feature"])


def _flags(row: Mapping[Any, Any]) -> str:
    """What a reader of one feature should know, in a few words."""
    remarks = {
        "skewed": row["scale_sensitive"] is True,
        f"n < {policy.FEW_SUBJECTS}": isinstance(row["n"], (int, float)) and row["n"] < policy.FEW_SUBJECTS,
        "dropped": isinstance(row["n_dropped"], (int, float)) and row["n_dropped"] > 0,
        "no signal": row["class"] is not None and (isinstance(row["icc"], float) and row["icc"] <= 0),
    }
    return ", ".join(word for word, holds in remarks.items() if holds)


def _own_interval(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return estimate and upper limit of the form that decides each row's class."""
    estimate = np.full(len(rows), np.nan)
    high = np.full(len(rows), np.nan)
    for low, upper in _HIGH.items():
        own = rows["class_by"].eq(low).to_numpy()
        estimate[own] = rows["headline"].to_numpy(dtype=float)[own]
        high[own] = rows[upper].to_numpy(dtype=float)[own]
    return estimate, high


def _count(rank: Floats) -> dict[str, int]:
    counted = class_counts(rank)
    return {**counted, "n_good_or_excellent": counted["n_good"] + counted["n_excellent"]}
