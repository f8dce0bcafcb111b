"""What a perturbation is: a frozen model of scalars and one pure method."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from robustrad.core.settings import KEYS, Verb
from robustrad.perturb.sample import Sample


class InapplicableError(Exception):
    """Raised by ``apply`` where only the draw shows that an operator does not apply: recorded as a skip.

    Its words are the reason. What can be told without a draw belongs into ``skip``.
    """


class Stage(Enum):
    """Where in the chain a perturbation acts; the order of the members is the order of the chain."""

    IMAGE = "image"
    MASK = "mask"
    GRID = "grid"
    DISCRETIZE = "discretize"

    @property
    def order(self) -> int:
        """Position in the chain, 0 for image."""
        return list(Stage).index(self)


_STAGES = {Verb.PREPARE: Stage.IMAGE, Verb.REGION: Stage.GRID, Verb.LEVELS: Stage.DISCRETIZE}


def stage_of_setting(key: str) -> Stage | None:
    """Return the stage at which PyRadiomics' setting ``key`` first acts.

    None where it belongs to no stage: it is not known, decides how the case is opened, or changes no feature.
    """
    verbs = KEYS[key].verbs if key in KEYS else ()
    return _STAGES.get(verbs[0]) if verbs else None


class Perturbation(BaseModel):
    """Base class of all operators: scalars as fields, ``apply`` as the only deed.

    The engine draws no parameters, checks the contract after every ``apply`` (same grid or declared change,
    mask not empty, finite, inputs not mutated), measures the strength and keeps the record; operators do
    none of it. An operator at its zero returns the sample unchanged, so that its features are bit-identical
    to the reference's.

    Class attributes
    ----------------
    stage : Stage or None
        Where it acts; None where its scalars decide, and then it says so in ``acts_at``.
    settings_only : bool
        Whether it changes extraction settings and nothing else (at the grid, wishes for it as well), at
        whatever stage: those that act there.
    version : int
        Raised when the numbers change; only what it changed is computed again.
    random : bool
        Whether ``apply`` draws random numbers. Deterministic operators take no ``draws``.
    modalities : tuple of str
        Modalities for which it makes sense; empty for any.
    zero : mapping or None
        Scalars at which nothing changes; None where there is no such value (a bin width), and then applying
        it twice is applying it once.
    examples : tuple of mappings
        Scalars of a few instances, from weak to strong: for the contract test and for documentation.
    trend : (str, int) or None
        A column of the measured strength and whether it rises (1) or falls (-1) along ``examples``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    stage: ClassVar[Stage | None]
    settings_only: ClassVar[bool] = False
    version: ClassVar[int] = 1
    random: ClassVar[bool] = False
    modalities: ClassVar[tuple[str, ...]] = ()
    zero: ClassVar[Mapping[str, object] | None] = None
    examples: ClassVar[tuple[Mapping[str, object], ...]] = ()
    trend: ClassVar[tuple[str, int] | None] = None

    kind: str

    @property
    def acts_at(self) -> Stage:
        """Where this instance acts: the stage of its class, unless its scalars decide."""
        if self.stage is None:
            raise NotImplementedError(f"{type(self).__name__} has neither a stage nor acts_at")
        return self.stage

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the perturbed sample; ``sample`` is not changed."""
        raise NotImplementedError(f"{type(self).__name__} has no apply")

    def calibrate(self, sample: Sample, rng: np.random.Generator) -> Self:
        """Return a copy with concrete scalars for this case. Default: itself.

        Called once per case, parent and level with a generator of its own, never the study's draws, and
        before ``skip``: where the case allows no calibration it returns itself, and ``skip`` says why.
        """
        del sample, rng
        return self

    def skip(self, sample: Sample) -> str | None:
        """Return why this operator does not apply to ``sample``, or None if it does."""
        del sample
        return None

    def record(self) -> dict[str, Any]:
        """Return the replay record: kind, version and scalars as JSON."""
        return {"version": self.version, **self.model_dump(mode="json")}
