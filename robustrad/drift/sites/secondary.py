"""What a remedy does to scores apart from their order: calibration, agreement, association with volume."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from robustrad.drift.data import Floats
from robustrad.drift.metrics.calibration import OK, calibration_in_the_large, calibration_line
from robustrad.drift.sites.agreement import AgreementSums


class Calibration(NamedTuple):
    """Calibration in the large and slope of pooled predictions; NaN where not defined."""

    citl: float
    slope: float


def pooled_calibration(y: NDArray[np.intp], p: Floats, weights: Floats) -> Calibration:
    """Return the calibration of predictions at random places.

    Parameters
    ----------
    y : ndarray of shape (m,)
        Outcome of each prediction.
    p, weights : ndarray of shape (m,)
        Probability, and how often its place is met; NaN predictions do not count.
    """
    there = np.isfinite(p)
    if not there.any() or np.unique(y[there]).size < 2:
        return Calibration(float("nan"), float("nan"))
    known, outcome, w = p[there], y[there], weights[there]
    line = calibration_line(outcome, known, weights=w)
    slope = float(line.slope[0]) if line.status[0] == OK else float("nan")
    return Calibration(float(calibration_in_the_large(outcome, known, weights=w)[0]), slope)


def score_agreement(reference: Floats, others: Floats) -> float:
    """Return the mean ICC(A,1) of the score between the reference and each place, shape (n,) and (n, q)."""
    sums = AgreementSums(others.shape[1], 1)
    for place in range(others.shape[1]):
        sums.add(place, reference[:, None], others[:, place, None])
    values = sums.icc()
    return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else float("nan")


def rank_correlation(a: Floats, b: Floats | None) -> float:
    """Return Spearman's correlation over the subjects that have both; NaN without spread."""
    if b is None:
        return float("nan")
    there = np.isfinite(a) & np.isfinite(b)
    if there.sum() < 5:
        return float("nan")
    x, y = (rankdata(side[there]) for side in (a, b))
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y / scale) if scale > 0 else float("nan")
