"""Small follow-ups with ties and censoring, and simulated patients whose survival has a known cause."""

from __future__ import annotations

import numpy as np

from robustrad.drift.data import DriftData, drift_data
from robustrad.drift.survival.times import Survival

# fmt: off
TIME = np.array([11, 4, 4, 6, 11, 2, 3, 7, 3, 5, 5, 1, 1, 2, 8, 12, 12, 9, 12, 6, 7, 8, 5, 4], dtype=float)
EVENT = np.array([1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0], dtype=bool)
RISK = np.array([
    0.4, -0.7, -0.6, -2.6, 0.5, 1.5, 0.7, -3.0, -0.4, -0.1, -0.5, 1.0, -1.7, -0.7, 0.6, 1.0, 0.2, 1.1, 0.5,
    -1.1, 1.3, -0.5, -1.6, 0.4,
])
# fmt: on


def random_follow_up(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (tied for odd seeds), events and risks (rounded, hence tied) of 8 to 80 subjects."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 80))
    time = rng.integers(1, 15, n).astype(float) if seed % 2 else rng.exponential(size=n) + 0.01
    event = rng.random(n) < rng.uniform(0.2, 0.9)
    event[:2] = True
    return time, event, np.round(rng.normal(size=n), 1)


def simulated(
    n: int = 80, *, k: int = 3, p: int = 12, signal: float = 1.0, noise: float = 0.3, cause: str = "texture",
    seed: int = 0,
) -> tuple[DriftData, Survival]:  # fmt: skip
    """Exponential times whose hazard depends on feature 0 (texture) or on volume (feature 1); half censored.

    Condition j adds noise of j times ``noise`` to all features but the volume.
    """
    rng = np.random.default_rng(seed)
    reference = rng.normal(size=(n, p))
    volume = np.exp(reference[:, 1] + 3)
    reference[:, 1] = volume
    driver = reference[:, 0] if cause == "texture" else np.log(volume) - 3
    time = rng.exponential(size=n) * np.exp(-signal * driver) * 100 + 1
    censored = rng.exponential(size=n) * 150 + 1
    survival = Survival(np.minimum(time, censored), time <= censored)
    moved = np.ones(p)
    moved[1] = 0.0
    later = [reference + j * noise * moved * rng.normal(size=(n, p)) for j in range(1, k)]
    data = drift_data(np.stack([reference, *later], axis=1), survival.event, volume=volume)
    return data, survival
