"""Which conditions form a crossed design: subjects x one factor, or x several of a factorial study."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.stability.estimands import FACTOR, Comparison, comparisons
from robustrad.stability.observations import REFERENCE, Observations

JOINT = "+"  # joins the names of factors, and of levels, that act together


@dataclass(frozen=True)
class Design:
    """Conditions whose variance is decomposed together.

    Attributes
    ----------
    factor : str
        Name of the set: the factor's, or several joined by ``+``.
    factors : tuple of str
        Crossed factors; none where conditions are draws alone (chains, test and retest).
    role : str or None
        As declared.
    conditions : ndarray of int, shape (k_1, ..., k_q, draws)
        Indices of conditions; the reference is the first level of every factor.
    """

    factor: str
    factors: tuple[str, ...]
    role: str | None
    conditions: NDArray[np.intp]

    @property
    def k(self) -> int:
        """Cells of a subject: the product of the levels, 1 for draws alone."""
        return int(np.prod(self.conditions.shape[:-1]))

    @property
    def draws(self) -> int:
        """Draws in each cell."""
        return int(self.conditions.shape[-1])


def designs(observed: Observations) -> list[Design]:
    """Return every design that ``observed`` holds, in the order of the stability table."""
    found = []
    for comparison in comparisons(observed):
        if comparison.level is not None:
            continue
        if comparison.estimand != FACTOR:
            alone = np.array([index for (index,) in comparison.conditions])
            found.append(Design(comparison.factor, (), comparison.role, alone))
            continue
        crossed = _factorial(comparison, observed.conditions)
        found.append(crossed or _single(comparison))
    return found


def _single(comparison: Comparison) -> Design:
    indices = np.array(comparison.conditions)
    return Design(comparison.factor, (comparison.factor,), comparison.role, indices)


def _factorial(comparison: Comparison, conditions: pd.DataFrame) -> Design | None:
    """Return the full grid of ``a+b``: both factors alone, both together, and the reference; None without."""
    factors = tuple(comparison.factor.split(JOINT))
    known = set(conditions["factor"])
    if len(factors) < 2 or not set(factors) <= known:
        return None
    draws: dict[tuple[str, str], dict[float, int]] = {}
    names = conditions[["factor", "level", "draw"]].itertuples(name=None)
    for index, factor, level, draw in names:
        draws.setdefault((str(factor), str(level)), {})[float(draw)] = int(index)
    levels: list[list[str | None]] = [[None, *(b for a, b in draws if a == name)] for name in factors]
    cells = [draws.get(_key(factors, picked)) for picked in product(*levels)]
    if None in cells:
        return None
    random = [set(cell) for cell in cells if cell and len(cell) > 1]
    shared = sorted(set.intersection(*random)) if random else [0]
    indices = [
        [cell[draw] if len(cell) > 1 else next(iter(cell.values())) for draw in shared]
        for cell in cells
        if cell
    ]
    shape = (*(len(names) for names in levels), len(shared))
    return Design(comparison.factor, factors, comparison.role, np.reshape(indices, shape))


def _key(factors: tuple[str, ...], picked: tuple[str | None, ...]) -> tuple[str, str]:
    acting = [(name, level) for name, level in zip(factors, picked, strict=True) if level is not None]
    if not acting:
        return REFERENCE, REFERENCE
    names, levels = zip(*acting, strict=True)
    return JOINT.join(names), JOINT.join(levels)
