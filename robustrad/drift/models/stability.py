"""How stable each feature is over the perturbations of given patients: for pruning, no estimate to report.

It pools the acquisition and delineation conditions in one one-way ICC, which no stability table does; here
it only says which of two correlated features to keep, and is learned from training patients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.data import DriftData, Floats

_PERTURBED = ("acquisition", "delineation")


@dataclass(frozen=True)
class PatientStability:
    """Mean and spread of every feature within each subject; any set of subjects can be summed from them.

    Attributes
    ----------
    mean, within : ndarray of shape (n, p)
        Mean over the conditions, and sum of squares about it.
    count : ndarray of shape (n,)
        Conditions that the subject has.
    """

    mean: Floats
    within: Floats
    count: NDArray[np.intp]

    def subset(self, rows: NDArray[np.intp]) -> PatientStability:
        """Return the same for some subjects."""
        return PatientStability(self.mean[rows], self.within[rows], self.count[rows])

    def values(self) -> Floats:
        """Return the one-way ICC of each feature over these subjects, shape (p,); NaN where constant."""
        n, total = self.mean.shape[0], int(self.count.sum())
        if n < 2 or total <= n:
            return np.full(self.mean.shape[1], np.nan)
        k = total / n
        msw = self.within.sum(axis=0) / (total - n)
        center = (self.count[:, None] * self.mean).sum(axis=0) / total
        msr = (self.count[:, None] * (self.mean - center) ** 2).sum(axis=0) / (n - 1)
        spread = msr + (k - 1) * msw
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(spread > 0, (msr - msw) / spread, np.nan))


def patient_stability(data: DriftData) -> PatientStability | None:
    """Return what the acquisition and delineation conditions of ``data`` say; None where there is none."""
    perturbed = data.conditions["role"].isin(_PERTURBED).to_numpy()
    if not perturbed.any():
        return None
    columns = np.flatnonzero(perturbed | (np.arange(perturbed.size) == 0))
    n, p = len(data.subjects), len(data.features)
    count, total = np.zeros(n, dtype=np.intp), np.zeros((n, p))
    for column in columns:
        here = np.isfinite(data.values[:, column]).all(axis=1)
        count += here
        total[here] += data.values[here, column]
    mean = total / np.maximum(count, 1)[:, None]
    within = np.zeros((n, p))
    for column in columns:
        here = np.isfinite(data.values[:, column]).all(axis=1)
        within[here] += (data.values[here, column] - mean[here]) ** 2
    return PatientStability(mean, within, count)
