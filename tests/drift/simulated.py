"""Simulated patients whose truth is known."""

from __future__ import annotations

import numpy as np

from robustrad.drift.data import DriftData, drift_data


def simulate(
    n: int = 60, *, k: int = 3, p: int = 12, signal: float = 1.5, shift: float = 0.0, noise: float = 0.3,
    seed: int = 0, **given: object,
) -> DriftData:  # fmt: skip
    """Two informative features, the others noise; condition j is shifted by j * shift with fresh noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    reference = rng.normal(size=(n, p))
    reference[:, :2] += signal * y[:, None]
    later = [reference + j * shift + noise * rng.normal(size=(n, p)) for j in range(1, k)]
    return drift_data(np.stack([reference, *later], axis=1), y, **given)
