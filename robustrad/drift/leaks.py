"""The outcome among what is to predict it: under another name, or split by a column without error."""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.core.errors import Problem
from robustrad.drift.data import Codes, DriftData

_SAME = 0.99
_CATEGORIES = 10  # numbers with at most so many values, each of several subjects, are taken for categories
_LEAVE_OUT = "Leave the column out of the table."


def copies_of_the_outcome(data: DriftData) -> list[Problem]:
    """Return a problem for each feature with two values at the reference, one for either class."""
    if np.unique(data.outcome).size < 2 or not data.features:
        return []
    low, high = data.reference.min(axis=0), data.reference.max(axis=0)
    two = (data.reference == low) | (data.reference == high)
    same = (data.reference == high) == (data.outcome == 1)[:, None]
    hit = np.flatnonzero((low < high) & two.all(axis=0) & (same.all(axis=0) | (~same).all(axis=0)))
    found = f"it is the outcome {data.outcome_name!r} in another form"
    return [Problem(f"feature {data.features[j]!r}", found, "", _LEAVE_OUT) for j in hit]


def perfect_features(data: DriftData) -> list[str]:
    """Return what is to be said of features that separate the classes without error at the reference."""
    positive = data.outcome == 1
    n, m, p = positive.size, int(positive.sum()), len(data.features)
    if m in {0, n} or not p:
        return []
    names = [data.features[j] for j in np.flatnonzero(_separates(data.reference, positive))]
    if not names:
        return []
    some = ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
    what = f"the classes of {data.outcome_name!r} without error at the reference: {some}"
    chance = 2.0 * p / comb(n, m)  # of the ways to choose the positives, two are the lowest or the highest
    told = f"{len(names)} of {p} features separate {what}. Chance would give {chance:.2g}."
    return [f"{told} Is the outcome in them? Then leave them out."]


def clinical_copies(data: DriftData) -> list[Problem]:
    """Return a problem for each clinical column that is the outcome, or whose categories determine it."""
    if np.unique(data.outcome).size < 2:
        return []
    problems = []
    for name in data.clinical.columns:
        column = data.clinical[name]
        where = f"clinical column {name!r}"
        if _correlates(column, data.outcome):
            found = f"it is the outcome {data.outcome_name!r} in another form"
            problems.append(Problem(where, found, "", "Leave it out."))
        elif _categorical(column) and _determines(column, data.outcome):
            found = f"its categories determine the outcome {data.outcome_name!r}: each holds one class"
            problems.append(Problem(where, found, "", "Leave it out."))
    return problems


def perfect_clinical(data: DriftData) -> list[str]:
    """Return what is to be said of clinical numbers that separate the classes without error."""
    positive = data.outcome == 1
    if positive.all() or not positive.any():
        return []
    told = f"separates the classes of {data.outcome_name!r} without error: is the outcome in it?"
    return [
        f"Clinical column {name} {told}"
        for name in data.clinical.columns
        if pd.api.types.is_numeric_dtype(data.clinical[name])
        and _separates(data.clinical[[name]].to_numpy(dtype=np.float64), positive)[0]
    ]


def _separates(values: NDArray[np.float64], positive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether all positives lie above all others, or below, in each column."""
    ours, others = values[positive], values[~positive]
    above = ours.min(axis=0) > others.max(axis=0)
    return np.asarray(above | (ours.max(axis=0) < others.min(axis=0)))


def _correlates(column: pd.Series, outcome: Codes) -> bool:
    coded = pd.get_dummies(column.to_frame()).astype(np.float64).to_numpy()
    return any(np.ptp(one) > 0 and abs(np.corrcoef(one, outcome)[0, 1]) > _SAME for one in coded.T)


def _categorical(column: pd.Series) -> bool:
    if not pd.api.types.is_numeric_dtype(column):
        return True
    return column.nunique() <= min(_CATEGORIES, len(column) // 3)


def _determines(column: pd.Series, outcome: Codes) -> bool:
    return bool((pd.Series(outcome).groupby(column.to_numpy()).nunique() == 1).all())
