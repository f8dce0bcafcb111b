"""Covariates as columns of ComBat's design: learned on training rows, applied to any rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.harmonize.errors import HarmonizationError
from robustrad.harmonize.inputs import label_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Coded:
    """One column of the design.

    Attributes
    ----------
    name : str
        Covariate it comes from.
    category : str or None
        The category it indicates; None where the covariate is a number.
    center, scale : float
        Mean and SD over the training rows. The column enters centered and scaled: it changes no
        estimate but keeps the design well conditioned, and 0 is the training mean.
    """

    name: str
    category: str | None
    center: float
    scale: float


@dataclass(frozen=True)
class Coding:
    """How covariates become the columns of a design.

    Attributes
    ----------
    columns : tuple of Coded
        Columns of the design, in order; the first category of each covariate has none.
    categories : dict of str to tuple of str
        Known categories of each categorical covariate.
    averaged : tuple of str
        Covariates that are used in the fit and set to their training mean in transform (the outcome).
    """

    columns: tuple[Coded, ...] = ()
    categories: dict[str, tuple[str, ...]] | None = None
    averaged: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Covariates, in order."""
        return tuple(dict.fromkeys(column.name for column in self.columns))

    def encode(self, covariates: pd.DataFrame, *, fitting: bool = False, where: str = "ComBat") -> Floats:
        """Return the columns (n x q) for the rows of ``covariates``.

        Raises
        ------
        HarmonizationError
            If a covariate is absent or holds a category that was not in the training rows.
        """
        needed = [name for name in self.names if fitting or name not in self.averaged]
        absent = [name for name in needed if name not in covariates.columns]
        if absent:
            raise HarmonizationError(
                f"{where}, covariates",
                f"{', '.join(absent)} not given",
                f"the covariates of the fit: {needed}",
            )
        Z = np.zeros((len(covariates), len(self.columns)))
        for index, column in enumerate(self.columns):
            if column.name in needed:
                values = self._values(covariates[column.name], column, where)
                Z[:, index] = (values - column.center) / column.scale
        return Z

    def _values(self, values: pd.Series[Any], column: Coded, where: str) -> Floats:
        if column.category is None:
            return _numbers(values, where)
        labels = _labels(values)
        known = (self.categories or {})[column.name]
        unknown = sorted(set(labels.tolist()) - set(known))
        if unknown:
            raise HarmonizationError(
                f"{where}, covariate {column.name!r}",
                f"unknown categories {unknown}",
                f"one of {list(known)}, the categories of the fit",
            )
        return np.asarray(labels == column.category, dtype=np.float64)


def learn_coding(
    covariates: pd.DataFrame, *, categorical: tuple[str, ...] = (), averaged: tuple[str, ...] = ()
) -> Coding:
    """Return the coding of training ``covariates``.

    Text, booleans and pandas categoricals are categories, everything else is a number;
    ``categorical`` names numbers that are codes of categories.

    Raises
    ------
    HarmonizationError
        If a covariate is constant over the rows: it says nothing and makes the design singular.
    """
    unknown = sorted(set(categorical) - set(covariates.columns))
    if unknown:
        raise HarmonizationError(
            "ComBat, categorical", f"{unknown}", f"names of covariates: {list(covariates)}"
        )
    columns: list[Coded] = []
    categories: dict[str, tuple[str, ...]] = {}
    for name in covariates.columns:
        values = covariates[name]
        if covariates[name].nunique() < 2:
            raise HarmonizationError(
                f"ComBat, covariate {name!r}",
                "it is constant over the training rows",
                "at least two values",
                "Leave it out.",
            )
        if name in categorical or not pd.api.types.is_numeric_dtype(values) or values.dtype == bool:
            labels = _labels(values)
            categories[name] = tuple(sorted(set(labels.tolist())))
            columns += [
                _coded(name, level, np.asarray(labels == level, float)) for level in categories[name][1:]
            ]
        else:
            columns.append(_coded(name, None, _numbers(values, "ComBat")))
    return Coding(tuple(columns), categories, averaged)


def _coded(name: str, category: str | None, values: Floats) -> Coded:
    return Coded(name, category, float(values.mean()), float(values.std()))


def _labels(values: pd.Series[Any]) -> NDArray[np.str_]:
    return np.array([label_of(value) for value in values], dtype=np.str_)


def _numbers(values: pd.Series[Any], where: str) -> Floats:
    try:
        numbers = values.to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if not np.isfinite(numbers).all():
        raise HarmonizationError(
            f"{where}, covariate {values.name!r}",
            "not all values are finite numbers",
            "numbers, as in the fit",
        )
    return numbers
