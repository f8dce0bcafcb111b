"""How a survival run is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from robustrad.drift.experiment import RunSettings
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.sites.settings import RemedySettings


@dataclass(frozen=True)
class SurvivalSettings:
    """How a survival run is made.

    Attributes
    ----------
    models : tuple of ModelSpec
        ``cox`` or ``survival_forest``.
    run : RunSettings
        Folds, repeats, permutations, matrix, seed.
    margin : float
        Loss of C that would matter; declared before looking.
    bootstraps : int
        Resamples of the patients.
    tau : float, optional
        Horizon of Uno's C, in the unit of the times.
    cutoff : float, optional
        Of finished risk scores (``score`` of the question): high risk from it on. Default their median at the
        reference.
    jobs : int, optional
        Worker processes; default the CPU cores. No result depends on it.
    remedies : RemedySettings, optional
        Which remedies to compare, with the first model; none if not given.
    """

    models: tuple[ModelSpec, ...] = (ModelSpec("cox"),)
    run: RunSettings = field(default_factory=RunSettings)
    margin: float = 0.05
    bootstraps: int = 2000
    tau: float | None = None
    cutoff: float | None = None
    jobs: int | None = None
    remedies: RemedySettings | None = None
