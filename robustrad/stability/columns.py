"""Which columns of a feature table are features, and what is said of the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from robustrad.stability.naming import is_radiomic

_SHOWN = 5


class Columns(NamedTuple):
    """The columns of a table.

    Attributes
    ----------
    features : tuple of str
        Those to use, in their order.
    not_used : tuple of str
        What to say of the others: a line for each reason.
    """

    features: tuple[str, ...]
    not_used: tuple[str, ...]


def split_columns(frame: pd.DataFrame, cases: pd.Series) -> Columns:
    """Return which columns of ``frame`` are features.

    Those with PyRadiomics names (or ``engine:name``); if there is none, all numeric ones, but for those that
    are the same in every row of each case while others vary: an outcome or an age, which no condition moves.

    Parameters
    ----------
    frame : DataFrame
        A row per case and condition; no column that names them.
    cases : Series
        The case of each row.
    """
    names = [str(name) for name in frame.columns]
    radiomic = [name for name in names if is_radiomic(name)]
    if radiomic:
        rest = [name for name in names if not is_radiomic(name)]
        return Columns(tuple(radiomic), _lines([(rest, "without a PyRadiomics name (image_class_feature)")]))
    numeric = [str(name) for name in frame.select_dtypes("number").columns]
    constant = _constant(frame, numeric, cases)
    if len(constant) == len(numeric):
        constant = []
    features = tuple(name for name in numeric if name not in constant)
    words = [name for name in names if name not in numeric]
    return Columns(
        features,
        _lines([(constant, "the same in every row of each case"), (words, "not numeric")]),
    )


def _constant(frame: pd.DataFrame, names: list[str], cases: pd.Series) -> list[str]:
    distinct = frame[names].groupby(cases.to_numpy()).nunique(dropna=False)
    return [name for name in names if (distinct[name] == 1).all()]


def _lines(groups: Iterable[tuple[list[str], str]]) -> tuple[str, ...]:
    return tuple(f"{_some(names)}: {why}" for names, why in groups if names)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown}, ... ({len(names)} columns)" if len(names) > _SHOWN else shown
