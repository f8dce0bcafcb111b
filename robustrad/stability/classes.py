"""Classes of Koo and Li: poor, moderate, good, excellent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.core.errors import DataError
from robustrad.stability.anova import Floats
from robustrad.stability.status import INSUFFICIENT, OK

Thresholds = tuple[float, float, float]

# Koo and Li 2016, doi:10.1016/j.jcm.2016.02.012; a value on a boundary belongs to the upper class.
KOO_LI: Thresholds = (0.5, 0.75, 0.9)
CLASSES = ("poor", "moderate", "good", "excellent")
GROUP = ("factor", "role", "severity", "level")
"""Columns of what a feature is judged under: a factor at a stated severity, or a level without one."""


def check_thresholds(thresholds: Thresholds) -> Thresholds:
    """Return ``thresholds`` if they are three rising numbers.

    Raises
    ------
    DataError
        If they are not.
    """
    if len(thresholds) != 3 or not thresholds[0] < thresholds[1] < thresholds[2]:
        raise DataError("thresholds", f"{thresholds}", f"three rising numbers such as {KOO_LI}")
    return thresholds


def classify(values: Floats, thresholds: Thresholds = KOO_LI) -> NDArray[Any]:
    """Return the class of each value, None where it is NaN; negative values are poor.

    Parameters
    ----------
    values : ndarray
        ICC limits or estimates.
    thresholds : tuple of three floats, default (0.5, 0.75, 0.9)
        Lower bounds of moderate, good and excellent.
    """
    names = np.array([*CLASSES, None], dtype=object)
    rank = np.searchsorted(np.asarray(thresholds), values, side="right")
    return np.asarray(names[np.where(np.isnan(values), len(CLASSES), rank)])


def worst_classes(table: pd.DataFrame) -> pd.DataFrame:
    """Return the class of each feature for each factor: the worse of repeatability and agreement.

    Parameters
    ----------
    table : DataFrame
        From :func:`robustrad.stability.table.stability_table`.

    Returns
    -------
    DataFrame
        Columns ``factor, role, severity, level, feature, cluster, status, class``, a row per feature and
        stated severity: levels of one severity (both signs of it) are judged together, a level without
        severity alone (``level`` names it). Rows of ``chains``, and of tables of exchangeable conditions,
        stand by themselves. Controls are left out. ``class`` is null where no row of the feature can be
        classified, or one of them has too few subjects (a class from the others would overstate);
        ``status`` is then the reason.
    """
    rows = table[table["estimand"].ne("factor") & table["role"].ne("control")]
    together = rows["severity"].notna()
    rows = rows.assign(level=rows["level"].where(~together, None))
    worst = worst_of(rows, [*GROUP, "feature"])
    order = {factor: i for i, factor in enumerate(rows["factor"].unique())}
    return worst.sort_values(
        ["factor", "severity"],
        key=lambda column: column.map(order) if column.name == "factor" else column,
        kind="stable",
        ignore_index=True,
    )


def worst_of(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the worst class of each group of rows; null where one has too few subjects, or none has a class.

    Parameters
    ----------
    rows : DataFrame
        Columns ``class, status, cluster`` and those of ``by``.
    by : list of str
        Columns of the groups, which keep their order.

    Returns
    -------
    DataFrame
        Columns ``by``, ``cluster`` (the first), ``status`` (the reason where the class is null), ``class``.
    """
    rank = class_ranks(rows["class"])
    rows = rows.assign(
        _rank=rank,
        _short=rows["status"].eq(INSUFFICIENT),
        _unclassified=rows["status"].where(rank.isna(), None),
    )
    worst = rows.groupby(by, sort=False, dropna=False).agg(
        cluster=("cluster", "first"),
        status=("_unclassified", "first"),
        rank=("_rank", "min"),
        short=("_short", "any"),
    )
    worst = worst.reset_index()
    short = worst.pop("short")
    worst.loc[short, "rank"], worst.loc[short, "status"] = np.nan, INSUFFICIENT
    worst["class"] = [None if np.isnan(i) else CLASSES[int(i)] for i in worst.pop("rank")]
    worst["status"] = worst["status"].where(worst["class"].isna(), OK)
    return worst


def class_ranks(classes: pd.Series) -> pd.Series:
    """Return 0 for poor to 3 for excellent, NaN without a class."""
    return classes.map({name: i for i, name in enumerate(CLASSES)}).astype(float)


def cluster_ranks(rank: pd.Series, cluster: pd.Series) -> Floats:
    """Return the rank of each cluster of features: the lower median of its classifiable members."""
    return rank.groupby(cluster).apply(_lower_median).to_numpy(dtype=float)


def class_counts(rank: Floats) -> dict[str, int]:
    """Return how many have each class (``n_poor`` ..), any class (``n_classifiable``) or none."""
    classified = int(np.isfinite(rank).sum())
    return {
        "n": rank.size,
        "n_classifiable": classified,
        **{f"n_{name}": int((rank == i).sum()) for i, name in enumerate(CLASSES)},
        "n_outside": rank.size - classified,
    }


def _lower_median(rank: pd.Series) -> float:
    known = np.sort(rank.dropna().to_numpy())
    return float(known[(known.size - 1) // 2]) if known.size else np.nan
