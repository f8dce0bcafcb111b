"""Who is in a study: counts and medians of the columns of its table of cases."""

from __future__ import annotations

import numpy as np
import pandas as pd

COHORT_COLUMNS = ("variable", "value", "n", "share", "median", "q1", "q3", "n_missing")
_NOT_SHOWN = frozenset({"case_id", "image", "mask", "label", "patient"})
_MOST_VALUES = 10


def cohort_table(cases: pd.DataFrame, *, volumes_ml: pd.Series | None = None) -> pd.DataFrame:
    """Return a description of ``cases``: a row per value of a variable, or per numeric variable.

    Parameters
    ----------
    cases : DataFrame
        A row per case (``cases.csv``).
    volumes_ml : Series, optional
        Volume of each case's lesion at the reference in mL, where it is known.

    Returns
    -------
    DataFrame
        Columns :data:`COHORT_COLUMNS`. Numeric columns with more than ten values: median and quartiles over
        the ``n`` cases that have one. Other columns with up to ten values: ``n`` and ``share`` (of the cases
        that have a value) of each. Columns with more texts than that, paths and identifiers are left out.
    """
    rows: list[dict[str, object]] = [{"variable": "cases", "n": len(cases)}]
    if "patient" in cases.columns:
        rows.append({"variable": "patients", "n": int(cases["patient"].nunique())})
    if volumes_ml is not None and volumes_ml.notna().any():
        rows.append(_numeric("lesion volume (mL)", volumes_ml))
    for name in (column for column in cases.columns if column not in _NOT_SHOWN):
        values = cases[name]
        if values.notna().sum() == 0:
            continue
        if pd.api.types.is_numeric_dtype(values) and values.nunique() > _MOST_VALUES:
            rows.append(_numeric(str(name), values))
        elif values.nunique() <= _MOST_VALUES:
            rows.extend(_categories(str(name), values))
    return pd.DataFrame(rows, columns=list(COHORT_COLUMNS))


def _numeric(name: str, values: pd.Series) -> dict[str, object]:
    known = values.dropna().to_numpy(dtype=float)
    q1, median, q3 = np.quantile(known, [0.25, 0.5, 0.75])
    missing = int(values.isna().sum())
    return {"variable": name, "n": known.size, "median": median, "q1": q1, "q3": q3, "n_missing": missing}


def _categories(name: str, values: pd.Series) -> list[dict[str, object]]:
    counts = values.value_counts(sort=False).sort_index()
    known, missing = int(counts.sum()), int(values.isna().sum())
    return [
        {
            "variable": name, "value": _text(value), "n": int(count), "share": count / known,
            "n_missing": missing,
        }
        for value, count in counts.items()
    ]  # fmt: skip


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
