"""What the folds of one variant give, gathered fold by fold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.results import Variant
from robustrad.drift.sites.split import FittedArm


class Collector:
    """Gathers the folds of one variant; what the columns of the scores are is the experiment's.

    Parameters
    ----------
    bench : Bench
        Data.
    variant : Variant
        What is fitted.
    columns, folds : int
        How many.
    """

    def __init__(self, bench: Bench, variant: Variant, *, columns: int, folds: int) -> None:
        self.bench, self.variant = bench, variant
        n, p = len(bench.data.subjects), len(bench.data.features)
        self.scores = np.full((n, columns), np.nan)
        self.fold = np.full(n, -1, dtype=np.intp)
        self.selected = np.zeros((folds, p), dtype=np.bool_)
        self.lost = np.full(folds, np.nan)
        self.status = np.full(folds, "", dtype="U200")
        self.fingerprints = np.full(folds, "", dtype="U16")
        self.seconds = 0.0
        self.kept = np.ones(p, dtype=np.bool_)

    def note(self, fold: int, arm: FittedArm, test: NDArray[np.intp]) -> None:
        """Note who was tested by which model, what it uses, and what its remedy took away."""
        self.fold[test] = fold
        self.selected[fold], self.lost[fold] = arm.model.selected, (~arm.kept).sum()
        self.fingerprints[fold] = arm.fingerprint()
        self.seconds += arm.seconds
        self.kept &= arm.kept

    def fail(self, fold: int, reason: str) -> None:
        """Note why the remedy could not be used."""
        self.status[fold] = reason[:200]
