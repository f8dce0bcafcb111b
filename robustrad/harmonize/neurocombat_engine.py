"""neuroCombat as the estimator, inside the envelope where it is right.

Only its arithmetic is used, on our own design in float64: its entry point casts covariates (and data
frames) to float32, prints five lines, and ignores an unknown reference. Its transform is never used: it
ignores covariates and fails on numpy 2.4.

References
----------
Fortin JP et al. NeuroImage 2018;167:104-120. doi:10.1016/j.neuroimage.2017.11.024
"""

from __future__ import annotations

import contextlib
import io

import numpy as np
from neuroCombat.neuroCombat import (
    find_non_eb_adjustments,
    find_parametric_adjustments,
    fit_LS_model_and_find_priors,
    standardize_across_features,
)

from robustrad.harmonize.estimation import Codes, Estimates, Floats, Recipe, fit_location, one_hot
from robustrad.harmonize.shrinkage import shrink_parametric


def outside_envelope(recipe: Recipe, *, n_features: int, smallest_batch: int, degenerate: bool) -> str | None:
    """Return why neuroCombat must not be used, or None where it is right.

    ``degenerate`` is what :func:`is_degenerate` says.

    Finite features without constants and a well-conditioned design are assured before.
    """
    if recipe.reference is not None:
        return "its reference batch fails on numpy 1.24 and newer"
    if recipe.mean_only and recipe.eb:
        return "its mean_only with empirical Bayes leaves most of the shift"
    if recipe.eb and not recipe.parametric:
        return "its nonparametric likelihood vanishes in large batches"
    if n_features < 2:
        return "its priors are NaN for a single feature"
    if degenerate:
        return "its iteration breaks off where a batch mean is exactly 0 or all features have one variance"
    if smallest_batch < 2:
        return "its output is NaN if a batch has one row"
    return None


def is_degenerate(X: Floats, codes: Codes, Z: Floats, *, n_batches: int) -> bool:
    """Return whether some batch has 0 / 0 in store for it, up to rounding.

    Either all standardized features have one variance (copies of one feature), or the mean of one is 0:
    its relative change is then NaN, which ends the iteration of all features after one step.
    """
    S = fit_location(X, codes, Z, n_batches=n_batches, reference=None).standardize(X, Z)
    for batch in range(n_batches):
        rows = S[codes == batch]
        variance = rows.var(axis=0)
        if np.ptp(variance) <= 1e-9 * variance.max() or np.abs(rows.mean(axis=0)).min() < 1e-12:
            return True
    return False


def estimate(X: Floats, codes: Codes, Z: Floats, *, n_batches: int, recipe: Recipe) -> Estimates:
    """Return neuroCombat's estimates; same arguments and result as the native engine's ``estimate``."""
    design = np.hstack([one_hot(codes, n_batches), Z])
    rows_of_batches = [np.flatnonzero(codes == batch).tolist() for batch in range(n_batches)]
    info = {
        "n_batch": n_batches,
        "n_sample": codes.size,
        "sample_per_batch": np.bincount(codes, minlength=n_batches),
        "batch_info": rows_of_batches,
        "ref_level": None,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        S, mean, variance, covariate_part = standardize_across_features(X.T.copy(), design, info)
        effects = fit_LS_model_and_find_priors(S, design, info, recipe.mean_only)
        if recipe.eb:
            _assure_convergence(S.T, rows_of_batches)
            gamma, delta = find_parametric_adjustments(S, effects, info, recipe.mean_only)
        else:
            gamma, delta = find_non_eb_adjustments(S, effects, info)
    beta = np.linalg.lstsq(Z, covariate_part.T, rcond=None)[0] if Z.shape[1] else np.zeros((0, X.shape[1]))
    sigma = np.sqrt(np.asarray(variance, dtype=np.float64).ravel())
    return Estimates(mean[:, 0].copy(), beta, sigma, np.array(gamma), np.array(delta, dtype=np.float64))


def _assure_convergence(S: Floats, rows_of_batches: list[list[int]]) -> None:
    # neuroCombat iterates without a limit; ours takes the same steps and stops with an error.
    for rows in rows_of_batches:
        part = S[rows]
        shrink_parametric(part, part.mean(axis=0), part.var(axis=0, ddof=1))
