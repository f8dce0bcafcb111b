"""The ICC on other scales, which decides no class: without volume, transformed, of the logarithms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robustrad.stability import status as policy
from robustrad.stability.anova import Floats, mean_squares
from robustrad.stability.block import Block, Columns, mean_over_draws
from robustrad.stability.bootstrap import bootstrap_limits
from robustrad.stability.fixed import fixed_limits
from robustrad.stability.forms import six_forms
from robustrad.stability.shared_patients import over_patients

_SENSITIVITY_DRAWS = 500  # for the limits of the transformed ICC, which decide nothing


def volume_adjusted(block: Block, invariant: NDArray[np.bool_]) -> Columns:
    """ICC of the residual on log volume: one slope for all conditions, fitted on the baseline."""
    x = block.log_volume[:, None]
    known = np.isfinite(block.baseline) & np.isfinite(x)
    count = np.maximum(known.sum(axis=0), 1)
    y = np.where(known, block.baseline, 0.0)
    x_centered = np.where(known, x - np.where(known, x, 0.0).sum(axis=0) / count, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.einsum("ip,ip->p", x_centered, y) / np.einsum("ip,ip->p", x_centered, x_centered)
    slope[count < policy.MIN_SUBJECTS] = np.nan
    residual = block.values - (x * slope)[:, None, None, :]
    value = _estimate(residual, block.form)
    return {"icc_volume_adjusted": np.where(invariant & np.isfinite(value), 1.0, value)}


def transformed(block: Block, invariant: NDArray[np.bool_], alpha: float) -> Columns:
    """ICC on the transformed scale; limits made as the class's are, with fewer random numbers."""
    values = block.transformed
    squares = mean_squares(values[:, :, 0])
    if not block.with_reference:
        _, low, high = six_forms(squares, alpha=alpha)[block.form]
    elif not over_patients(block.patients, values.shape[2]):
        low, high = fixed_limits(squares, alpha=alpha, draws=_SENSITIVITY_DRAWS)
    else:
        limits = bootstrap_limits(
            values, block.patients, alpha=alpha, resamples=_SENSITIVITY_DRAWS, only_icc=True
        )
        low, high = limits.icc_a_1
    found = {
        "icc_transformed": _estimate(values, block.form),
        "icc_transformed_low": low,
        "icc_transformed_high": high,
    }
    unknown = np.isnan(found["icc_transformed"])
    return {name: np.where(unknown, np.nan, np.where(invariant, 1.0, part)) for name, part in found.items()}


def log_icc(block: Block) -> Floats:
    """ICC of the logarithms, NaN for a feature with a value that is not positive."""
    positive = block.values.min(axis=(0, 1, 2)) > 0
    return np.where(positive, _estimate(np.log(np.where(positive, block.values, 1.0)), block.form), np.nan)


def _estimate(values: Floats, form: str) -> Floats:
    """Return one ICC form without limits, averaged over draws."""
    found = []
    for draw in range(values.shape[2]):
        s = mean_squares(values[:, :, draw])
        noise = s.within if form == "icc_1_1" else s.error
        bias = s.k * (s.columns - s.error) / s.n if form == "icc_a_1" else 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            found.append((s.rows - noise) / (s.rows + (s.k - 1) * noise + bias))
    return mean_over_draws(np.stack(found))
