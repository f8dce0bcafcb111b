"""Which conditions are compared with which: the four estimands.

repeatability
    ICC(1,1) over the draws of one level; the reference is not among them. Draws are nested in a case (each
    has its own noise), so they are never a crossed component and never pooled over levels.
agreement
    The reference against one level (k = 2). With several draws: per draw, then averaged.
factor
    The reference and all levels of a factor (k = 1 + levels), one draw at a time, then averaged.
chains
    ICC(1,1) over the chains, reference excluded.

Repeatability may rise with severity (noise that drowns a feature does so in every draw); agreement falls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from robustrad.stability.observations import CHAINS, REFERENCE, Observations

REPEATABILITY, AGREEMENT, FACTOR, CHAIN = "repeatability", "agreement", "factor", "chains"


@dataclass(frozen=True)
class Comparison:
    """Conditions that one row per feature is about.

    Attributes
    ----------
    factor : str
        Factor.
    level : str or None
        None: all levels together.
    estimand : str
        ``repeatability``, ``agreement``, ``factor`` or ``chains``.
    role : str or None
        Role of the factor; None where nobody declared it.
    severity, sign : float or None
        Of the level.
    conditions : tuple of tuple of int, shape (k, draws)
        Indices of conditions: ``conditions[j][d]`` is the j-th of the k in draw d. The reference comes first
        where it takes part, and is the same in every draw.
    """

    factor: str
    level: str | None
    estimand: str
    role: str | None
    severity: float | None
    sign: float | None
    conditions: tuple[tuple[int, ...], ...]

    @property
    def with_reference(self) -> bool:
        """Whether named levels are compared with the reference, not repeats among each other."""
        return self.estimand in {AGREEMENT, FACTOR}

    @property
    def nested(self) -> bool:
        """Whether the repeats are draws nested in a case, whose order is no order."""
        return self.estimand == REPEATABILITY and self.level is not None


def comparisons(observed: Observations) -> list[Comparison]:
    """Return every comparison that ``observed`` allows, factor by factor, all levels together first."""
    table = observed.conditions
    rows = np.flatnonzero(table["factor"] == REFERENCE)
    reference = int(rows[0]) if rows.size else None
    found: list[Comparison] = []
    for factor, group in table[table["factor"] != REFERENCE].groupby("factor", sort=False):
        name = str(factor)
        if observed.exchangeable or name in CHAINS:
            found.append(_all_alike(name, group, CHAIN if name in CHAINS else REPEATABILITY))
        else:
            found.extend(_factor(name, group, reference))
    return found


def _all_alike(factor: str, group: pd.DataFrame, estimand: str) -> Comparison:
    return Comparison(
        factor, None, estimand, _role(group), None, None, tuple((int(index),) for index in group.index)
    )


def _factor(factor: str, group: pd.DataFrame, reference: int | None) -> Iterator[Comparison]:
    levels = {str(level): part for level, part in group.groupby("level", sort=False)}
    draws = {level: tuple(int(i) for i in part.index) for level, part in levels.items()}
    if reference is not None:
        yield Comparison(factor, None, FACTOR, _role(group), None, None, _crossed(reference, draws, group))
    for level, part in levels.items():
        described = (_role(part), _number(part["severity"].iloc[0]), _number(part["sign"].iloc[0]))
        if len(part) > 1:
            alone = tuple((index,) for index in draws[level])
            yield Comparison(factor, level, REPEATABILITY, *described, alone)
        if reference is not None:
            pair = ((reference,) * len(part), draws[level])
            yield Comparison(factor, level, AGREEMENT, *described, pair)


def _crossed(
    reference: int, draws: dict[str, tuple[int, ...]], group: pd.DataFrame
) -> tuple[tuple[int, ...], ...]:
    """Return the reference and all levels, one draw at a time.

    A level without draws stands in every one of them; of the others, the draws that all of them have.
    """
    number = group["draw"]
    random = {level: {number[i]: i for i in indices} for level, indices in draws.items() if len(indices) > 1}
    shared = sorted(set.intersection(*(set(found) for found in random.values()))) if random else [0]
    rows = [
        tuple(random[level][draw] for draw in shared) if level in random else indices * len(shared)
        for level, indices in draws.items()
    ]
    return ((reference,) * len(shared), *rows)


def _role(rows: pd.DataFrame) -> str | None:
    role = rows["role"].iloc[0]
    return str(role) if pd.notna(role) else None


def _number(value: float) -> float | None:
    return float(value) if pd.notna(value) else None
