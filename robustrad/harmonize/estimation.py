"""ComBat's location and scale estimates by least squares and empirical Bayes.

Model of feature g in batch i: ``y = alpha_g + z'beta_g + sigma_g (gamma_ig + sqrt(delta_ig) eps)``.

References
----------
Johnson WE, Li C, Rabinovic A. Biostatistics 2007;8:118-127. doi:10.1093/biostatistics/kxj037
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustrad.harmonize.shrinkage import shrink_nonparametric, shrink_parametric

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Recipe:
    """How the batch effects are estimated.

    Attributes
    ----------
    eb : bool
        Shrink each batch's effects towards their distribution over the features.
    parametric : bool
        Normal and inverse gamma priors; otherwise the empirical distribution of the other features.
    mean_only : bool
        Shift only; ``delta`` is 1.
    reference : int or None
        Batch that stays as it is and to which the others are mapped.
    """

    eb: bool = True
    parametric: bool = True
    mean_only: bool = False
    reference: int | None = None


@dataclass(frozen=True)
class Estimates:
    """What ComBat learned; p features, q columns of covariates, b batches.

    Attributes
    ----------
    alpha : ndarray of shape (p,)
        Overall mean (the reference batch's, where there is one), in units of the feature.
    beta : ndarray of shape (q, p)
        Effects of the coded covariates, in units of the feature.
    sigma : ndarray of shape (p,)
        Residual SD (divisor n; of the reference batch, where there is one).
    gamma : ndarray of shape (b, p)
        Shift of each batch, in units of sigma.
    delta : ndarray of shape (b, p)
        Variance of each batch, in units of sigma squared.
    """

    alpha: Floats
    beta: Floats
    sigma: Floats
    gamma: Floats
    delta: Floats


@dataclass(frozen=True)
class Location:
    """The part that is common to all batches: see :class:`Estimates`."""

    alpha: Floats
    beta: Floats
    sigma: Floats

    def standardize(self, X: Floats, Z: Floats) -> Floats:
        """Return (X - alpha - Z beta) / sigma."""
        return (X - self.alpha - Z @ self.beta) / self.sigma


def one_hot(codes: Codes, n_batches: int) -> Floats:
    """Return the indicator columns of the batches, shape (n, n_batches)."""
    columns: Floats = (codes[:, None] == np.arange(n_batches)).astype(np.float64)
    return columns


def fit_location(X: Floats, codes: Codes, Z: Floats, *, n_batches: int, reference: int | None) -> Location:
    """Return the least-squares fit of ``X`` (n x p) on batches and covariates ``Z`` (n x q, may have q = 0).

    The design must have full column rank (see :mod:`robustrad.harmonize.design`).
    """
    design = np.hstack([one_hot(codes, n_batches), Z])
    Q, R = np.linalg.qr(design)
    coefficients = np.linalg.solve(R, Q.T @ X)
    residual = X - design @ coefficients
    if reference is None:
        weights = np.bincount(codes, minlength=n_batches) / codes.size
        alpha = weights @ coefficients[:n_batches]
    else:
        alpha = coefficients[reference]
        residual = residual[codes == reference]
    sigma: Floats = np.sqrt(np.mean(residual**2, axis=0))
    return Location(alpha, coefficients[n_batches:], sigma)


def batch_effect(S: Floats, recipe: Recipe) -> tuple[Floats, Floats]:
    """Return gamma and delta, each of shape (p,), of one batch's standardized rows ``S`` (n_i x p).

    Shrinkage is over the features of this batch alone. A single feature has nothing to be shrunk towards.
    """
    mean = S.mean(axis=0)
    ones = np.ones_like(mean)
    variance = ones if recipe.mean_only else S.var(axis=0, ddof=1)
    if not recipe.eb or S.shape[1] < 2:
        return mean, variance
    if not recipe.parametric:
        return shrink_nonparametric(S, mean, variance)
    if recipe.mean_only:
        # sva's formula: as if the batch held one sample. It leaves most of the shift; see ComBat.
        spread = np.var(mean, ddof=1)
        return (spread * mean + mean.mean()) / (spread + 1.0), ones
    return shrink_parametric(S, mean, variance)


def estimate(X: Floats, codes: Codes, Z: Floats, *, n_batches: int, recipe: Recipe) -> Estimates:
    """Return ComBat's estimates from training rows ``X`` (n x p, finite, no constant feature).

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Features.
    codes : ndarray of int, shape (n,)
        Batch 0 .. n_batches - 1 of each row; at least two rows each (one, with ``mean_only``).
    Z : ndarray of shape (n, q)
        Coded covariates.
    n_batches : int
        Number of batches.
    recipe : Recipe
        How batch effects are estimated.
    """
    common = fit_location(X, codes, Z, n_batches=n_batches, reference=recipe.reference)
    S = common.standardize(X, Z)
    gamma, delta = np.zeros((n_batches, X.shape[1])), np.ones((n_batches, X.shape[1]))
    for batch in range(n_batches):
        if batch != recipe.reference:
            gamma[batch], delta[batch] = batch_effect(S[codes == batch], recipe)
    return Estimates(common.alpha, common.beta, common.sigma, gamma, delta)
