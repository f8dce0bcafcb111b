"""How remedies are compared."""

from __future__ import annotations

from dataclasses import dataclass

from robustrad.core.errors import DataError, Problem, nearest
from robustrad.drift.sites.calibration import SWEEP

EXPERIMENTS = ("e1", "e2", "e3", "e4")
NULL_KAPPA = 0.35
"""Confounding of E4 where none is asked for: without any, a remedy that leaks the site could not show."""


@dataclass(frozen=True)
class RemedySettings:
    """How remedies are compared.

    Attributes
    ----------
    remedies : str
        ``all``, or names joined by commas.
    experiments : tuple of str
        Some of ``e1`` (paired), ``e2`` (disjoint virtual sites), ``e3`` (new site), ``e4`` (no signal).
    assignments : int
        Ways of dealing patients to virtual sites; 20 or more for a result.
    kappa : float
        Confounding of site and outcome in E2 and E3, 0 to below 1. Above 0, E2 is judged within sites.
    calibration : int
        Unlabelled patients of a new site that every remedy gets in E3.
    resamples : int
        Of the bootstrap.
    seed : int
        Of everything.
    """

    remedies: str = "all"
    experiments: tuple[str, ...] = EXPERIMENTS
    assignments: int = 20
    kappa: float = 0.0
    calibration: int = 20
    resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        problems = [
            Problem("--experiments", f"unknown {name!r}", "", nearest(name, EXPERIMENTS))
            for name in self.experiments
            if name not in EXPERIMENTS
        ]
        if not 0.0 <= self.kappa < 1.0:
            problems.append(Problem("--kappa", f"{self.kappa}", "0 to below 1"))
        if self.assignments < 2:
            problems.append(Problem("--assignments", f"{self.assignments}", "2 or more, 20 for a result"))
        if self.calibration < min(SWEEP):
            problems.append(Problem("--calibration", f"{self.calibration}", f"{min(SWEEP)} patients or more"))
        if problems:
            raise DataError.of(problems)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of calibration patients that E3 tries."""
        return tuple(sorted({*SWEEP, self.calibration}))
