"""Conditions: the concrete chains of perturbations that a protocol spells out, the same for all cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from robustrad.core.identity import fingerprint
from robustrad.perturb.base import Perturbation, Stage
from robustrad.protocol.model import Factor, Level, Protocol, Role

REFERENCE = "reference"
_ROLE_ORDER: tuple[Role, ...] = ("acquisition", "delineation", "definition", "control")


@dataclass(frozen=True)
class Step:
    """One perturbation in a chain.

    Attributes
    ----------
    factor : str
        Factor that it belongs to (a part of the seed).
    position : int
        Place of the factor in the chain, 0 first (a part of the seed).
    draw : int
        1, 2, ... for random operators, 0 for deterministic ones (a part of the seed).
    operator : Perturbation
        The operator with its scalars.
    """

    factor: str
    position: int
    draw: int
    operator: Perturbation

    @property
    def record(self) -> dict[str, Any]:
        """Return the step as JSON: everything that decides its result."""
        return {
            "factor": self.factor,
            "position": self.position,
            "draw": self.draw,
            "operator": self.operator.record(),
        }


@dataclass(frozen=True)
class Condition:
    """One column of the experiment; a row of conditions.csv.

    Attributes
    ----------
    name : str
        ``reference``, ``noise=mild/3``, ``noise=mild/3,voxel_size=4mm``.
    factor, level : str
        Names joined by ``+`` where several factors act together.
    role : str
        Role of the factor; of several, the strictest (control, definition, delineation, acquisition).
    severity : float or None
        Declared severity of the level; null for combinations.
    sign : int or None
        Sign of the level.
    draw : int
        Repeat, 0 where nothing is random.
    steps : tuple of Step
        The chain, in the order in which it acts.
    fingerprint : str
        Identity of everything that decides the result but for the case and the study's seed.
    """

    name: str
    factor: str
    level: str
    role: str
    severity: float | None
    sign: int | None
    draw: int
    steps: tuple[Step, ...]
    fingerprint: str

    def steps_of(self, stage: Stage) -> tuple[Step, ...]:
        """Return the steps that act at ``stage``."""
        return tuple(step for step in self.steps if step.operator.stage is stage)


def build_conditions(protocol: Protocol, *, definition: str) -> tuple[Condition, ...]:
    """Return all conditions of ``protocol``, the reference first, in file order.

    Parameters
    ----------
    protocol : Protocol
        The protocol.
    definition : str
        Definition of the engine, a part of every fingerprint.
    """
    base = {
        "parameters": protocol.parameters.mapping(),
        "min_voxels": protocol.min_voxels,
        "engine": definition,
    }
    chosen = _singles(protocol) if protocol.design == "one_at_a_time" else _combinations(protocol)
    return (
        _condition((), 0, base),
        *(_condition(levels, draw, base) for levels in chosen for draw in _draws(levels)),
    )


_Choice = tuple[Factor, Level]


def _singles(protocol: Protocol) -> Iterator[tuple[_Choice, ...]]:
    for factor in protocol.factors:
        for level in factor.levels:
            yield ((factor, level),)


def _combinations(protocol: Protocol) -> Iterator[tuple[_Choice, ...]]:
    menus = [[None, *((factor, level) for level in factor.levels)] for factor in protocol.factors]
    for picked in product(*menus):
        chain = tuple(choice for choice in picked if choice is not None)
        if chain:
            yield chain


def _draws(chain: tuple[_Choice, ...]) -> range:
    repeats = [factor.draws for factor, _ in chain if factor.random]
    return range(1, max(repeats) + 1) if repeats else range(1)


def _condition(chain: tuple[_Choice, ...], draw: int, base: dict[str, object]) -> Condition:
    ordered = sorted(chain, key=lambda choice: choice[0].stage.order)
    steps = tuple(
        Step(factor.name, position, draw if factor.random else 0, level.operator)
        for position, (factor, level) in enumerate(ordered)
    )
    alone = chain[0][1] if len(chain) == 1 else None
    identity = fingerprint({**base, "steps": [step.record for step in steps]})
    if not chain:
        return Condition(REFERENCE, REFERENCE, REFERENCE, REFERENCE, 0.0, None, 0, (), identity)
    return Condition(
        name=",".join(
            f"{factor.name}={level.name}" + (f"/{draw}" if factor.random else "") for factor, level in chain
        ),
        factor="+".join(factor.name for factor, _ in chain),
        level="+".join(level.name for _, level in chain),
        role=max((factor.role for factor, _ in chain), key=_ROLE_ORDER.index),
        severity=alone.severity if alone else None,
        sign=alone.sign if alone else None,
        draw=draw,
        steps=steps,
        fingerprint=identity,
    )
