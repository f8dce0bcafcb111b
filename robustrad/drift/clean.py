"""What cannot be used is left out and listed, never filled in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.core.extremes import BEYOND, extreme_columns
from robustrad.drift.data import DROPPED_COLUMNS, Floats
from robustrad.stability.observations import Observations

_MOSTLY = 0.5


class Clean(NamedTuple):
    """What is left.

    Attributes
    ----------
    values : ndarray of shape (n, k, p)
        Finite, or NaN in all p.
    subjects, conditions, features : ndarray of int
        Which of the observations' are kept; the reference is the first condition.
    dropped : DataFrame
        The others, with reasons.
    absent : ndarray of int
        Conditions that no subject has.
    gaps : ndarray of int, shape (n,)
        Features that are not finite at some condition that the subject has; of those with a value somewhere.
    """

    values: Floats
    subjects: NDArray[np.intp]
    conditions: NDArray[np.intp]
    features: NDArray[np.intp]
    dropped: pd.DataFrame
    absent: NDArray[np.intp]
    gaps: NDArray[np.intp]


def clean(observed: Observations, wanted: NDArray[np.bool_]) -> Clean:
    """Return subjects, conditions and features that can be used.

    A feature without any value goes, and one whose largest absolute value is neither 0 nor within
    :data:`robustrad.core.extremes.EXTREMES`. A subject that lacks more than half of the features at a
    condition is missing there; at the reference, the subject goes. A condition that nobody has goes. A
    feature that is then not finite in some cell goes.

    Parameters
    ----------
    observed : Observations
        With a reference.
    wanted : ndarray of bool, shape (n_cases,)
        Subjects that have an outcome.
    """
    names = observed.cases
    conditions = observed.conditions["condition"].tolist()
    kinds = observed.conditions["factor"].to_numpy()
    order = np.argsort(kinds != "reference", kind="stable")
    rows = np.flatnonzero(wanted)
    values = observed.values[np.ix_(rows, order)]
    finite = np.isfinite(values)
    extreme = extreme_columns(values)
    somewhere = finite.any(axis=(0, 1)) & ~extreme
    share = finite[:, :, somewhere].mean(axis=2) if somewhere.any() else np.zeros(finite.shape[:2])
    there: NDArray[np.bool_] = share > _MOSTLY
    dropped = [
        ("", observed.features[j], BEYOND if extreme[j] else "no value anywhere")
        for j in np.flatnonzero(~somewhere)
    ]
    dropped += [
        (names[rows[i]], "subject", "no features at the reference") for i in np.flatnonzero(~there[:, 0])
    ]
    kept = there[:, 0]
    dropped += [
        (names[rows[i]], conditions[order[j]], "no features at this condition")
        for i, j in zip(*np.nonzero(~there), strict=True)
        if kept[i]
    ]
    values, there, finite = values[kept], there[kept], finite[kept]
    anyone = there.any(axis=0)
    dropped += [("", conditions[order[j]], "no subject has this condition") for j in np.flatnonzero(~anyone)]
    missing = np.asarray(~finite & there[:, :, None])
    gaps = missing.sum(axis=(0, 1))
    whole = somewhere & (gaps == 0)
    cells = int(there.sum())
    dropped += [
        ("", observed.features[j], f"not finite in {gaps[j]} of {cells} cells")
        for j in np.flatnonzero(somewhere & (gaps > 0))
    ]
    values = values[:, anyone][:, :, whole]
    values[~there[:, anyone]] = np.nan
    return Clean(
        np.ascontiguousarray(values), rows[kept], order[anyone], np.flatnonzero(whole),
        pd.DataFrame(dropped, columns=list(DROPPED_COLUMNS)), order[~anyone],
        np.asarray(missing.any(axis=1))[:, somewhere].sum(axis=1),
    )  # fmt: skip
