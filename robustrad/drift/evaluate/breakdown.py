"""From which severity on a model no longer holds: an interval of severities per factor."""

from __future__ import annotations

import numpy as np
import pandas as pd

from robustrad.drift.evaluate.verdict import DRIFTS, HOLDS, UNCHANGED

OK = "ok"
NO_SEVERITY = "no_severity"
NOT_MONOTONE = "strength_not_monotone"
UNUSED = "unused"
INSUFFICIENT = "insufficient"
COLUMNS = (
    "arm", "model", "train", "factor", "role", "first_not_robust", "first_drifts", "direction_monotone",
    "smallest_margin", "margin", "sentence", "status",
)  # fmt: skip


def breakdown(drift: pd.DataFrame, *, margin: float, strength: pd.Series | None = None) -> pd.DataFrame:
    """Return, per arm and factor, [first severity that is not robust, first severity that drifts].

    Parameters
    ----------
    drift : DataFrame
        The drift table: ``arm, model, train, factor, level, role, severity, sign, delta, delta_low_band,
        delta_high_band, mean_abs_dp, verdict``; reference and controls are passed over.
    margin : float
        Loss that would matter.
    strength : Series, optional
        Measured strength by (factor, level). A factor whose strength does not rise with its severity has no
        dose, hence no breakdown.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`. Levels of both signs share a severity: it is robust if all of them are, and drifts if
        one does. ``first_*`` is empty where no severity does. ``direction_monotone``: AUC does not rise with
        severity, within each sign. ``smallest_margin``: the largest half width of the factor's simultaneous
        intervals, which is the smallest margin at which this number of patients could have called every level
        robust, had nothing changed; NaN where no two patients changed their order. ``unused``: no subject's
        score changed at any level, because the model uses no feature that the factor moves. Levels without
        numbers (``status`` insufficient) bear no breakdown: ``sentence`` names their severities, or their
        names; ``insufficient``: no level has numbers.
    """
    rows = drift[(drift["factor"] != "reference") & (drift["role"] != "control")]
    keys = ["arm", "model", "train", "factor"]
    found = [
        dict(zip(keys, key, strict=True)) | _factor(str(key[3]), levels, margin, strength)
        for key, levels in rows.groupby(keys, sort=False, dropna=False)
    ]
    return pd.DataFrame(found, columns=list(COLUMNS))


def _factor(
    factor: str, levels: pd.DataFrame, margin: float, strength: pd.Series | None
) -> dict[str, object]:
    half = (levels["delta_high_band"] - levels["delta_low_band"]) / 2.0
    smallest = float(half.max()) if half.notna().any() else np.nan
    could = _could(smallest)
    row: dict[str, object] = {"role": levels["role"].iloc[0], "margin": margin}
    row["smallest_margin"] = smallest if smallest > 0.0 else np.nan
    row |= {"first_not_robust": np.nan, "first_drifts": np.nan, "direction_monotone": None}
    silent = levels[levels["status"] == INSUFFICIENT] if "status" in levels.columns else levels[:0]
    levels = levels.drop(index=silent.index)
    if levels.empty:
        text = f"{factor}: no level has numbers ({INSUFFICIENT})."
        return row | {"status": INSUFFICIENT, "sentence": text}
    could += _silent(silent)
    if (levels["mean_abs_dp"] == 0.0).all():
        text = f"{factor}: no score changed; the model uses no feature that it moves."
        return row | {"smallest_margin": np.nan, "status": UNUSED, "sentence": text}
    if levels["severity"].isna().any():
        return row | {"status": NO_SEVERITY, "sentence": f"{_counts(factor, levels, margin)} {could}"}
    if strength is not None and not _rises(levels, strength):
        text = f"{factor}: measured strength does not rise with severity, so no breakdown is given."
        return row | {"status": NOT_MONOTONE, "sentence": text}
    row["direction_monotone"] = _monotone(levels.assign(fall=-levels["delta"]), "fall")
    by_severity = levels.groupby("severity", sort=True)["verdict"]
    words = {float(str(severity)): set(verdicts) for severity, verdicts in by_severity}
    first = next((severity for severity, said in words.items() if not said <= set(HOLDS)), np.nan)
    last = next((severity for severity, said in words.items() if DRIFTS in said), np.nan)
    row |= {"first_not_robust": first, "first_drifts": last, "status": OK}
    top = float(levels["severity"].max())
    beyond = bool((silent["severity"] > top).any())
    told = _told(first, last, top, all_there=not beyond)
    if (levels["verdict"] == UNCHANGED).all():
        told = f"unchanged up to {_largest(top, all_there=not beyond)}"
    return row | {"sentence": f"{factor}: {told}, at a margin of {margin:g}. {could}"}


def _rises(levels: pd.DataFrame, strength: pd.Series) -> bool:
    values = [strength.get((f, lv), np.nan) for f, lv in zip(levels["factor"], levels["level"], strict=True)]
    table = levels.assign(measured=np.abs(np.asarray(values, dtype=np.float64)))
    return True if table["measured"].isna().any() else _monotone(table, "measured")


def _monotone(levels: pd.DataFrame, column: str) -> bool:
    """Whether ``column`` does not fall with severity, within each sign."""
    signs = levels["sign"].fillna(0) if "sign" in levels.columns else pd.Series(0, index=levels.index)
    for _, side in levels.groupby(signs):
        values = side.sort_values("severity", kind="stable")[column].to_numpy(dtype=np.float64)
        if (np.diff(values) < -1e-12).any():
            return False
    return True


def _counts(factor: str, levels: pd.DataFrame, margin: float) -> str:
    verdicts = levels["verdict"].value_counts()
    told = ", ".join(f"{verdicts[word]} {word}" for word in verdicts.index if word)
    told = f"{told or 'not judged'} at a margin of {margin:g}; no severity is declared"
    return f"{factor}: {told}."


def _silent(levels: pd.DataFrame) -> str:
    """Return the sentence on levels without numbers."""
    if levels.empty:
        return ""
    if levels["severity"].isna().any():
        return f" Without a number: {', '.join(map(str, levels['level']))}."
    severities = sorted(set(levels["severity"]))
    which = ", ".join(f"{severity:g}" for severity in severities)
    return (
        f" Severity {which} has no number."
        if len(severities) == 1
        else f" Severities {which} have no number."
    )


def _largest(top: float, *, all_there: bool) -> str:
    """Return the words for the largest severity with a number, whether or not a larger one was tried."""
    return (
        f"the largest severity tried ({top:g})"
        if all_there
        else f"severity {top:g}, the largest with a number"
    )


def _told(first: float, last: float, top: float, *, all_there: bool) -> str:
    if np.isnan(first):
        return f"robust up to {_largest(top, all_there=all_there)}"
    if np.isnan(last):
        return f"not shown robust from severity {first:g} on, and not shown to drift up to {top:g}"
    if first == last:
        return f"breaks down at severity {last:g}"
    return f"breaks down between severity {first:g} and {last:g}"


def _could(smallest: float) -> str:
    if np.isnan(smallest):
        return "No margin could be verified."
    if smallest == 0.0:
        return "No two patients changed their order, so they cannot tell which margin could be verified."
    return f"With these patients the smallest margin that could be verified is {smallest:.3f}."
