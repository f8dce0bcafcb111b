"""How strong each level measured, from a study's own strength columns."""

from __future__ import annotations

import numpy as np
import pandas as pd


def measured_strength(features: pd.DataFrame) -> pd.Series:
    """Return the median measured strength of each level over the cases, indexed by (factor, level).

    A factor is measured by the first that it moves: root mean square difference of the image in the ROI, one
    minus the Dice of the masks. A factor that moves neither (gray levels, the analysis grid) or changes the
    acquisition grid has NaN: its strength is not known. The volume ratio is no substitute there: what a mask
    carried to another grid gains or loses is rounding, not dose.

    Parameters
    ----------
    features : DataFrame
        A study's ``features.parquet``: ``factor, level`` and ``strength_*``.
    """
    measures = pd.DataFrame(index=features.index)
    if "strength_rmse" in features:
        measures["image"] = features["strength_rmse"]
    if "strength_dice" in features:
        measures["mask"] = 1.0 - features["strength_dice"]
    by_level = measures.groupby([features["factor"], features["level"]]).median()
    moved = by_level.groupby(level="factor").transform("max") > 0
    chosen = by_level.where(moved).bfill(axis=1)
    empty = pd.Series(np.nan, index=by_level.index)
    return (chosen.iloc[:, 0] if chosen.shape[1] else empty).rename("strength")
