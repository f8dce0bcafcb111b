"""Features with a planted site effect, as arrays: fast enough for many seeds.

Not the demo cohort: the effects are planted in the features themselves, so that it is known what a shift and
a scale per site can undo (``calibration``) and what it cannot: ``noise`` that raises the fragile half of the
features, by what the patient's own noise is; ``psf``: the fragile half loses contrast, by an amount that
differs from patient to patient, and takes on something else that the patient has.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustrad.drift.data import DriftData, drift_data
from robustrad.stability.observations import CONDITION_COLUMNS

FRAGILE = 0.5  # share of the features


def conditions(factors: dict[str, tuple[int, int]], role: str = "acquisition") -> pd.DataFrame:
    """Factors by name with their numbers of levels and draws."""
    rows = [("reference", "reference", "reference", None, 0.0, np.nan, 0.0)]
    for factor, (levels, draws) in factors.items():
        for level in range(1, levels + 1):
            for draw in range(1, draws + 1):
                name = f"{factor}={level}" + (f"/{draw}" if draws > 1 else "")
                rows.append((name, factor, str(level), role, float(level), np.nan, float(draw)))
    return pd.DataFrame(rows, columns=list(CONDITION_COLUMNS))


def cohort(
    effect: str,
    *,
    seed: int,
    n: int = 120,
    p: int = 24,
    factors: dict[str, tuple[int, int]] | None = None,
    signal: float = 0.75,
    strength: float = 1.0,
) -> DriftData:
    """Return a cohort whose outcome shifts the first six features: three fragile, three sturdy."""
    rng = np.random.default_rng([seed, 17])
    table = conditions({"a": (2, 1), "b": (2, 1)} if factors is None else factors)
    y = rng.permutation(np.arange(n) < round(0.45 * n)).astype(int)
    fragile = np.arange(p) % 2 == 0
    base = rng.normal(size=(n, p))
    base[:, :6] += signal * (y[:, None] - 0.45)
    values = np.repeat(base[:, None], len(table), axis=1)
    for j, severity in enumerate(table["severity"]):
        if table["factor"][j] == "reference":
            continue
        values[:, j] = _perturbed(effect, base, fragile, severity * strength, rng)
    return drift_data(values, y, conditions=table, volume=np.exp(rng.normal(10, 1, n)))


def _perturbed(
    effect: str,
    base: NDArray[np.float64],
    fragile: NDArray[np.bool_],
    severity: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    n, p = base.shape
    if effect == "none":
        return base.copy()
    if effect == "calibration":
        # Every feature of a site is off by the same large step, up or down: a gain and an offset.
        return base * (1 + 0.15 * severity) + severity * rng.choice([-1.5, 1.5], size=p)
    if effect == "noise":
        # How noisy a scan is differs from patient to patient, and moves all fragile features together.
        level = np.exp(0.8 * np.clip(rng.normal(size=(n, 1)), -2, 2))
        return base + fragile * severity * (4.0 * level + 0.7 * rng.normal(size=(n, p)))
    if effect == "psf":
        lost = rng.uniform(0.5, 1.0, size=(n, 1))
        other = 1.5 * severity * rng.normal(size=(n, 1))
        return np.where(fragile, (1 - lost) * base + lost * other, base)
    raise ValueError(effect)
