"""Scores without a model: what evaluation is given, made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import DriftData, drift_data
from robustrad.drift.evaluate.pairs import Pairs, comparable_pairs
from robustrad.stability.observations import CONDITION_COLUMNS

REFERENCE = ("reference", "reference", "reference", None, 0.0, np.nan, 0)


def conditions(*rows: tuple[str, str, str, float, float, int]) -> pd.DataFrame:
    """Rows of factor, level, role, severity, sign, draw below the reference."""
    table = [REFERENCE]
    for factor, level, role, severity, sign, draw in rows:
        name = f"{factor}={level}" + (f"/{draw}" if draw else "")
        table.append((name, factor, level, role, severity, sign, draw))
    return pd.DataFrame(table, columns=list(CONDITION_COLUMNS))


def levels(k: int, *, factor: str = "noise", role: str = "acquisition") -> pd.DataFrame:
    """One factor with k levels of severity 1 .. k, one draw each."""
    return conditions(*((factor, f"l{i}", role, float(i), np.nan, 0) for i in range(1, k + 1)))


def cohort(
    outcome: np.ndarray, table: pd.DataFrame, groups: Sequence[int] | None = None, **more
) -> DriftData:
    return drift_data(
        np.zeros((len(outcome), len(table), 1)), outcome, conditions=table, groups=groups, **more
    )


def arm(
    scores: np.ndarray,
    folds: np.ndarray | None = None,
    *,
    name: str = "reference",
    model: str = "logistic",
    train: str = "reference",
    threshold: float = 0.5,
    selected: np.ndarray | None = None,
    frozen: bool | None = None,
) -> ArmScores:
    """Scores (n, k) of a frozen model, or (r, n, k) with folds (r, n)."""
    scores = scores[None] if scores.ndim == 2 else scores
    r, n, _ = scores.shape
    only = np.zeros((r, n), dtype=np.intp)
    fold = only if folds is None else folds
    n_folds = int(fold.max()) + 1
    return ArmScores(
        arm=Arm(name, model, train, 0),
        scores=scores,
        folds=fold,
        thresholds=np.full((r, n_folds), threshold),
        selected=np.ones((r, n_folds, 1), dtype=bool) if selected is None else selected,
        fingerprints=("",),
        frozen=folds is None if frozen is None else frozen,
    )


def dealt(n: int, *, repeats: int, splits: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(np.arange(n) % splits) for _ in range(repeats)])


def frozen(positive: int, negative: int) -> tuple[np.ndarray, Pairs]:
    """Outcomes of independent patients, positives first, and the pairs of one fold."""
    y = np.repeat([1, 0], [positive, negative])
    return y, comparable_pairs(y, np.zeros((1, y.size), dtype=int))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))
