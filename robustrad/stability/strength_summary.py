"""What the perturbations of a study really did: measured strength per factor and level, over cases."""

from __future__ import annotations

import numpy as np
import pandas as pd

UNCHANGED = {"dice": 1.0, "sd_difference": 0.0}  # measures of what changed, and their value where nothing did
STRENGTH_COLUMNS = (
    "factor",
    "level",
    "severity",
    "sign",
    "measure",
    "n",
    "median",
    "q1",
    "q3",
    "minimum",
    "maximum",
)


def strength_table(features: pd.DataFrame) -> pd.DataFrame:
    """Return the measured strength of every factor and level.

    Parameters
    ----------
    features : DataFrame
        Of a study (``features.parquet``): columns ``factor, level, severity, sign, status`` and
        ``strength_*``.

    Returns
    -------
    DataFrame
        Columns :data:`STRENGTH_COLUMNS`; a row per factor, level and measure (named without ``strength_``),
        over the ``n`` units (cases and draws) that are ok and have a value. Measures that were not taken at a
        level are left out; the reference is a level of its own.
    """
    names = [
        name
        for name in features.columns
        if str(name).startswith("strength_") and pd.api.types.is_numeric_dtype(features[name])
    ]
    rows: list[dict[str, object]] = []
    fine = features[features["status"] == "ok"] if "status" in features.columns else features
    for (factor, level, severity, sign), part in fine.groupby(
        ["factor", "level", "severity", "sign"], sort=False, dropna=False
    ):
        for name in names:
            values = part[name].to_numpy(dtype=float)
            values = values[np.isfinite(values)]
            if values.size:
                q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75])
                rows.append(
                    {
                        "factor": factor, "level": level, "severity": severity, "sign": sign,
                        "measure": name.removeprefix("strength_"), "n": values.size,
                        "median": median, "q1": q1, "q3": q3,
                        "minimum": values.min(), "maximum": values.max(),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows, columns=list(STRENGTH_COLUMNS))


def main_measure(wide: pd.DataFrame, factor: str) -> str | None:
    """Return the measure that shows what ``factor`` did: Dice for masks, SD of the difference for images.

    Parameters
    ----------
    wide : DataFrame
        A row per factor and level, with the medians of the measures as columns.
    factor : str
        Factor.

    Returns
    -------
    str or None
        None where nothing was measured that differs from the reference (a shift of the analysis grid, bins).
    """
    own = wide[wide["factor"] == factor]
    for measure, unchanged in UNCHANGED.items():
        if measure in own.columns and (own[measure].notna() & own[measure].ne(unchanged)).any():
            return measure
    return None


def rises_with_severity(wide: pd.DataFrame, factor: str) -> bool | None:
    """Return whether the main measure of ``factor`` moves one way as |severity| rises.

    None where severity is not declared or nothing was measured: a dose-response curve then rests on the
    declared severity alone. Parameters as :func:`main_measure`.
    """
    measure = main_measure(wide, factor)
    own = wide[wide["factor"] == factor]
    if measure is None or own["severity"].isna().any() or own["severity"].nunique() < 2:
        return None
    for _, side in own.groupby("sign", dropna=False):
        steps = np.diff(side.sort_values("severity")[measure].to_numpy(dtype=float))
        if not ((steps > 0).all() or (steps < 0).all()):
            return False
    return True
