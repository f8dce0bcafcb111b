"""Models without radiomics, cross-validated in the folds of the model that they stand beside."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from robustrad.drift.evaluate.inputs import Flags, Floats, Ints
from robustrad.drift.models.logistic import ridge_newton

_PENALTY = 1.0  # scikit-learn's default C


def volume_design(volume: Floats) -> Floats:
    """Return log volume as the one column, shape (n, 1); NaN where it is not positive."""
    known = np.isfinite(volume) & (volume > 0)
    return np.where(known, np.log(np.where(known, volume, 1.0)), np.nan)[:, None]


def batch_design(batch: NDArray[np.str_]) -> Floats:
    """Return one column per batch, shape (n, b)."""
    return np.asarray(batch[:, None] == np.unique(batch)[None, :], dtype=np.float64)


def clinical_design(clinical: pd.DataFrame) -> Floats:
    """Return numbers as they are and a column per category; a row with a missing value is NaN throughout."""
    columns: list[Floats] = []
    missing = clinical.isna().any(axis=1).to_numpy()
    for name in clinical.columns:
        values = clinical[name]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            columns.append(values.to_numpy(dtype=np.float64, na_value=np.nan)[:, None])
        else:
            columns.append(batch_design(values.astype(str).to_numpy(dtype=np.str_)))
    design = np.hstack(columns) if columns else np.zeros((len(clinical), 0))
    design[missing] = np.nan
    return design


def baseline_scores(design: Floats, outcome: Ints, folds: Ints) -> Floats:
    """Return out-of-fold probabilities of a ridge logistic regression (C = 1), shape (r, n).

    Columns are standardized by the training rows of each fold. Rows with a missing value are neither trained
    on nor scored (NaN), and so are the test rows of a fold whose training rows hold one class.

    Parameters
    ----------
    design : ndarray of shape (n, q)
    outcome : ndarray of int, shape (n,)
    folds : ndarray of int, shape (r, n)
    """
    usable = np.isfinite(design).all(axis=1)
    scores = np.full(folds.shape, np.nan)
    for repeat, fold in enumerate(folds):
        for number in np.unique(fold[fold >= 0]):
            train, test = usable & (fold != number) & (fold >= 0), usable & (fold == number)
            if np.unique(outcome[train]).size == 2 and test.any():
                scores[repeat, test] = _fitted(design, outcome, train, test)
    return scores


def _fitted(design: Floats, outcome: Ints, train: Flags, test: Flags) -> Floats:
    center, spread = design[train].mean(axis=0), design[train].std(axis=0)
    scaled = (design - center) / np.where(spread > 0, spread, 1.0)
    weights = np.ones(int(train.sum()))
    beta = ridge_newton(scaled[train], outcome[train], weights, C=_PENALTY)
    return np.asarray(expit(beta[0] + scaled[test] @ beta[1:]))
