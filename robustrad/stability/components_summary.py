"""What of the disagreement could be harmonized: mean shares per feature class and factor, and one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from robustrad.stability import status as policy
from robustrad.stability.components import COMPONENTS
from robustrad.stability.components_table import REML
from robustrad.stability.estimands import FACTOR
from robustrad.stability.naming import FEATURE_CLASSES, OTHER

ALL = "all"
_USED = (*policy.CLASSIFIABLE, REML)
_MEDIANS = ("harmonizable_share", "icc_a_1", "ceiling_c_1", "ceiling_location_scale")
COMPONENTS_SUMMARY_COLUMNS = (
    "factor", "role", "feature_class", "n_features", "n_used", *COMPONENTS,
    "harmonizable_share", "harmonizable_q1", "harmonizable_q3", "icc_a_1", "ceiling_c_1",
    "ceiling_location_scale", "n_truncated", "n_min", "n_max", "k", "draws",
)  # fmt: skip


def components_summary(components: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return mean shares of the components, and medians of the harmonizable share and its ceilings.

    Parameters
    ----------
    components : DataFrame
        From :func:`robustrad.stability.components_table.components_table`.
    table : DataFrame
        From :func:`robustrad.stability.table.stability_table` of the same source.

    Returns
    -------
    DataFrame
        Columns :data:`COMPONENTS_SUMMARY_COLUMNS`, a row per factor and feature class after ``all``. Shares
        are means over the ``n_used`` features that vary under the factor (they sum to 1; a component that the
        design has not is NaN); those of other statuses stand outside. ``icc_a_1`` and the
        ceilings are medians of the stability table's rows over all levels. ``n_truncated``: features with a
        negative estimate. Controls are included.
    """
    shares = _shares(components)
    levels = table[table["estimand"].eq(FACTOR)].set_index(["factor", "feature"])[list(_MEDIANS)]
    joined = shares.join(levels, on=["factor", "feature"])
    rows = [
        _row(str(factor), name, part if name == ALL else part[part["feature_class"] == name])
        for factor, part in joined.groupby("factor", sort=False)
        for name in [ALL, *_ordered(part["feature_class"])]
    ]
    return pd.DataFrame(rows, columns=list(COMPONENTS_SUMMARY_COLUMNS))


def harmonizable_line(summary: pd.DataFrame) -> str:
    """Return one plain sentence: how much of each factor's disagreement ComBat could remove at most.

    Parameters
    ----------
    summary : DataFrame
        From :func:`components_summary`. Controls, and factors without levels in common, are left out. The
        share counts shifts; the two ICCs beside it say what scaling could add.
    """
    shown = summary[
        summary["feature_class"].eq(ALL)
        & summary["role"].ne("control")
        & summary["harmonizable_share"].notna()
    ]
    if shown.empty:
        return ""
    told = ", ".join(_told(row) for row in shown.to_dict("records"))
    return (
        "ComBat could remove at most (median share of a feature's disagreement that is a shift of the level; "
        f"median ICC now, and after shift and scale of each level): {told}."
    )


def _told(row: dict[Any, Any]) -> str:
    now, ceiling = row["icc_a_1"], row["ceiling_location_scale"]
    known = pd.notna(now) and pd.notna(ceiling)
    change = f" ({now:.2f}, {ceiling:.2f})" if known else ""
    return f"{row['factor']} {100 * row['harmonizable_share']:.0f} %{change}"


def _shares(components: pd.DataFrame) -> pd.DataFrame:
    """Return one row per factor and feature: the share of each component, and what concerns all of them."""
    keys = ["factor", "feature"]
    share = (
        components.groupby([*keys, "component"], sort=False)["share"].sum(min_count=1).unstack("component")
    )
    about = components.groupby(keys, sort=False).agg(
        role=("role", "first"),
        feature_class=("feature_class", "first"),
        status=("status", "first"),
        truncated=("truncated", "any"),
        n=("n", "first"),
        k=("k", "first"),
        draws=("draws", "first"),
    )
    return about.join(share.reindex(columns=list(COMPONENTS))).reset_index()


def _ordered(found: pd.Series) -> list[str]:
    present = set(found)
    return [
        *(name for name in FEATURE_CLASSES if name in present),
        *sorted(present - {*FEATURE_CLASSES, OTHER}),
        *({OTHER} & present),
    ]


def _row(factor: str, feature_class: str, part: pd.DataFrame) -> dict[str, object]:
    used = part[part["status"].isin(_USED)]
    share = used["harmonizable_share"].dropna()
    q1, middle, q3 = np.quantile(share, [0.25, 0.5, 0.75]) if len(share) else (np.nan,) * 3
    return {
        "factor": factor,
        "role": part["role"].iloc[0],
        "feature_class": feature_class,
        "n_features": len(part),
        "n_used": len(used),
        **{name: used[name].mean() for name in COMPONENTS},
        **{name: used[name].median() for name in _MEDIANS},
        "harmonizable_share": middle,
        "harmonizable_q1": q1,
        "harmonizable_q3": q3,
        "n_truncated": int(used["truncated"].sum()),
        "n_min": int(part["n"].min()),
        "n_max": int(part["n"].max()),
        "k": int(part["k"].iloc[0]),
        "draws": int(part["draws"].iloc[0]),
    }
