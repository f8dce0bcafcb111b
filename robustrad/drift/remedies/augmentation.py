"""Augmentation: train on perturbed copies as well."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from robustrad.drift.remedies.base import PERTURBATIONS, FittedRemedy, Remedy, Rows, Training
from robustrad.drift.remedies.copies import require_copies


class Augmentation(Remedy):
    """Add the copies of the home site's training patients, each lesion's rows weighted 1/k.

    A patient's rows stay one group, so that tuning never sees a copy of a patient it is judged on.
    """

    learns_from: ClassVar[frozenset[str]] = frozenset({PERTURBATIONS})

    @property
    def name(self) -> str:
        return "augmentation"

    def fit(self, training: Training) -> FittedRemedy:
        """Learn nothing: the model does."""
        require_copies(training)
        return _Fitted()


@dataclass(frozen=True)
class _Fitted(FittedRemedy):
    def training(self, training: Training) -> Training:
        copies = require_copies(training)
        there = np.isfinite(copies.values).all(axis=2) & copies.own[:, None]
        patient, copy = np.nonzero(there)
        share = training.weights / (1 + there.sum(axis=1))
        rows, volume = training.rows, None
        if rows.volume is not None and copies.volume is not None:
            volume = np.concatenate([rows.volume, copies.volume[patient, copy]])
        labels = np.array(copies.sites)[copy]
        more = Rows(
            np.concatenate([rows.X, copies.values[patient, copy]]),
            np.concatenate([rows.batch, labels]),
            volume,
        )
        return replace(
            training,
            rows=more,
            y=np.concatenate([training.y, training.y[patient]]),
            groups=np.concatenate([training.groups, training.groups[patient]]),
            weights=np.concatenate([share, share[patient]]),
        )
