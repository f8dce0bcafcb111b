"""All remedies on 200 patients x 60 conditions x 1,100 features: E1 and E2 with 20 assignments, timed.

    python bench/remedies.py [-j 2] [--patients 200] [--features 1100] [--experiments e1,e2]

Prints seconds in all and for each experiment. The target is 25 minutes on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from robustrad.drift.data import drift_data
from robustrad.drift.folds import outer_folds
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.sites.run import compare_remedies
from robustrad.drift.sites.settings import RemedySettings
from robustrad.stability.observations import CONDITION_COLUMNS

FACTORS = {
    "noise": (3, 5),
    "blur": (4, 1),
    "dose": (3, 5),
    "kernel": (4, 1),
    "contour": (3, 5),
    "volume": (6, 1),
}


def conditions() -> pd.DataFrame:
    """59 perturbed conditions of six factors, and the reference."""
    rows = [("reference", "reference", "reference", None, 0.0, np.nan, 0.0)]
    for factor, (levels, draws) in FACTORS.items():
        role = "delineation" if factor in {"contour", "volume"} else "acquisition"
        for level in range(1, levels + 1):
            for draw in range(1, draws + 1):
                name = f"{factor}={level}" + (f"/{draw}" if draws > 1 else "")
                rows.append((name, factor, str(level), role, float(level), np.nan, float(draw)))
    return pd.DataFrame(rows, columns=list(CONDITION_COLUMNS))


def features(n: int, p: int, table: pd.DataFrame, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Correlated, skewed features as radiomics has them; shifted, scaled and blurred by the conditions."""
    y = rng.permutation(np.arange(n) < round(0.45 * n)).astype(int)
    latent = rng.normal(size=(n, 40))
    latent[:, :4] += 0.8 * y[:, None]
    base = latent @ rng.normal(size=(40, p)) / 4 + 0.7 * rng.normal(size=(n, p))
    values = np.empty((n, len(table), p))
    for j, row in enumerate(table.itertuples()):
        s = 0.0 if row.factor == "reference" else float(row.severity)
        shift = 0.15 * s * rng.normal(size=p)
        values[:, j] = base * (1 + 0.05 * s) + shift + 0.15 * s * rng.normal(size=(n, p))
    return np.exp(values / 3), y


def main() -> None:
    """Time the experiments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--features", type=int, default=1100)
    parser.add_argument("--assignments", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--experiments", default="e1,e2")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    table = conditions()
    values, y = features(options.patients, options.features, table, rng)
    data = drift_data(values, y, conditions=table, volume=np.exp(rng.normal(10, 1, options.patients)))
    folds = outer_folds(data, repeats=options.repeats, seed=0)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for name in options.experiments.split(","):
            begun = time.perf_counter()
            settings = RemedySettings(experiments=(name,), assignments=options.assignments)
            tables = compare_remedies(
                data, folds, ModelSpec(), settings, margin=0.05, folder=Path(folder), jobs=options.j
            )
            print(f"{name}: {time.perf_counter() - begun:.0f} s, {len(tables.remedies)} rows", flush=True)
    print(f"all: {time.perf_counter() - started:.0f} s on {options.j} processes, {len(table)} conditions")


if __name__ == "__main__":
    main()
