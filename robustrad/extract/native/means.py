"""Means over directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def mean_defined(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of the columns over their defined values; NaN where none is."""
    total = rows.sum(axis=0)
    if not np.isnan(total).any():
        return np.asarray(total / len(rows), dtype=np.float64)
    defined = ~np.isnan(rows)
    counts = defined.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(defined, rows, 0.0).sum(axis=0) / counts, dtype=np.float64)
