"""Keeps the outcome out of the covariates: there it carries the sites' prevalence into the features."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from robustrad.harmonize.covariates import Coding, learn_coding
from robustrad.harmonize.errors import HarmonizationError

MAX_CORRELATION = 0.99

OutcomeUse = Literal["fit_only", "optimistic"]


def outcome_covariates(covariates: pd.DataFrame, y: Any) -> tuple[str, ...]:
    """Return the covariates that are the outcome ``y`` (|r| > .99 for some coding of both)."""
    if y is None or covariates.empty:
        return ()
    outcome = np.asarray(y)
    if outcome.ndim != 1:
        return ()
    targets = _codings(pd.Series(outcome))
    found = []
    for name in covariates.columns:
        columns = _codings(covariates[name].reset_index(drop=True))
        if max((abs(_correlation(a, b)) for a in columns for b in targets), default=0.0) > MAX_CORRELATION:
            found.append(str(name))
    return tuple(found)


def guarded_coding(
    covariates: pd.DataFrame, y: Any, *, categorical: tuple[str, ...], allow: OutcomeUse | None
) -> tuple[Coding, bool]:
    """Return the coding of training covariates, and whether the outcome will enter the transform.

    Raises
    ------
    HarmonizationError
        If a covariate is the outcome and ``allow`` is None.
    """
    names = outcome_covariates(covariates, y)
    if names and allow is None:
        raise HarmonizationError(
            "ComBat, covariates",
            f"{', '.join(names)} is the outcome (|r| > {MAX_CORRELATION})",
            "covariates that are known when a new patient is judged",
            'Leave it out, or say allow_outcome_covariate="fit_only" (in fit; at its mean in transform).',
        )
    averaged = names if allow == "fit_only" else ()
    return learn_coding(covariates, categorical=categorical, averaged=averaged), bool(names) and not averaged


def _codings(values: pd.Series[Any]) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    distinct = values.unique()
    codings = (
        [(values == level).to_numpy(dtype=np.float64) for level in distinct] if len(distinct) <= 10 else []
    )
    if pd.api.types.is_numeric_dtype(values):
        codings.append(values.to_numpy(dtype=np.float64))
    return codings


def _correlation(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> float:
    if a.std() == 0 or b.std() == 0 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
