"""A protocol in memory: extraction parameters, factors with named levels, and the design."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal, get_args

from robustrad.extract.parameters import Parameters
from robustrad.perturb.base import Perturbation, Stage

Role = Literal["acquisition", "delineation", "definition", "control"]
Design = Literal["one_at_a_time", "factorial", "chains"]
ROLES: tuple[Role, ...] = get_args(Role)
DESIGNS: tuple[Design, ...] = get_args(Design)


@dataclass(frozen=True)
class Level:
    """One named level of a factor.

    Attributes
    ----------
    name : str
        Unique within the factor.
    operator : Perturbation
        What it does, with its scalars.
    severity : float or None
        Orders the levels of a factor; null where no order of harm is declared (bins).
    sign : int or None
        -1 or +1 for signed levels that share a severity.
    """

    name: str
    operator: Perturbation
    severity: float | None = None
    sign: int | None = None


@dataclass(frozen=True)
class Factor:
    """One way to vary.

    Attributes
    ----------
    name : str
        Unique within the protocol.
    role : str
        ``acquisition``, ``delineation``, ``definition`` or ``control``.
    levels : tuple of Level
        At least one, all of one kind and acting at one stage (its place in the chain).
    draws : int
        Repeats of a random operator; 1 for a deterministic one.
    chance : float
        Design ``chains`` only: probability that a chain varies this factor; otherwise it leaves it at the
        reference.
    """

    name: str
    role: Role
    levels: tuple[Level, ...]
    draws: int = 1
    chance: float = 1.0

    @property
    def stage(self) -> Stage:
        """Stage at which all levels act."""
        return self.levels[0].operator.acts_at

    @property
    def random(self) -> bool:
        """Whether the factor draws random numbers."""
        return self.levels[0].operator.random


@dataclass(frozen=True)
class Chains:
    """How many chains the design ``chains`` draws, and from which seed.

    Attributes
    ----------
    n : int
        Number of chains; raising it keeps the first ones.
    seed : int
        Seed of the protocol, not of the study: it decides which levels stand together in a chain.
    """

    n: int
    seed: int = 0


@dataclass(frozen=True)
class Protocol:
    """Extraction settings, factors and design.

    Attributes
    ----------
    name, about : str
        Name and one sentence.
    modality : str
        ``CT``, ``PT``, ``MR`` or ``any``.
    references : tuple of str
        DOIs or citations.
    extraction : str
        Name of the built-in parameter file, path, or ``inline``.
    parameters : Parameters
        The parameters as resolved.
    design : str
        ``one_at_a_time``, ``factorial`` or ``chains``.
    factors : tuple of Factor
        In file order.
    min_voxels : int
        Conditions whose ROI has fewer voxels on the analysis grid are skipped with that reason.
    chains : Chains or None
        For the design ``chains``; None for the others.
    """

    name: str
    about: str
    modality: str
    references: tuple[str, ...]
    extraction: str
    parameters: Parameters
    design: Design
    factors: tuple[Factor, ...]
    min_voxels: int = 64
    chains: Chains | None = None

    def resolved(self) -> dict[str, object]:
        """Return everything that changes results, as JSON (for study.json)."""
        return {
            "name": self.name,
            "modality": self.modality,
            "design": self.design,
            **({"chains": asdict(self.chains)} if self.chains else {}),
            "min_voxels": self.min_voxels,
            "extraction": self.extraction,
            "parameters": self.parameters.mapping(),
            "factors": {
                factor.name: {
                    "role": factor.role,
                    "draws": factor.draws,
                    **({"chance": factor.chance} if self.chains else {}),
                    "levels": {
                        level.name: {
                            **level.operator.record(),
                            "severity": level.severity,
                            "sign": level.sign,
                        }
                        for level in factor.levels
                    },
                }
                for factor in self.factors
            },
        }


def count_conditions(protocol: Protocol) -> int:
    """Return how many conditions ``protocol`` spells out, the reference included.

    One at a time: 1 + the levels of every factor times its draws. Factorial: every combination of levels,
    each factor also left out; a combination has as many draws as its factor with the most. Chains: 1 + n.
    """
    if protocol.chains:
        return 1 + protocol.chains.n
    if protocol.design == "one_at_a_time":
        return 1 + sum(len(factor.levels) * _repeats(factor) for factor in protocol.factors)
    by_draws = {1: 1}  # combinations of the factors so far, by the draws that they need
    for factor in protocol.factors:
        grown = dict(by_draws)
        for draws, count in by_draws.items():
            most = max(draws, _repeats(factor))
            grown[most] = grown.get(most, 0) + count * len(factor.levels)
        by_draws = grown
    return sum(draws * count for draws, count in by_draws.items())


def _repeats(factor: Factor) -> int:
    return factor.draws if factor.random else 1
