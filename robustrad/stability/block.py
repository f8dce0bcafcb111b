"""What one comparison is measured on: the complete values of its features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.stability.anova import Floats

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Block:
    """Complete values of the features that one comparison finds with the same subjects.

    Attributes
    ----------
    values : ndarray of shape (n_subjects, k_conditions, n_draws, p_features)
        Finite. Where the reference takes part it is the first of the k, the same in every draw.
    transformed : ndarray of the same shape
        On the scale of :mod:`robustrad.stability.transform`; NaN for a feature without one.
    baseline : ndarray of shape (n_subjects, p_features)
        Reference values (or means over conditions); may hold NaN where the reference takes no part.
    log_volume : ndarray of shape (n_subjects,)
        Logarithm of the baseline's volume; NaN where unknown.
    patients : ndarray of int, shape (n_subjects,)
        Patient 0 .. of each subject.
    n_dropped : int
        Subjects that are not complete.
    with_reference : bool
        Named levels against the reference; otherwise repeats among each other.
    nested : bool
        Draws nested in a subject: their order means nothing.
    """

    values: Floats
    transformed: Floats
    baseline: Floats
    log_volume: Floats
    patients: NDArray[np.intp]
    n_dropped: int
    with_reference: bool
    nested: bool

    @property
    def form(self) -> str:
        """The ICC form that answers the comparison's question."""
        return "icc_a_1" if self.with_reference else "icc_1_1"


def mean_over_draws(stack: Floats) -> Floats:
    """Mean over draws (axis 0) of those that are defined."""
    defined = ~np.isnan(stack)
    with np.errstate(invalid="ignore"):
        total = np.where(defined, stack, 0.0).sum(axis=0)
        return np.asarray(np.where(defined.any(axis=0), total / np.maximum(defined.sum(axis=0), 1), np.nan))
