"""Models for a binary outcome: everything that learns, learned from training rows alone."""

from robustrad.drift.models.fit import fit_model
from robustrad.drift.models.spec import FittedModel, ModelSpec, Tuned

__all__ = ["FittedModel", "ModelSpec", "Tuned", "fit_model"]
