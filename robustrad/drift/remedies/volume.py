"""Volume adjustment: what volume explains is taken out of every feature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robustrad.drift.remedies.base import FittedRemedy, Floats, NotApplicableError, Remedy, Rows, Training


class VolumeAdjustment(Remedy):
    """Subtract the straight line on log volume, fitted on the training rows."""

    @property
    def name(self) -> str:
        return "volume_adjustment"

    def fit(self, training: Training) -> FittedRemedy:
        """Fit the lines by weighted least squares."""
        volume = training.rows.volume
        if volume is None:
            raise NotApplicableError(
                "volume_adjustment", "no volume", "original_shape_MeshVolume or VoxelVolume"
            )
        _complete(volume)
        log = np.log(volume)
        weights = training.weights / training.weights.sum()
        middle = float(weights @ log)
        spread = float(weights @ (log - middle) ** 2)
        if spread <= 1e-12:
            raise NotApplicableError("volume_adjustment", "all volumes are equal", "volumes that differ")
        centered = training.rows.X - weights @ training.rows.X
        return _Fitted(middle, (weights * (log - middle)) @ centered / spread)


def _complete(volume: Floats) -> None:
    missing = int((~np.isfinite(volume)).sum())
    if missing:
        found = f"no volume in {missing} of {volume.size} rows"
        raise NotApplicableError("volume_adjustment", found, "a volume of every patient")


@dataclass(frozen=True)
class _Fitted(FittedRemedy):
    middle: float
    slope: Floats

    def transform(self, rows: Rows) -> Rows:
        if rows.volume is None:
            raise NotApplicableError("volume_adjustment", "no volume of a patient", "a volume in every row")
        _complete(rows.volume)
        return rows.with_values(rows.X - np.outer(np.log(rows.volume) - self.middle, self.slope))

    def parameters(self) -> tuple[Floats, ...]:
        return np.array([self.middle]), self.slope
