"""Test-time averaging: predict several copies of the patient and average."""

from __future__ import annotations

from typing import ClassVar

from robustrad.drift.remedies.base import FittedRemedy, Remedy, Training


class Averaging(Remedy):
    """Average the model's predictions over the draws of a level.

    A study holds repeats of a perturbed image (its draws), not perturbations of it: the draws stand for
    repeated acquisitions. Levels without draws stay as they are.
    """

    averages_draws: ClassVar[bool] = True

    @property
    def name(self) -> str:
        return "test_time_averaging"

    def fit(self, training: Training) -> FittedRemedy:  # noqa: ARG002
        """Learn nothing."""
        return FittedRemedy()
