"""Three-way verdict on a change of AUC, from its simultaneous interval and a margin declared beforehand."""

from __future__ import annotations

import math

ROBUST = "robust"
SMALL_LOSS = "small loss"
DRIFTS = "drifts"
INCONCLUSIVE = "inconclusive"
UNCHANGED = "unchanged"
HOLDS = (ROBUST, SMALL_LOSS, UNCHANGED)


def judge_change(low: float, high: float, *, margin: float) -> str:
    """Return the verdict on a change (negative: loss) with simultaneous limits.

    ===============  ======================================================
    robust           the whole interval lies above -margin
    small loss       so it does, and wholly below 0
    drifts           the whole interval lies below -margin
    unchanged        the interval is 0 without width: no two patients changed their order, in no resample;
                     how large a change these patients could hide is not known
    inconclusive     otherwise, or where there is no interval
    ===============  ======================================================

    Parameters
    ----------
    low, high : float
        Limits that hold for all levels of the arm together.
    margin : float
        Loss that would matter, positive.
    """
    if math.isnan(low) or math.isnan(high):
        return INCONCLUSIVE
    if low == high:
        return UNCHANGED if low == 0.0 else INCONCLUSIVE
    if low > -margin:
        return SMALL_LOSS if high < 0.0 else ROBUST
    return DRIFTS if high < -margin else INCONCLUSIVE
