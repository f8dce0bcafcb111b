"""A remedy as another package would bring it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robustrad.drift.remedies.base import FittedRemedy, Floats, Remedy, Rows, Training


class Clip(Remedy):
    """Clip every feature to the range of the training rows."""

    @property
    def name(self) -> str:
        return "clip"

    def fit(self, training: Training) -> FittedRemedy:
        return Fitted(training.rows.X.min(axis=0), training.rows.X.max(axis=0))


@dataclass(frozen=True)
class Fitted(FittedRemedy):
    low: Floats
    high: Floats

    def transform(self, rows: Rows) -> Rows:
        return rows.with_values(np.clip(rows.X, self.low, self.high))

    def parameters(self) -> tuple[Floats, ...]:
        return self.low, self.high
