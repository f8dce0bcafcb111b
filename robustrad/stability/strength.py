"""How strong a perturbation really was, beside how well features agree under it.

With it two factors are compared at equal Dice or equal RMSE: a severity orders the levels of one factor only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from robustrad.stability.anova import Floats

STRENGTH = (
    "strength_rmse", "strength_ssim", "strength_sd_difference", "strength_difference_frequency",
    "strength_added_fwhm_mm", "strength_dice", "strength_hd95_mm", "strength_msd_mm", "strength_volume_ratio",
)  # fmt: skip
"""Measures of a study's ``features.parquet`` that are reported; the first five of the image in the reference
ROI, the others of the mask."""


def strength_columns(frame: pd.DataFrame) -> Floats:
    """Return the measured strength in every row of a table, (rows, len(STRENGTH)); NaN where unknown."""
    known = {name: pd.to_numeric(frame[name]) for name in STRENGTH if name in frame.columns}
    empty = np.full(len(frame), np.nan)
    return np.column_stack([known[name].to_numpy(float) if name in known else empty for name in STRENGTH])


def typical(values: Floats) -> dict[str, float]:
    """Return the medians over all axes but the last of ``values`` (..., len(STRENGTH)), by their names."""
    flat = values.reshape(-1, len(STRENGTH))
    return {name: _median(column) for name, column in zip(STRENGTH, flat.T, strict=True)}


def pooled(rows: pd.DataFrame) -> dict[str, float]:
    """Return the medians over the levels in ``rows`` of a stability table: both signs of a severity."""
    levels = rows.drop_duplicates(["factor", "level"])
    return {name: _median(levels[name].to_numpy(float)) for name in STRENGTH}


def strength_text(found: Mapping[str, float]) -> str:
    """Return the most telling measure: ``Dice 0.931``, else ``RMSE 0.22``; empty where nothing was changed.

    Grids and gray levels change neither image nor mask.
    """
    dice, rmse = found["strength_dice"], found["strength_rmse"]
    if dice < 1:
        return f"Dice {dice:.3f}"
    return f"RMSE {rmse:.3g}" if rmse > 0 else ""


def _median(values: Floats | Sequence[float]) -> float:
    known = np.asarray(values)[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")
