"""The numbers of a paper: shares per feature class and factor, and the headline counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.stability import status as policy
from robustrad.stability.anova import Floats
from robustrad.stability.classes import (
    CLASSES,
    GROUP,
    class_counts,
    class_ranks,
    cluster_ranks,
    worst_classes,
)
from robustrad.stability.naming import FEATURE_CLASSES, OTHER, parse
from robustrad.stability.strength import STRENGTH, pooled

Column = NDArray[Any]
Indices = NDArray[np.intp]

ALL = "all"
_COMPARISON = ["factor", "level", "estimand", "role", "severity", "sign"]
_NEEDED = (
    "feature_class", "status", "class", "class_by", "class_limit", "headline", "headline_by", "fail_rate",
    "scale_sensitive", "k", "draws", "n", "n_dropped",
)  # fmt: skip
SUMMARY_COLUMNS = (
    *_COMPARISON, "image_type", "feature_class", "n_features", "n_classifiable", *reversed(CLASSES),
    "headline_by", "median", "q1", "q3", "class_by", "median_limit",
    "n_invariant", "n_constant", "n_insufficient", "n_extreme", "n_with_failures", "n_scale_sensitive",
    "k", "draws", "n_min", "n_max", "max_dropped", *STRENGTH,
)  # fmt: skip
HEADLINE_COLUMNS = (
    "factor", "role", "severity", "level", "unit", "n", "n_classifiable",
    *(f"n_{name}" for name in reversed(CLASSES)), *reversed(CLASSES), "n_outside", *STRENGTH,
)  # fmt: skip


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return shares of the classes and medians per feature class, comparison and kind of image.

    Parameters
    ----------
    table : DataFrame
        From :func:`robustrad.stability.table.stability_table`.

    Returns
    -------
    DataFrame
        Columns :data:`SUMMARY_COLUMNS`; comparisons in the table's order, feature classes in PyRadiomics'
        order after ``all``. ``image_type`` is the filter without its settings (``original``, ``wavelet``,
        ``log``) or ``all``; single kinds are listed when there is more than one. ``excellent`` .. ``poor``
        are shares of the ``n_classifiable`` features: invariant, constant, insufficient and extreme
        ones stand outside, counted beside. ``median``, ``q1``, ``q3`` are of the headline estimate,
        ``median_limit`` of the limit that decides the class. ``n_constant`` includes features that do not
        vary at one level of a definition factor. Controls have no shares. ``n_with_failures``: features with
        a missing value.
    """
    family = pd.Series([parse(name).family for name in table["feature"]], index=table.index)
    comparison = table.groupby(_COMPARISON, sort=False, dropna=False).ngroup().to_numpy()
    columns = {name: table[name].to_numpy() for name in (*_COMPARISON, *_NEEDED, *STRENGTH)}
    columns["family"] = family.to_numpy(dtype=object)
    rows = [
        {
            **{name: columns[name][own[0]] for name in _COMPARISON},
            "image_type": family,
            "feature_class": group,
            **_cell({name: column[part] for name, column in columns.items()}),
        }
        for own in (np.flatnonzero(comparison == i) for i in range(comparison.max(initial=-1) + 1))
        for family, group, part in _parts(columns["family"], columns["feature_class"], own)
    ]
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def headline(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many features, and clusters of features, survive each factor at each stated severity.

    A feature's class is the worse of repeatability and agreement (see
    :func:`robustrad.stability.classes.worst_classes`); a cluster's is the lower median of its classifiable
    members.

    Parameters
    ----------
    table : DataFrame
        From :func:`robustrad.stability.table.stability_table`.

    Returns
    -------
    DataFrame
        Columns :data:`HEADLINE_COLUMNS`: counts (``n_excellent`` ..) and shares of the classifiable;
        ``unit`` is ``features`` or ``clusters``; ``n_outside`` counts the units that are invariant, constant,
        insufficient or extreme. ``strength_*``: medians over the levels. Controls are left out.
    """
    rows: list[dict[str, object]] = []
    for key, part in worst_classes(table).groupby(list(GROUP), sort=False, dropna=False):
        about = dict(zip(GROUP, key, strict=True))
        rank = class_ranks(part["class"])
        about |= pooled(_levels_of(table, about))
        rows.append({**about, "unit": "features", **_counts(rank.to_numpy())})
        rows.append({**about, "unit": "clusters", **_counts(cluster_ranks(rank, part["cluster"]))})
    return pd.DataFrame(rows, columns=list(HEADLINE_COLUMNS))


def _levels_of(table: pd.DataFrame, about: Mapping[str, object]) -> pd.DataFrame:
    """Return the rows of the levels that a line of the headline is about."""
    rows = table[(table["factor"] == about["factor"]) & table["level"].notna()]
    by = "level" if isinstance(about["level"], str) else "severity"
    return rows[rows[by] == about[by]]


def _parts(family: Column, group: Column, own: Indices) -> Iterator[tuple[str, str, Indices]]:
    """Yield image type, feature class and rows of each cell, among the rows ``own`` of one comparison."""
    families = list(dict.fromkeys(family[own]))
    for image_type in [ALL, *(families if len(families) > 1 else [])]:
        chosen = own if image_type == ALL else own[family[own] == image_type]
        yield image_type, ALL, chosen
        present = set(group[chosen])
        known = [name for name in FEATURE_CLASSES if name in present]
        for name in [*known, *sorted(present - {*known, OTHER}), *({OTHER} & present)]:
            yield image_type, name, chosen[group[chosen] == name]


def _cell(part: Mapping[str, Column]) -> dict[str, object]:
    status, count = part["status"], int(pd.notna(part["class"]).sum())
    usable = np.isin(status.astype(str), policy.CLASSIFIABLE)
    q1, median, q3 = _quartiles(part["headline"][usable])
    # A definition factor's class needs variation at every level, the status at any.
    flat = usable & np.isnan(part["class_limit"]) & (part["role"] != "control")
    shares = {name: float((part["class"] == name).sum() / count) if count else np.nan for name in CLASSES}
    return {
        "n_features": status.size,
        "n_classifiable": count,
        **shares,
        "headline_by": part["headline_by"][0],
        "median": median,
        "q1": q1,
        "q3": q3,
        "class_by": part["class_by"][0],
        "median_limit": _quartiles(part["class_limit"])[1],
        "n_invariant": int((status == policy.INVARIANT).sum()),
        "n_constant": int((status == policy.CONSTANT).sum() + flat.sum()),
        "n_insufficient": int((status == policy.INSUFFICIENT).sum()),
        "n_extreme": int((status == policy.EXTREME).sum()),
        "n_with_failures": int((part["fail_rate"] > 0).sum()),
        "n_scale_sensitive": int(part["scale_sensitive"].sum()),
        "k": int(part["k"][0]),
        "draws": int(part["draws"][0]),
        "n_min": int(part["n"].min()),
        "n_max": int(part["n"].max()),
        "max_dropped": int(part["n_dropped"].max()),
        **{name: float(part[name][0]) for name in STRENGTH},
    }


def _quartiles(values: Column) -> tuple[float, float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return np.nan, np.nan, np.nan
    q1, median, q3 = np.quantile(known, [0.25, 0.5, 0.75])
    return float(q1), float(median), float(q3)


def _counts(rank: Floats) -> dict[str, object]:
    counted = class_counts(rank)
    of = counted["n_classifiable"]
    return {**counted, **{name: counted[f"n_{name}"] / of if of else np.nan for name in CLASSES}}
