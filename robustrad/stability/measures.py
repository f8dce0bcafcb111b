"""Everything that one comparison says of each feature, from complete values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.stability import status as policy
from robustrad.stability.agreement import bland_altman, ccc, spearman
from robustrad.stability.anova import Floats, MeanSquares, mean_squares
from robustrad.stability.bootstrap import bootstrap_limits
from robustrad.stability.components import decompose
from robustrad.stability.fixed import Limits, fixed_limits
from robustrad.stability.forms import bias_test, six_forms
from robustrad.stability.harmonizable import harmonizable_limits, harmonizable_share
from robustrad.stability.repeatability import quartile_dispersion, repeatability_coefficient, within_cv
from robustrad.stability.shared_patients import interval_note, over_patients

Columns = dict[str, NDArray[Any]]

_SENSITIVITY_DRAWS = 500  # for the limits of the transformed ICC, which decide nothing


@dataclass(frozen=True)
class Block:
    """Complete values of the features that one comparison finds with the same subjects.

    Attributes
    ----------
    values : ndarray of shape (n_subjects, k_conditions, n_draws, p_features)
        Finite. Where the reference takes part it is the first of the k, the same in every draw.
    transformed : ndarray of the same shape
        On the scale of :mod:`robustrad.stability.transform`; NaN for a feature without one.
    baseline : ndarray of shape (n_subjects, p_features)
        Reference values (or means over conditions); may hold NaN where the reference takes no part.
    log_volume : ndarray of shape (n_subjects,)
        Logarithm of the baseline's volume; NaN where unknown.
    patients : ndarray of int, shape (n_subjects,)
        Patient 0 .. of each subject.
    n_dropped : int
        Subjects that are not complete.
    with_reference : bool
        Named levels against the reference; otherwise repeats among each other.
    nested : bool
        Draws nested in a subject: their order means nothing.
    """

    values: Floats
    transformed: Floats
    baseline: Floats
    log_volume: Floats
    patients: NDArray[np.intp]
    n_dropped: int
    with_reference: bool
    nested: bool

    @property
    def form(self) -> str:
        """The ICC form that answers the comparison's question."""
        return "icc_a_1" if self.with_reference else "icc_1_1"


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
    columns |= _adjusted(block, invariant)
    columns |= _transformed(block, invariant, alpha)
    columns["log_icc"] = _log_icc(block)
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
            columns[f"{name}{suffix}"] = _mean(np.where(statuses == policy.CONSTANT, np.nan, stack))
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
    bias, low, high = (_mean(np.stack(part)) for part in zip(*scaled, strict=True))
    return {
        "ccc": _mean(np.stack([ccc(reference, draw).value for draw in draws])),
        "bias_sd": bias,
        "loa_low": low,
        "loa_high": high,
        "proportional_p": compared[0].slope_p if len(draws) == 1 else np.full(reference.shape[1], np.nan),
        "spearman": _mean(np.stack([spearman(reference, draw) for draw in draws])),
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
    value, low = (_mean(np.stack([estimate[part] for estimate in found])) for part in (0, 1))
    return {
        "ceiling_location_scale": np.where(flat, np.nan, value),
        "ceiling_location_scale_low": np.where(flat, np.nan, low),
    }


def _spread(block: Block, alpha: float) -> Columns:
    draws = range(block.values.shape[2])
    found = [repeatability_coefficient(block.values[:, :, draw], alpha=alpha) for draw in draws]
    wsd, rc, low, high = (np.sqrt(_mean(np.square(np.stack(part)))) for part in zip(*found, strict=True))
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


def _adjusted(block: Block, invariant: NDArray[np.bool_]) -> Columns:
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


def _transformed(block: Block, invariant: NDArray[np.bool_], alpha: float) -> Columns:
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


def _log_icc(block: Block) -> Floats:
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
    return _mean(np.stack(found))


def _mean(stack: Floats) -> Floats:
    """Mean over draws (axis 0) of those that are defined."""
    defined = ~np.isnan(stack)
    with np.errstate(invalid="ignore"):
        total = np.where(defined, stack, 0.0).sum(axis=0)
        return np.asarray(np.where(defined.any(axis=0), total / np.maximum(defined.sum(axis=0), 1), np.nan))
