"""What a fitted ComBat knows, and how it changes rows: pure functions on arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from robustrad.harmonize.covariates import Coding
from robustrad.harmonize.errors import HarmonizationError
from robustrad.harmonize.estimation import Estimates, Floats, Location, Recipe, batch_effect
from robustrad.harmonize.inputs import Labels
from robustrad.harmonize.isolation import constant_columns


@dataclass(frozen=True)
class CombatState:
    """A fitted ComBat.

    Attributes
    ----------
    batches : tuple of str
        Batches, in the order of the rows of gamma and delta; calibrated ones at the end.
    counts : tuple of int
        Rows that each batch was estimated from.
    calibrated : tuple of str
        Batches that were not in the fit.
    estimates : Estimates
        For the features that are harmonized.
    active : ndarray of int
        Columns of X that are harmonized.
    isolated : dict of int to str
        Columns that pass through, with the reason.
    coding : Coding
        Covariates.
    recipe : Recipe
        How batch effects were estimated.
    engine : str
        ``native`` or ``neurocombat``.
    optimistic : bool
        The outcome itself enters the transform.
    """

    batches: tuple[str, ...]
    counts: tuple[int, ...]
    calibrated: tuple[str, ...]
    estimates: Estimates
    active: NDArray[np.intp]
    isolated: dict[int, str]
    coding: Coding
    recipe: Recipe
    engine: str
    optimistic: bool = False
    n_calibration_constant: dict[str, int] = field(default_factory=dict)

    @property
    def reference(self) -> str | None:
        """Label of the reference batch."""
        return None if self.recipe.reference is None else self.batches[self.recipe.reference]

    @property
    def needs_covariates(self) -> bool:
        """Transform involves the covariates (a shift alone does not)."""
        return not self.recipe.mean_only and bool(set(self.coding.names) - set(self.coding.averaged))


def harmonize(state: CombatState, X: Floats, labels: Labels, Z: Floats) -> Floats:
    """Return ``X`` with each known batch mapped to the common location and scale.

    ``(x - c - sigma gamma) / sqrt(delta) + c`` with c = alpha + z'beta. Rows of the reference, rows of
    unknown batches and isolated features come back bit by bit.
    """
    out = X.copy()
    est, columns = state.estimates, state.active
    for index, batch in enumerate(state.batches):
        rows = np.flatnonzero(labels == batch)
        if rows.size == 0 or index == state.recipe.reference:
            continue
        where = np.ix_(rows, columns)
        shift = est.sigma * est.gamma[index]
        if state.recipe.mean_only:
            out[where] = X[where] - shift
        else:
            center = est.alpha + Z[rows] @ est.beta
            out[where] = (X[where] - center - shift) / np.sqrt(est.delta[index]) + center
    return out


def add_batch(state: CombatState, X: Floats, label: str, Z: Floats) -> CombatState:
    """Return the state with one more batch, estimated from its rows ``X``; everything else is frozen.

    A feature that is constant over these rows, but was not in the fit, is left as it is in this batch.

    Raises
    ------
    HarmonizationError
        If a harmonized feature is not finite in these rows.
    """
    values = X[:, state.active]
    if not np.isfinite(values).all():
        bad = state.active[~np.isfinite(values).all(axis=0)]
        raise HarmonizationError(
            f"ComBat.calibrate, batch {label!r}",
            f"NaN or Inf in {bad.size} features (first column {bad[0]})",
            "finite features in the calibration rows",
            "Drop those rows.",
        )
    est = state.estimates
    kept = ~constant_columns(values) if not state.recipe.mean_only else np.ones(values.shape[1], dtype=bool)
    S = Location(est.alpha, est.beta, est.sigma).standardize(values, Z)
    gamma, delta = np.zeros(values.shape[1]), np.ones(values.shape[1])
    if kept.any():
        gamma[kept], delta[kept] = batch_effect(S[:, kept], state.recipe)
    return replace(
        state,
        batches=(*state.batches, label),
        counts=(*state.counts, X.shape[0]),
        calibrated=(*state.calibrated, label),
        estimates=replace(est, gamma=np.vstack([est.gamma, gamma]), delta=np.vstack([est.delta, delta])),
        n_calibration_constant=state.n_calibration_constant | {label: int((~kept).sum())},
    )
