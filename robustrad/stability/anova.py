"""Mean squares of a complete two-way layout, for many features at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class MeanSquares(NamedTuple):
    """Mean squares of subjects x conditions, one observation a cell.

    Attributes
    ----------
    rows, columns, error, within : ndarray of shape (p_features,)
        MSR (subjects), MSC (conditions), MSE (two-way residual) and MSW (within subjects, one-way).
    scale : ndarray of shape (p_features,)
        Largest absolute value: the yardstick of what counts as no variation.
    n, k : int
        Subjects and conditions.
    """

    rows: Floats
    columns: Floats
    error: Floats
    within: Floats
    scale: Floats
    n: int
    k: int

    @property
    def total_sd(self) -> Floats:
        """SD of all values around their grand mean (ddof 1)."""
        squares = (self.n - 1) * self.rows + self.n * (self.k - 1) * self.within
        return np.asarray(np.sqrt(squares / (self.n * self.k - 1)))

    @property
    def within_sd(self) -> Floats:
        """Within-subject SD, the root of MSW."""
        return np.asarray(np.sqrt(self.within))


def mean_squares(values: Floats) -> MeanSquares:
    """Return the mean squares of each feature.

    Values are centered on each feature's grand mean first and residuals are summed directly, so an offset of
    1e9, or an error variance many orders below the subjects' variance, costs no digits.

    Parameters
    ----------
    values : ndarray of shape (n_subjects, k_conditions, p_features)
        Finite, n >= 2 and k >= 2.

    Returns
    -------
    MeanSquares

    Notes
    -----
    MSW = ((k-1) MSC + (n-1)(k-1) MSE) / (n (k-1)); McGraw and Wong 1996, doi:10.1037/1082-989X.1.1.30.
    """
    n, k, _ = values.shape
    rows, columns, error, scale = _sums(values)
    return MeanSquares(
        rows=rows / (n - 1),
        columns=columns / (k - 1),
        error=error / ((n - 1) * (k - 1)),
        within=(columns + error) / (n * (k - 1)),
        scale=scale,
        n=n,
        k=k,
    )


def _sums(values: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the sums of squares of subjects, conditions and residual, and the largest absolute value."""
    n, k, _ = values.shape
    scale = np.maximum(values.max(axis=(0, 1)), -values.min(axis=(0, 1)))
    centered = values - values.mean(axis=(0, 1))
    subjects = centered.mean(axis=1)
    conditions = centered.mean(axis=0)
    grand = subjects.mean(axis=0)  # what rounding left of the grand mean
    conditions -= grand
    centered -= subjects[:, None, :]
    centered -= conditions
    subjects -= grand
    return (
        k * np.einsum("ip,ip->p", subjects, subjects),
        n * np.einsum("jp,jp->p", conditions, conditions),
        np.einsum("ijp,ijp->p", centered, centered),
        scale,
    )
