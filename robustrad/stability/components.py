"""Variance components of a balanced crossed design with nested draws: closed form, all features at once.

Subjects are crossed with one or more factors; the draws of a random level are nested in their cell (each
subject has its own noise). What a factor moves for every subject alike (its *level* component) is what a
remedy such as ComBat can take away; what it moves for each subject differently stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.errors import DataError
from robustrad.stability.anova import Floats

SUBJECT, LEVEL, INTERACTION, DRAW, RESIDUAL = "subject", "level", "interaction", "draw", "residual"
COMPONENTS = (SUBJECT, LEVEL, INTERACTION, DRAW, RESIDUAL)


class Term(NamedTuple):
    """One component of the variance.

    Attributes
    ----------
    component : str
        ``subject``, ``level``, ``interaction``, ``draw`` or ``residual``.
    name : str
        Its axes: ``subject``, ``noise``, ``subject:noise``; ``draw`` and ``residual`` as they are.
    """

    component: str
    name: str


@dataclass(frozen=True)
class Decomposition:
    """Variances of each feature by term.

    Attributes
    ----------
    terms : tuple of Term
        The t terms: subjects, factors, their interactions, and what is left.
    raw : ndarray of shape (t_terms, p_features)
        Estimates; a negative one says that its component is within the noise of the others.
    """

    terms: tuple[Term, ...]
    raw: Floats

    @property
    def truncated(self) -> NDArray[np.bool_]:
        """Which estimates are negative."""
        return np.asarray(self.raw < 0)

    @property
    def variance(self) -> Floats:
        """The estimates, negative ones set to 0."""
        return np.maximum(self.raw, 0.0)

    @property
    def share(self) -> Floats:
        """Shares of the total after truncation: they sum to 1; NaN where nothing varies."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.variance / self.variance.sum(axis=0))

    def of(self, component: str) -> Floats:
        """Return the truncated variance of all terms of ``component``, 0 where there is none."""
        rows = [i for i, term in enumerate(self.terms) if term.component == component]
        return np.asarray(self.variance[rows].sum(axis=0))


def decompose(values: Floats, factors: Sequence[str] = ("level",)) -> Decomposition:
    """Return the variance components of subjects, factors and draws.

    Parameters
    ----------
    values : ndarray of shape (n_subjects, k_1, ..., k_q, d_draws, p_features)
        Finite; a cell that is not random repeats its value in every draw (its draw variance is 0, and
        ``draw`` is the mean over the cells). d = 1: no draws.
    factors : sequence of q str, default ("level",)
        Names of the crossed factors; none for draws alone.

    Returns
    -------
    Decomposition
        Terms: ``subject``, each factor, each interaction; then, without draws, ``residual`` (the highest
        interaction included, which nothing separates from it) or, with draws, the highest interaction and
        ``draw``.

    Raises
    ------
    DataError
        If the shape does not fit the factors, or an axis has a single entry.

    Notes
    -----
    With mean squares MS_S of the cell means, S a set of axes (subjects, factors) and MSW within cells::

        var_T = sum over S containing T of (-1)^(|S| - |T|) MS_S / prod(sizes of the axes not in T)
        var_(all axes) = MS_(all axes) - MSW / d,   var_draw = MSW

    which for one factor is var_s = (MSR - MSE) / k, var_l = (MSC - MSE) / n, var_e = MSE. Balanced ANOVA and
    REML agree unless a component is negative (Searle, Casella and McCulloch 1992, *Variance Components*).

    Examples
    --------
    >>> judges = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> found = decompose(np.array(judges, dtype=float)[:, :, None, None], ["judge"])
    >>> [(term.name, round(float(raw), 3)) for term, raw in zip(found.terms, found.raw[:, 0])]
    [('subject', 2.556), ('judge', 5.244), ('residual', 1.019)]
    """
    names = ("subject", *factors)
    sizes = values.shape[: len(names)]
    draws = values.shape[-2]
    if values.ndim != len(names) + 2 or min(sizes) < 2 or (draws < 2 and not factors):
        expected = f"(n, {'k, ' * len(factors)}draws, features) with at least 2 of each"
        raise DataError("decompose(values)", f"shape {values.shape}", expected)
    centered = values - values.mean(axis=tuple(range(values.ndim - 1)))
    cells = centered.mean(axis=-2)
    squares = dict(_mean_squares(cells, len(names)))
    everything = tuple(range(len(names)))
    terms, raw = [], []
    for axes in squares:
        signed = [(-1) ** (len(s) - len(axes)) * ms for s, ms in squares.items() if set(axes) <= set(s)]
        estimate = np.sum(signed, axis=0) / prod(sizes[a] for a in everything if a not in axes)
        terms.append(_term(axes, names, highest=axes == everything and draws == 1))
        raw.append(estimate)
    if draws > 1:
        within = np.square(centered - cells[..., None, :]).sum(axis=tuple(range(values.ndim - 1)))
        within /= prod(sizes) * (draws - 1)
        raw[-1] = raw[-1] - within / draws
        terms.append(Term(DRAW, DRAW))
        raw.append(within)
    return Decomposition(tuple(terms), np.stack(raw))


def _mean_squares(cells: Floats, axes: int) -> Iterator[tuple[tuple[int, ...], Floats]]:
    """Yield the mean square of every set of axes, smaller sets first."""
    effects: dict[tuple[int, ...], Floats] = {(): cells.mean(axis=tuple(range(axes)), keepdims=True)}
    for size in range(1, axes + 1):
        for chosen in combinations(range(axes), size):
            others = tuple(axis for axis in range(axes) if axis not in chosen)
            effect = cells.mean(axis=others, keepdims=True) if others else cells
            for smaller, known in effects.items():
                if set(smaller) < set(chosen):
                    effect = effect - known
            effects[chosen] = effect
            repeats = prod(cells.shape[axis] for axis in others)
            freedom = prod(cells.shape[axis] - 1 for axis in chosen)
            yield chosen, np.square(effect).sum(axis=tuple(range(axes))) * (repeats / freedom)


def _term(axes: tuple[int, ...], names: Sequence[str], *, highest: bool) -> Term:
    if highest:
        return Term(RESIDUAL, RESIDUAL)
    if len(axes) > 1:
        return Term(INTERACTION, ":".join(names[axis] for axis in axes))
    return Term(SUBJECT if axes == (0,) else LEVEL, names[axes[0]])
