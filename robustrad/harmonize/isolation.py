"""Features that ComBat must not touch: they pass through bit by bit and enter no prior."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.core.extremes import EXTREME, extreme_columns
from robustrad.harmonize.estimation import Codes, Floats, fit_location

NOT_FINITE = "not_finite"
CONSTANT = "constant"
CONSTANT_IN_BATCH = "constant_in_batch"
EXPLAINED = "explained_by_design"

RELATIVE_TOLERANCE = 1e-9
"""An SD below this share of the largest value is rounding (25 equal floats can have a variance of 8e-33)."""

Mask = NDArray[np.bool_]


def constant_columns(X: Floats) -> Mask:
    """Return which columns are constant up to rounding."""
    scale = np.abs(X).max(axis=0)
    spread: Mask = X.std(axis=0) <= RELATIVE_TOLERANCE * scale
    return spread


def isolate(X: Floats, codes: Codes, Z: Floats, *, n_batches: int, reference: int | None) -> dict[int, str]:
    """Return the columns that cannot be harmonized, with the reason.

    ``not_finite``: NaN or Inf in some training row. ``extreme``: the largest absolute value is neither 0 nor
    within :data:`robustrad.core.extremes.EXTREMES`. ``constant``: one value only. ``constant_in_batch``:
    one value in at least one batch of two or more rows (as in sva: without spread there is no scale, and
    where it holds in every batch the difference between batches is all that the feature has).
    ``explained_by_design``: nothing is left after batches and covariates.
    """
    reasons: dict[int, str] = {}
    finite = np.isfinite(X).all(axis=0)
    extreme = extreme_columns(X)
    safe = np.where(finite & ~extreme, X, 0.0)
    scale = np.abs(safe).max(axis=0, initial=0.0)
    in_batch = np.zeros(X.shape[1], dtype=bool)
    for batch in range(n_batches):
        rows = safe[codes == batch]
        if rows.shape[0] > 1:
            in_batch |= constant_columns(rows)
    residual = fit_location(safe, codes, Z, n_batches=n_batches, reference=reference).sigma
    for mask, reason in (
        (residual <= RELATIVE_TOLERANCE * scale, EXPLAINED),
        (in_batch, CONSTANT_IN_BATCH),
        (constant_columns(safe), CONSTANT),
        (extreme, EXTREME),
        (~finite, NOT_FINITE),
    ):
        reasons |= dict.fromkeys(np.flatnonzero(mask).tolist(), reason)
    return dict(sorted(reasons.items()))
