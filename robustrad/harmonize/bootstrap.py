"""B-ComBat: estimates averaged over bootstrap resamples of the training rows.

References
----------
Da-Ano R et al. Sci Rep 2020;10:10248. doi:10.1038/s41598-020-66110-w
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robustrad.core.identity import generator
from robustrad.harmonize.design import MAX_CONDITION, design_quality
from robustrad.harmonize.errors import HarmonizationError
from robustrad.harmonize.estimation import Codes, Estimates, Floats
from robustrad.harmonize.isolation import isolate

Estimator = Callable[[Floats, Codes, Floats], Estimates]

_TRIES = 10


def bootstrap_estimates(
    estimator: Estimator,
    X: Floats,
    codes: Codes,
    Z: Floats,
    *,
    n_batches: int,
    reference: int | None,
    n_bootstrap: int,
    seed: int,
) -> Estimates:
    """Return the mean of alpha, beta, sigma, gamma and delta over resamples within each batch.

    A resample in which the covariates cannot be told apart is drawn again. A feature that has no spread
    in a resample takes no part in it, neither in its priors nor in its averages.

    Raises
    ------
    HarmonizationError
        If more than nine in ten resamples cannot be used, or a feature was never estimable.
    """
    draws = generator("bootstrap-combat", seed)
    rows_of = [np.flatnonzero(codes == batch) for batch in range(n_batches)]
    p = X.shape[1]
    total = {
        "alpha": np.zeros(p),
        "beta": np.zeros((Z.shape[1], p)),
        "sigma": np.zeros(p),
        "gamma": np.zeros((n_batches, p)),
        "delta": np.zeros((n_batches, p)),
    }
    times, used = np.zeros(p), 0
    for _ in range(n_bootstrap * _TRIES):
        rows = np.concatenate([draws.choice(own, own.size) for own in rows_of])
        x, b, z = X[rows], codes[rows], Z[rows]
        quality = design_quality(b, z, n_batches=n_batches)
        if not quality.full_rank or quality.condition > MAX_CONDITION:
            continue
        isolated = isolate(x, b, z, n_batches=n_batches, reference=reference)
        kept = np.setdiff1d(np.arange(p), list(isolated))
        if kept.size == 0:
            continue
        part = estimator(x[:, kept], b, z)
        for name, values in total.items():
            values[..., kept] += getattr(part, name)
        times[kept] += 1
        used += 1
        if used == n_bootstrap:
            break
    if used < n_bootstrap or not times.all():
        raise HarmonizationError(
            "ComBat, n_bootstrap",
            f"{used} of {n_bootstrap * _TRIES} resamples could be used and "
            f"{int((times == 0).sum())} features never",
            f"{n_bootstrap} resamples",
            "The batches are too small for B-ComBat; use n_bootstrap=0.",
        )
    return Estimates(**{name: values / times for name, values in total.items()})
