"""What remedies that learn from perturbations need."""

from __future__ import annotations

from robustrad.drift.remedies.base import Copies, NotApplicableError, Training


def require_copies(training: Training) -> Copies:
    """Return the perturbed copies; NotApplicableError if there is none to learn from."""
    if training.copies is None or not training.copies.factors:
        raise NotApplicableError("perturbed copies", "no factor is left to learn from", "one factor or more")
    return training.copies
