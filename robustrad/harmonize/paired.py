"""The same patients in two batches: which rows belong together, and how far the batches are apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.harmonize.estimation import Floats
from robustrad.harmonize.inputs import Labels

Rows = NDArray[np.intp]


class LevelPairs(NamedTuple):
    """Rows of the same patients at the reference and at a level.

    Attributes
    ----------
    level : str
        The other batch.
    reference, other : ndarray of int, shape (m,)
        Rows, patient by patient.
    """

    level: str
    reference: Rows
    other: Rows


class PairedEffect(NamedTuple):
    """What is left between two batches of the same patients; arrays of shape (p,).

    Attributes
    ----------
    bias_sd : ndarray
        |Mean difference| in SDs of the reference's values; 0 is best.
    variance_ratio : ndarray
        Variance at the level over that at the reference; 1 is best.
    """

    bias_sd: Floats
    variance_ratio: Floats


def level_pairs(
    labels: Labels, people: NDArray[Any], reference: str, *, at_least: int
) -> Iterator[LevelPairs]:
    """Yield the pairs of every batch with ``reference``.

    Batches with several rows of a patient have no pairs, those with fewer than ``at_least`` too few.
    """
    base = pd.Series(np.flatnonzero(labels == reference), index=people[labels == reference])
    for level in sorted(set(labels.tolist()) - {reference}):
        other = pd.Series(np.flatnonzero(labels == level), index=people[labels == level])
        if not (base.index.is_unique and other.index.is_unique):
            continue
        shared = base.index.intersection(other.index)
        if len(shared) >= at_least:
            yield LevelPairs(str(level), base[shared].to_numpy(), other[shared].to_numpy())


def paired_effect(reference: Floats, other: Floats) -> PairedEffect:
    """Return the difference in location and scale, for rows that are no independent samples.

    Parameters
    ----------
    reference, other : ndarray of shape (m, p)
        The same patients in the same order; a feature that is constant at the reference has NaN.
    """
    variance = reference.var(axis=0, ddof=1)
    known = np.where(variance > 0, variance, np.nan)
    bias = np.abs((other - reference).mean(axis=0)) / np.sqrt(known)
    return PairedEffect(np.asarray(bias), np.asarray(other.var(axis=0, ddof=1) / known))
