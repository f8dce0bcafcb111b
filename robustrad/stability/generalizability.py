"""Generalizability: how reliable an average over levels or copies is, and how many copies it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from robustrad.core.errors import DataError
from robustrad.stability.anova import Floats
from robustrad.stability.components import DRAW, LEVEL, RESIDUAL, SUBJECT, Decomposition


class Generalizability(NamedTuple):
    """Reliability of a mean over levels and draws; arrays of shape (p_features,).

    Attributes
    ----------
    absolute : ndarray
        Phi: levels' shifts count as error. For one level and draw of one factor it is ICC(A,1).
    relative : ndarray
        E rho^2: they do not. For one level and draw of one factor it is ICC(C,1).
    """

    absolute: Floats
    relative: Floats


def averages_needed(icc: ArrayLike, *, target: float = 0.9) -> Floats:
    """Return how many copies must be averaged for a reliability of ``target`` (D-study, Spearman-Brown).

    Parameters
    ----------
    icc : array
        Reliability of a single copy.
    target : float, default 0.9
        Reliability wanted, between 0 and 1.

    Returns
    -------
    ndarray
        Whole numbers, at least 1; infinite where the ICC is 0 or negative (no average helps), NaN where it is
        NaN.

    Raises
    ------
    DataError
        If ``target`` is not between 0 and 1.

    Notes
    -----
    m = target (1 - icc) / (icc (1 - target)), rounded up; averaging helps against what differs from copy to
    copy, not against a shift that all copies share.

    Examples
    --------
    >>> averages_needed([0.5, 0.75, 0.9, 0.0]).tolist()
    [9.0, 3.0, 1.0, inf]
    """
    if not 0 < target < 1:
        raise DataError("averages_needed(target)", f"{target}", "a number between 0 and 1")
    single = np.asarray(icc, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = target * (1 - single) / (single * (1 - target))
        # A whole number must not be rounded up because of its last bit.
        whole = np.maximum(np.ceil(exact * (1 - 1e-12)), 1.0)
    return np.asarray(np.where(np.isnan(single), np.nan, np.where(single <= 0, np.inf, whole)))


def generalizability(
    components: Decomposition, *, levels: Mapping[str, int] | None = None, draws: int = 1
) -> Generalizability:
    """Return the reliability of a subject's mean over some levels of each factor and some draws of each.

    Parameters
    ----------
    components : Decomposition
        From :func:`robustrad.stability.components.decompose`.
    levels : mapping of factor to int, optional
        Levels averaged over (n'); default 1 of each factor.
    draws : int, default 1
        Draws averaged over within each level.

    Raises
    ------
    DataError
        If a factor is unknown or a number is below 1.

    Notes
    -----
    Phi = var_s / (var_s + sum over the other terms of var_T / (n' of T's factors)); the relative E rho^2
    leaves out the terms without subjects. Residual and draws are divided by everything. Negative components
    count as 0. Brennan 2001, *Generalizability Theory*.
    """
    factors = [term.name for term in components.terms if term.component == LEVEL]
    numbers = dict.fromkeys(factors, 1) | dict(levels or {})
    if set(numbers) - set(factors) or min([draws, *numbers.values()]) < 1:
        raise DataError("generalizability", f"levels {levels}, draws {draws}", f"1 or more of {factors}")
    relative = absolute = np.zeros(components.raw.shape[1])
    for term, variance in zip(components.terms, components.variance, strict=True):
        if term.component == SUBJECT:
            continue
        full = term.component in {RESIDUAL, DRAW}
        own = factors if full else [name for name in factors if name in term.name.split(":")]
        error = variance / (np.prod([numbers[name] for name in own]) * (draws if full else 1))
        absolute = absolute + error
        if full or term.name.startswith("subject:"):
            relative = relative + error
    subject = components.of(SUBJECT)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Generalizability(subject / (subject + absolute), subject / (subject + relative))
