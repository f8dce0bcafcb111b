"""What remedies that learn from perturbations need."""

from __future__ import annotations

from robustrad.drift.remedies.base import Copies, NotApplicable, Training


def require_copies(training: Training) -> Copies:
    """Return the perturbed copies; NotApplicable if there is none to learn from."""
    if training.copies is None or not training.copies.factors:
        raise NotApplicable("perturbed copies", "no factor is left to learn from", "one factor or more")
    return training.copies
