"""Intraclass correlation of many features at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from robustrad.core.errors import DataError
from robustrad.core.extremes import blanked, extreme_columns
from robustrad.stability import status as policy
from robustrad.stability.anova import Floats, mean_squares
from robustrad.stability.fixed import fixed_limits
from robustrad.stability.forms import FORMS, bias_test, six_forms

ICC_COLUMNS = tuple(f"{form}{part}" for form in FORMS for part in ("", "_low", "_high"))
FIXED = "icc_a_1_low_fixed"


def icc(
    values: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    alpha: float = 0.05,
    fixed: bool = False,
    one_way: bool = False,
    missing: Literal["drop", "reml"] = "drop",
) -> pd.DataFrame:
    """Return the six intraclass correlations of each feature, with intervals, n, k and a status.

    Parameters
    ----------
    values : array of shape (n_subjects, k_conditions, p_features) or (n_subjects, k_conditions)
        NaN or infinite where a value is missing.
    names : sequence of str, optional
        Of the p features, for the index; default 0 .. p-1.
    alpha : float, default 0.05
        One minus the coverage of the two-sided intervals.
    fixed : bool, default False
        Add ``icc_a_1_low_fixed``, the lower limit of ICC(A,1) for named levels (see
        :func:`robustrad.stability.fixed.fixed_limits`). It costs 2,000 draws per feature, several times
        the rest.
    one_way : bool, default False
        The conditions are draws without an order shared by the subjects: ``no_signal`` is judged by MSW.
    missing : {"drop", "reml"}, default "drop"
        ``drop``: a subject with a missing value is dropped for that feature. ``reml``: incomplete features
        get point estimates from restricted maximum likelihood on all cells (crossed random effects), without
        intervals and without a bias test, which have no closed form there.

    Returns
    -------
    DataFrame
        A row per feature: ``icc_1_1, icc_a_1, icc_c_1, icc_1_k, icc_a_k, icc_c_k``, each with ``_low`` and
        ``_high`` (McGraw and Wong), ``bias_f, bias_p`` (do the conditions' means differ), ``n`` (subjects
        used), ``k``, ``n_dropped``, ``status`` (:mod:`robustrad.stability.status`) and ``note``. Nothing is
        clipped; a lower limit of the average of k is minus infinity where the single score's reaches
        -1/(k-1).

    Raises
    ------
    DataError
        If ``values`` is neither 2-D nor 3-D, or ``names`` does not fit.

    References
    ----------
    McGraw and Wong 1996, doi:10.1037/1082-989X.1.1.30.

    Examples
    --------
    >>> judges = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> icc(judges)[["icc_1_1", "icc_a_1", "icc_c_1"]].round(2).values.tolist()
    [[0.17, 0.29, 0.71]]
    """
    array = _three_dimensional(values)
    if names is not None and len(names) != array.shape[2]:
        raise DataError("icc(names)", f"{len(names)} names", f"{array.shape[2]}, one per feature")
    extreme = extreme_columns(array)
    usable = blanked(array, extreme)
    columns = icc_arrays(usable, alpha=alpha, fixed=fixed, one_way=one_way)
    if missing == "reml":
        _fill_reml(columns, usable)
    columns["status"][extreme] = policy.EXTREME
    columns["n"][extreme] = np.isfinite(array[:, :, extreme]).all(axis=1).sum(axis=0)
    columns["n_dropped"][extreme] = array.shape[0] - columns["n"][extreme]
    columns["note"] = np.where(columns["n"] < policy.FEW_SUBJECTS, f"n < {policy.FEW_SUBJECTS}", "")
    index = pd.RangeIndex(array.shape[2]) if names is None else pd.Index(list(names))
    return pd.DataFrame(columns, index=index.rename("feature"))


def icc_arrays(
    values: Floats, *, alpha: float = 0.05, fixed: bool = False, one_way: bool = False
) -> dict[str, NDArray[Any]]:
    """Return the columns of :func:`icc` (without ``note``) as arrays; subjects are dropped listwise."""
    n, k, p = values.shape
    columns: dict[str, NDArray[Any]] = {name: np.full(p, np.nan) for name in ICC_COLUMNS}
    if fixed:
        columns[FIXED] = np.full(p, np.nan)
    columns |= {"bias_f": np.full(p, np.nan), "bias_p": np.full(p, np.nan)}
    columns |= {"n": np.zeros(p, dtype=np.int64), "k": np.full(p, k)}
    columns["n_dropped"] = np.zeros(p, dtype=np.int64)
    columns["status"] = np.full(p, policy.INSUFFICIENT, dtype=object)
    for group in complete_groups(values):
        columns["n"][group.features] = group.values.shape[0]
        columns["n_dropped"][group.features] = n - group.values.shape[0]
        for name, part in _group_columns(group, n, alpha, fixed, one_way).items():
            columns[name][group.features] = part
    return columns


class Group(NamedTuple):
    """Features that miss the same subjects.

    Attributes
    ----------
    features : slice or ndarray of int
        Which features.
    subjects : ndarray of bool, shape (n_subjects,)
        Which subjects are complete.
    values : ndarray of shape (n_complete, k_conditions, features of the group)
        Finite throughout.
    """

    features: slice | NDArray[np.intp]
    subjects: NDArray[np.bool_]
    values: Floats


def complete_groups(values: Floats) -> Iterator[Group]:
    """Yield the features of ``values`` in groups that share their complete subjects."""
    finite = np.isfinite(values)
    if finite.all():
        yield Group(slice(None), np.ones(values.shape[0], dtype=bool), values)
        return
    complete = finite.all(axis=1)
    patterns, which = np.unique(complete, axis=1, return_inverse=True)
    for i in range(patterns.shape[1]):
        features = np.flatnonzero(which.ravel() == i)
        subjects = patterns[:, i]
        yield Group(features, subjects, values[subjects][:, :, features])


def _group_columns(
    group: Group, n_all: int, alpha: float, fixed: bool, one_way: bool
) -> dict[str, NDArray[Any]]:
    n, k, _ = group.values.shape
    if not policy.enough(n, k, n_all - n):
        return {}
    squares = mean_squares(group.values)
    status = policy.judge(squares, n_all - n, one_way=one_way)
    columns: dict[str, NDArray[Any]] = {}
    for form, estimate in six_forms(squares, alpha=alpha).items():
        columns |= {form: estimate.value, f"{form}_low": estimate.low, f"{form}_high": estimate.high}
    if fixed:
        columns[FIXED] = fixed_limits(squares, alpha=alpha).low
    invariant, constant = status == policy.INVARIANT, status == policy.CONSTANT
    for estimate_or_limit in columns.values():
        estimate_or_limit[invariant] = 1.0
    columns["bias_f"], columns["bias_p"] = bias_test(squares)
    columns["bias_f"][invariant] = columns["bias_p"][invariant] = np.nan
    if constant.any():
        for column in columns.values():
            column[constant] = np.nan
    columns["status"] = status
    return columns


def _fill_reml(columns: dict[str, NDArray[Any]], values: Floats) -> None:
    """Replace the point estimates of incomplete features by those of REML, their intervals by NaN."""
    from robustrad.stability.reml import reml_forms

    for feature in np.flatnonzero(~np.isfinite(values).all(axis=(0, 1))):
        cells = values[:, :, feature]
        estimates = reml_forms(cells)
        if estimates is None:
            continue
        for name in (*ICC_COLUMNS, FIXED, "bias_f", "bias_p"):
            if name in columns:
                columns[name][feature] = estimates.get(name, np.nan)
        observed = int(np.isfinite(cells).any(axis=1).sum())
        columns["n"][feature] = observed
        columns["n_dropped"][feature] = values.shape[0] - observed
        columns["status"][feature] = policy.PARTIAL


def _three_dimensional(values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        expected = "(n_subjects, k_conditions, p_features), or 2-D for one feature"
        raise DataError("icc(values)", f"shape {array.shape}", expected)
    return array
