"""Harmonized values of patients that ComBat has not seen: the only ones its effect may be judged by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold

from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.errors import HarmonizationError
from robustrad.harmonize.estimation import Codes, Floats
from robustrad.harmonize.inputs import Labels

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Fold:
    """One fold: training rows as ComBat maps them in sample, test rows as it maps new patients."""

    train: Rows
    test: Rows
    train_values: Floats
    test_values: Floats


def grouped_folds(
    labels: Labels, y: Codes | None, patients: NDArray[Any], *, n_splits: int, seed: int
) -> Codes:
    """Return the fold of each row; rows of a patient stay together, batches (and classes) are spread evenly.

    Raises
    ------
    HarmonizationError
        If a batch has fewer patients than folds.
    """
    in_batch = pd.Series(patients).groupby(labels).nunique()
    if in_batch.min() < n_splits:
        raise HarmonizationError(
            "effect, batch",
            f"{int(in_batch.min())} patients in batch {in_batch.idxmin()!r}",
            f"at least {n_splits}, one per fold",
            "Use fewer folds, or join batches.",
        )
    strata = np.unique(labels, return_inverse=True)[1]
    if y is not None and np.unique(2 * strata + y, return_counts=True)[1].min() >= n_splits:
        strata = 2 * strata + y
    fold = np.empty(len(labels), dtype=np.intp)
    splitter = StratifiedGroupKFold(n_splits=n_splits, shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(strata, strata, groups=patients)):
        fold[test] = number
    return fold


def harmonized_folds(
    X: Any, *, batch: Any, covariates: Any, y: Any, combat: ComBat | None, fold: Codes
) -> Iterator[Fold]:
    """Yield each fold with ``combat`` (cloned) fitted on its training rows only; None leaves the values."""
    values = np.asarray(X, dtype=np.float64)
    for number in np.unique(fold):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if combat is None:
            yield Fold(train, test, values[train], values[test])
            continue
        fitted = clone(combat).fit(
            _take(X, train), _take(y, train), batch=_take(batch, train), covariates=_take(covariates, train)
        )
        yield Fold(train, test, *(
            np.asarray(fitted.transform(_take(X, r), batch=_take(batch, r), covariates=_take(covariates, r)))
            for r in (train, test)
        ))  # fmt: skip


def _take(table: Any, rows: Rows) -> Any:
    if table is None:
        return None
    return table.iloc[rows] if isinstance(table, (pd.DataFrame, pd.Series)) else np.asarray(table)[rows]
