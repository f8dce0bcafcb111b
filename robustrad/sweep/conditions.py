"""Conditions: the concrete chains of perturbations that a protocol spells out, the same for all cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from robustrad.core.identity import canonical_json, fingerprint
from robustrad.perturb.base import Perturbation, Stage
from robustrad.protocol.chains import Choice, draw_chains
from robustrad.protocol.model import Protocol, Role

REFERENCE = "reference"
CHAINS = "chains"
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
        1, 2, ... for random operators (in a chain its number), 0 for deterministic ones (a part of the seed).
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

    @cached_property
    def identity(self) -> str:
        """Return the record as canonical JSON: equal for steps that do the same."""
        return canonical_json(self.record)


@dataclass(frozen=True)
class Condition:
    """One column of the experiment; a row of conditions.csv.

    Attributes
    ----------
    name : str
        ``reference``, ``noise=mild/3``, ``noise=mild/3,voxel_size=4mm``, ``chain_007``.
    factor, level : str
        Names joined by ``+`` where several factors act together. Of a chain, ``chains`` and
        ``noise=mild+shift=half``: what it leaves at the reference is not named.
    role : str
        Role of the factor; of several, the strictest (control, definition, delineation, acquisition). All
        chains have the strictest of the protocol's.
    severity : float or None
        Declared severity of the level; null for combinations and chains.
    sign : int or None
        Sign of the level.
    draw : int
        Repeat, 0 where nothing is random; of a chain its number.
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
        return tuple(step for step in self.steps if step.operator.acts_at is stage)


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
    reference = _condition((), 0, base)
    if protocol.chains:
        role = _strictest(factor.role for factor in protocol.factors)
        drawn = enumerate(draw_chains(protocol.factors, protocol.chains), start=1)
        return (reference, *(_chain(chain, number, role, base) for number, chain in drawn))
    chosen = _singles(protocol) if protocol.design == "one_at_a_time" else _combinations(protocol)
    return (reference, *(_condition(levels, draw, base) for levels in chosen for draw in _draws(levels)))


def _singles(protocol: Protocol) -> Iterator[tuple[Choice, ...]]:
    for factor in protocol.factors:
        for level in factor.levels:
            yield ((factor, level),)


def _combinations(protocol: Protocol) -> Iterator[tuple[Choice, ...]]:
    menus = [[None, *((factor, level) for level in factor.levels)] for factor in protocol.factors]
    for picked in product(*menus):
        chain = tuple(choice for choice in picked if choice is not None)
        if chain:
            yield chain


def _draws(chain: tuple[Choice, ...]) -> range:
    repeats = [factor.draws for factor, _ in chain if factor.random]
    return range(1, max(repeats) + 1) if repeats else range(1)


def _strictest(roles: Iterable[Role]) -> Role:
    return max(roles, key=_ROLE_ORDER.index)


def _steps(chain: tuple[Choice, ...], draw: int) -> tuple[Step, ...]:
    ordered = sorted(chain, key=lambda choice: choice[0].stage.order)
    return tuple(
        Step(factor.name, position, draw if factor.random else 0, level.operator)
        for position, (factor, level) in enumerate(ordered)
    )


def _identity(steps: tuple[Step, ...], base: dict[str, object]) -> str:
    return fingerprint({**base, "steps": [step.record for step in steps]})


def _chain(chain: tuple[Choice, ...], number: int, role: Role, base: dict[str, object]) -> Condition:
    steps = _steps(chain, number)
    level = "+".join(f"{factor.name}={level.name}" for factor, level in chain)
    name = f"chain_{number:03d}"
    return Condition(name, CHAINS, level, role, None, None, number, steps, _identity(steps, base))


def _condition(chain: tuple[Choice, ...], draw: int, base: dict[str, object]) -> Condition:
    steps = _steps(chain, draw)
    alone = chain[0][1] if len(chain) == 1 else None
    identity = _identity(steps, base)
    if not chain:
        return Condition(REFERENCE, REFERENCE, REFERENCE, REFERENCE, 0.0, None, 0, (), identity)
    return Condition(
        name=",".join(
            f"{factor.name}={level.name}" + (f"/{draw}" if factor.random else "") for factor, level in chain
        ),
        factor="+".join(factor.name for factor, _ in chain),
        level="+".join(level.name for _, level in chain),
        role=_strictest(factor.role for factor, _ in chain),
        severity=alone.severity if alone else None,
        sign=alone.sign if alone else None,
        draw=draw,
        steps=steps,
        fingerprint=identity,
    )
