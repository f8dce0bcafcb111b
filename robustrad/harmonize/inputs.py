"""Batch labels and covariates as ComBat reads them: one row per row of X, in the same order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.harmonize.errors import HarmonizationError

Labels = NDArray[np.str_]


def label_of(value: object) -> str:
    """Return the name of a batch: ``1``, ``1.0`` and ``"1"`` are the same batch."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, float, np.integer, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def read_batch(batch: Any, X: Any, *, where: str = "ComBat") -> Labels:
    """Return the batch label of each row as text.

    Parameters
    ----------
    batch : sequence of length n
        Batch of each row. A Series must have the index of ``X``, where ``X`` is a frame.
    X : DataFrame or ndarray
        Features, n rows.
    where : str
        Who asks, for the error.

    Raises
    ------
    HarmonizationError
        If batch is absent, has another length, another index or missing labels.
    """
    if batch is None:
        raise HarmonizationError(
            where,
            "no batch was given",
            "batch=, one label per row of X",
            "In a Pipeline: enable metadata routing and set_fit_request(batch=True) and "
            "set_transform_request(batch=True).",
        )
    _check_index(batch, X, f"{where}, batch")
    values = np.asarray(batch, dtype=object)
    if values.ndim != 1 or values.size != _rows(X):
        raise HarmonizationError(
            f"{where}, batch", f"shape {values.shape}", f"one label for each of the {_rows(X)} rows of X"
        )
    missing = np.array([pd.isna(value) or str(value).strip() == "" for value in values], dtype=np.bool_)
    if missing.any():
        raise HarmonizationError(
            f"{where}, batch",
            f"{int(missing.sum())} of {values.size} labels are missing "
            f"(first at row {int(np.flatnonzero(missing)[0])})",
            "a batch for every row",
            "Drop those rows or give them a batch of their own.",
        )
    return np.array([label_of(value) for value in values], dtype=np.str_)


def read_covariates(covariates: Any, X: Any, *, where: str = "ComBat") -> pd.DataFrame:
    """Return the covariates as a frame of n rows; ndarray columns are named ``covariate_0`` ...

    Raises
    ------
    HarmonizationError
        If it has another length, another index, missing values or two columns of one name.
    """
    if covariates is None:
        return pd.DataFrame(index=range(_rows(X)))
    _check_index(covariates, X, f"{where}, covariates")
    if isinstance(covariates, pd.Series):
        covariates = covariates.to_frame()
    elif not isinstance(covariates, pd.DataFrame):
        array = np.asarray(covariates)
        array = array[:, None] if array.ndim == 1 else array
        covariates = pd.DataFrame(array, columns=[f"covariate_{i}" for i in range(array.shape[1])])
    if len(covariates) != _rows(X):
        raise HarmonizationError(
            f"{where}, covariates", f"{len(covariates)} rows", f"{_rows(X)} rows, one per row of X"
        )
    twins = covariates.columns[covariates.columns.map(str).duplicated()]
    if len(twins):
        raise HarmonizationError(
            f"{where}, covariates", f"two columns named {str(twins[0])!r}", "one of each"
        )
    missing = covariates.isna().sum()
    if missing.any():
        told = ", ".join(f"{name} ({n})" for name, n in missing[missing > 0].items())
        raise HarmonizationError(
            f"{where}, covariates",
            f"missing values in {told}",
            "complete covariates",
            "Drop those rows, impute, or leave the covariate out.",
        )
    frame: pd.DataFrame = covariates.reset_index(drop=True)
    frame.columns = [str(name) for name in frame.columns]
    return frame


def read_level(level: str | int, labels: Labels, *, where: str) -> str:
    """Return the batch that others are compared with, as text.

    Raises
    ------
    HarmonizationError
        If no row is of it.
    """
    name, known = label_of(level), np.unique(labels).tolist()
    if name not in known:
        raise HarmonizationError(
            f"{where}, reference", f"{name!r} is no batch of these rows", f"one of {known}"
        )
    return name


def _rows(X: Any) -> int:
    return int(X.shape[0])


def _check_index(given: Any, X: Any, where: str) -> None:
    # Labels of one table put to the rows of another in the wrong order look right and are wrong.
    pandas = isinstance(given, (pd.Series, pd.DataFrame)) and isinstance(X, pd.DataFrame)
    if pandas and not given.index.equals(X.index):
        raise HarmonizationError(
            where,
            "its index differs from that of X",
            "the same index in the same order",
            "Reindex it to X.index, or pass .to_numpy() if the rows do correspond.",
        )
