"""Everything that one comparison says of each feature, from complete values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.stability import status as policy
from robustrad.stability.agreement import bland_altman, ccc, spearman
from robustrad.stability.anova import Floats, MeanSquares, mean_squares
from robustrad.stability.block import Block, Columns, mean_over_draws
from robustrad.stability.bootstrap import bootstrap_limits
from robustrad.stability.components import decompose
from robustrad.stability.fixed import Limits, fixed_limits
from robustrad.stability.forms import bias_test, six_forms
from robustrad.stability.harmonizable import harmonizable_limits, harmonizable_share
from robustrad.stability.repeatability import quartile_dispersion, repeatability_coefficient, within_cv
from robustrad.stability.sensitivity import log_icc, transformed, volume_adjusted
from robustrad.stability.shared_patients import interval_note, over_patients


def measure(block: Block, *, alpha: float) -> Columns:
    """Return all columns of numbers, and ``status``, of a block with enough subjects.

    Quantities that belong to one draw are computed per draw and averaged; wSD and RC as root mean squares.
    """
    squares = [mean_squares(block.values[:, :, draw]) for draw in range(block.values.shape[2])]
    statuses = np.stack([policy.judge(s, block.n_dropped, one_way=not block.with_reference) for s in squares])
    columns = _iccs(squares, statuses, alpha)
    columns["status"] = _one_status(statuses, columns[block.form], block.n_dropped)
    invariant = columns["status"] == policy.INVARIANT
    if block.with_reference:
        columns |= _against_reference(block)
        columns |= _limits(block, squares[0], alpha)
        for name in ("icc_a_1_low_fixed", "icc_a_1_high_fixed", "ccc", "ccc_low", "ccc_high", "spearman"):
            columns[name] = np.where(invariant, 1.0, columns[name])
        if "proportional_p" in columns:
            columns["proportional_p"] = np.where(invariant, np.nan, columns["proportional_p"])
        columns |= _ceiling(block, alpha)
        columns["ceiling_c_1"] = np.where(invariant, np.nan, columns["icc_c_1"])
        for part in ("harmonizable_share", "harmonizable_share_low", "harmonizable_share_high"):
            columns[part] = np.where(invariant, np.nan, columns[part])
    note = interval_note(block.patients, with_reference=block.with_reference, n_draws=block.values.shape[2])
    columns["interval_note"] = np.full(invariant.size, note, dtype=object)
    columns |= _spread(block, alpha)
    columns |= _bias(block, invariant)
    columns |= volume_adjusted(block, invariant)
    columns |= transformed(block, invariant, alpha)
    columns["log_icc"] = log_icc(block)
    constant = columns["status"] == policy.CONSTANT
    for name, column in columns.items():
        if name != "status" and column.dtype.kind == "f":
            columns[name] = np.where(constant, np.nan, column)
    return columns


def _iccs(squares: list[MeanSquares], statuses: NDArray[Any], alpha: float) -> Columns:
    """Six forms with McGraw and Wong's limits, averaged over the draws in which the feature varies."""
    forms = [six_forms(s, alpha=alpha) for s in squares]
    columns: Columns = {}
    for name in forms[0]:
        for part, suffix in enumerate(("", "_low", "_high")):
            stack = np.stack([form[name][part] for form in forms])
            stack = np.where(statuses == policy.INVARIANT, 1.0, stack)
            columns[f"{name}{suffix}"] = mean_over_draws(np.where(statuses == policy.CONSTANT, np.nan, stack))
    return columns


def _one_status(statuses: NDArray[Any], estimate: Floats, n_dropped: int) -> NDArray[Any]:
    """Return the status over draws: their common one, else judged by the averaged estimate."""
    varied = (statuses != policy.CONSTANT) & (statuses != policy.INVARIANT)
    usual = policy.PARTIAL if n_dropped else policy.OK
    judged = np.where(estimate <= 0, policy.NO_SIGNAL, usual).astype(object)
    still = np.where((statuses == policy.INVARIANT).any(axis=0), policy.INVARIANT, policy.CONSTANT)
    judged = np.where(varied.any(axis=0), judged, still)
    return np.asarray(np.where((statuses == statuses[0]).all(axis=0), statuses[0], judged), dtype=object)


def _limits(block: Block, squares: MeanSquares, alpha: float) -> Columns:
    """Limits of ICC(A,1) with fixed levels, of CCC, of the harmonizable share.

    Over several draws, and where cases share patients, by bootstrap over patients.
    """
    k, n_draws = block.values.shape[1:3]
    if over_patients(block.patients, n_draws):
        icc, concordance, share = bootstrap_limits(block.values, block.patients, alpha=alpha)
    else:
        icc, share = fixed_limits(squares, alpha=alpha), harmonizable_limits(squares, alpha=alpha)
        blank = np.full_like(icc.low, np.nan)
        exact = ccc(block.values[:, 0, 0], block.values[:, 1, 0], alpha=alpha)
        concordance = Limits(exact.low, exact.high) if k == 2 else Limits(blank, blank)
    return {
        "icc_a_1_low_fixed": icc.low,
        "icc_a_1_high_fixed": icc.high,
        "ccc_low": concordance.low,
        "ccc_high": concordance.high,
        "harmonizable_share": harmonizable_share(decompose(block.values)),
        "harmonizable_share_low": share.low,
        "harmonizable_share_high": share.high,
    }


def _against_reference(block: Block) -> Columns:
    """CCC, Bland-Altman in reference SDs, and Spearman; of several levels the worst one's."""
    reference = block.values[:, 0, 0]
    pairs = [_pair(reference, block.values[:, level]) for level in range(1, block.values.shape[1])]
    if len(pairs) == 1:
        return pairs[0]
    bias = np.stack([columns["bias_sd"] for columns in pairs])
    largest = np.argmax(np.nan_to_num(np.abs(bias)), axis=0)
    return {
        "ccc": np.min([columns["ccc"] for columns in pairs], axis=0),
        "bias_sd": np.take_along_axis(bias, largest[None], axis=0)[0],
        "spearman": np.min([columns["spearman"] for columns in pairs], axis=0),
    }


def _pair(reference: Floats, level: Floats) -> Columns:
    """Agreement of the reference with one level, shape (n, draws, p), averaged over the draws."""
    draws = [level[:, draw] for draw in range(level.shape[1])]
    compared = [bland_altman(reference, draw) for draw in draws]
    spread = compared[0].reference_sd
    spread = np.where(spread > policy.RELATIVE_TOLERANCE * np.abs(reference).max(axis=0), spread, np.nan)
    with np.errstate(invalid="ignore"):
        scaled = [(c.bias / spread, c.low / spread, c.high / spread) for c in compared]
    bias, low, high = (mean_over_draws(np.stack(part)) for part in zip(*scaled, strict=True))
    return {
        "ccc": mean_over_draws(np.stack([ccc(reference, draw).value for draw in draws])),
        "bias_sd": bias,
        "loa_low": low,
        "loa_high": high,
        "proportional_p": compared[0].slope_p if len(draws) == 1 else np.full(reference.shape[1], np.nan),
        "spearman": mean_over_draws(np.stack([spearman(reference, draw) for draw in draws])),
    }


def _ceiling(block: Block, alpha: float) -> Columns:
    """ICC(C,1) after z-scoring each level: what would be left if every level were standardized."""
    with np.errstate(divide="ignore", invalid="ignore"):
        centered = block.values - block.values.mean(axis=0)
        scaled = centered / block.values.std(axis=0, ddof=1)
    found = [
        six_forms(mean_squares(scaled[:, :, draw]), alpha=alpha)["icc_c_1"] for draw in range(scaled.shape[2])
    ]
    # A level in which the feature does not vary cannot be standardized.
    tolerance = policy.RELATIVE_TOLERANCE * np.abs(block.values).max(axis=(0, 1, 2))
    flat = (block.values.std(axis=0, ddof=1) <= tolerance).any(axis=(0, 1))
    value, low = (mean_over_draws(np.stack([estimate[part] for estimate in found])) for part in (0, 1))
    return {
        "ceiling_location_scale": np.where(flat, np.nan, value),
        "ceiling_location_scale_low": np.where(flat, np.nan, low),
    }


def _spread(block: Block, alpha: float) -> Columns:
    draws = range(block.values.shape[2])
    found = [repeatability_coefficient(block.values[:, :, draw], alpha=alpha) for draw in draws]
    wsd, rc, low, high = (
        np.sqrt(mean_over_draws(np.square(np.stack(part)))) for part in zip(*found, strict=True)
    )
    blank = np.full_like(rc, np.nan)
    return {
        "wsd": wsd,
        "rc": blank if block.with_reference else rc,
        "rc_low": blank if block.with_reference else low,
        "rc_high": blank if block.with_reference else high,
        "rdc": rc if block.with_reference else blank,
        "wcv": _over_draws(block, within_cv),
        "qcd": _over_draws(block, quartile_dispersion),
    }


def _over_draws(block: Block, function: Callable[[Floats], Floats]) -> Floats:
    draws = range(block.values.shape[2])
    return np.asarray(np.mean([function(block.values[:, :, draw]) for draw in draws], axis=0))


def _bias(block: Block, invariant: NDArray[np.bool_]) -> Columns:
    """Do the conditions' means differ? On values averaged over the draws; undefined for nested draws."""
    test = bias_test(mean_squares(block.values.mean(axis=2)))
    undefined = np.full(invariant.shape, True) if block.nested else invariant
    return {
        "bias_f": np.where(undefined, np.nan, test.statistic),
        "bias_p": np.where(undefined, np.nan, test.p),
    }
