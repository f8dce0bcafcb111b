"""No remedy: what the others are compared with."""

from __future__ import annotations

from robustrad.drift.remedies.base import FittedRemedy, Remedy, Training


class Nothing(Remedy):
    """Use the features as they come."""

    @property
    def name(self) -> str:
        return "none"

    def fit(self, training: Training) -> FittedRemedy:  # noqa: ARG002
        """Learn nothing."""
        return FittedRemedy()
