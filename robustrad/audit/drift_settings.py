"""How a drift run is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from robustrad.drift.experiment import RunSettings
from robustrad.drift.frozen import THRESHOLD
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.sites.settings import RemedySettings


@dataclass(frozen=True)
class DriftSettings:
    """How a drift run is made.

    Attributes
    ----------
    models : tuple of ModelSpec
        Which models.
    run : RunSettings
        Folds, repeats, permutations, matrix, seed.
    margin : float
        Loss of AUC that would matter; declared before looking.
    bootstraps : int
        Resamples of the patients.
    threshold : float
        Of frozen scores and models.
    jobs : int, optional
        Worker processes; default the CPU cores. No result depends on it.
    remedies : RemedySettings, optional
        Which remedies to compare, with the first model; none if not given.
    """

    models: tuple[ModelSpec, ...] = (ModelSpec(),)
    run: RunSettings = field(default_factory=RunSettings)
    margin: float = 0.05
    bootstraps: int = 2000
    threshold: float = THRESHOLD
    jobs: int | None = None
    remedies: RemedySettings | None = None
