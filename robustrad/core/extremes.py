"""Features whose numbers cannot be computed with: left out by name, wherever something is estimated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EXTREME = "extreme"
"""Status, and reason, of such a feature."""

EXTREMES = (1e-30, 1e30)
"""Of the largest absolute value of a feature: beyond, squares overflow or vanish; no estimate is right."""

BEYOND = f"values that cannot be computed with: the largest is not within {EXTREMES[0]:g} to {EXTREMES[1]:g}"
"""The same in words."""


def extreme_columns(X: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which features hold numbers that cannot be computed with; what is not finite does not count.

    Parameters
    ----------
    X : ndarray of shape (..., p)
        Features last.

    Returns
    -------
    ndarray of bool, shape (p,)
        The largest absolute value is neither 0 nor within :data:`EXTREMES`.
    """
    largest = np.abs(np.where(np.isfinite(X), X, 0.0)).max(axis=tuple(range(X.ndim - 1)), initial=0.0)
    beyond: NDArray[np.bool_] = (largest > EXTREMES[1]) | ((largest < EXTREMES[0]) & (largest > 0.0))
    return beyond


def blanked(values: NDArray[np.float64], extreme: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return ``values`` (features last) with NaN for the ``extreme`` features; as they are without any."""
    return np.where(extreme, np.nan, values) if extreme.any() else values
