"""Risk scores that the user brings finished: evaluated, never fitted."""

from __future__ import annotations

import numpy as np

from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import DriftData
from robustrad.drift.models.fingerprint import fingerprint_of


def risk_column(data: DriftData, arm: Arm, *, cutoff: float | None = None) -> ArmScores:
    """Return the one feature of ``data`` as risks of a frozen arm.

    Parameters
    ----------
    data : DriftData
        Its first feature is the risk: higher means earlier.
    arm : Arm
        Names the result.
    cutoff : float, optional
        High risk from it on; default the median at the reference.
    """
    scores = data.values[:, :, 0]
    cut = float(np.nanmedian(scores[:, 0])) if cutoff is None else cutoff
    return ArmScores(
        arm=arm,
        scores=scores[None],
        folds=np.zeros((1, len(data.subjects)), dtype=np.intp),
        thresholds=np.full((1, 1), cut),
        selected=np.ones((1, 1, len(data.features)), dtype=np.bool_),
        fingerprints=(fingerprint_of(data.features, cut),),
        frozen=True,
    )
