"""Keek 2020: four centers, each held out in turn and harmonized by ``calibrate``, with site classifiers.

``python -m bench.keek2020`` needs the folder of the real data (``ROBUSTRAD_DATA``). The published table was
z-scored over all centers together, so that no center's location or scale is its own any more.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from robustrad.drift.metrics.calibration import calibration_in_the_large
from robustrad.drift.metrics.delong import auc_interval, delong
from robustrad.drift.models import ModelSpec, fit_model
from robustrad.harmonize.calibration import calibration_rows
from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.effect import harmonization_effect
from robustrad.harmonize.errors import HarmonizationWarning

DRAWS = 10


def read(folder: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return features, target and center."""
    table = pd.read_csv(folder / "tables" / "keek2020" / "features.csv.gz")
    center = table["ID"].str.extract(r"^([A-Za-z]+?)\d", expand=False).to_numpy(dtype=str)
    return table.drop(columns=["ID", "Target"]), table["Target"].to_numpy(dtype=np.intp), center


def hold_out(
    X: np.ndarray, y: np.ndarray, center: np.ndarray, held: str, *, model: str, n_calibration: int, seed: int
) -> list[dict[str, object]]:
    """Train on three centers, calibrate the fourth on some unlabelled patients, judge by the others."""
    train, mine = center != held, np.flatnonzero(center == held)
    used = calibration_rows(mine, n_patients=n_calibration, seed=seed)
    judged = mine[~used]
    combat = ComBat(on_unseen="calibrate", n_calibration=n_calibration)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HarmonizationWarning)
        fitted = combat.fit(X[train], batch=center[train])
        known = fitted.calibrate(X[mine[used]], batch=center[mine[used]])
    even = known.transform(X[train], batch=center[train])
    arms = {
        "raw": (X[train], X[judged]),
        "calibrate": (even, known.transform(X[judged], batch=center[judged])),
        "passthrough": (even, X[judged]),
    }
    rows = []
    for arm, (inner, outer) in arms.items():
        fit = fit_model(ModelSpec(model), inner, y[train], np.arange(int(train.sum())), seed=seed)
        p = fit.probability(outer)
        result = delong(y[judged], p)
        limits = auc_interval(result, scale="logit")
        rows.append(
            {
                "held_out": held, "model": model, "arm": arm, "n_calibration": n_calibration,
                "n": judged.size, "positive": int(y[judged].sum()), "seed": seed,
                "auc": result.auc[0], "low": limits.low[0], "high": limits.high[0],
                "citl": calibration_in_the_large(y[judged], p)[0],
            }
        )  # fmt: skip
    return rows


def leave_one_center_out(
    X: np.ndarray, y: np.ndarray, center: np.ndarray, *, models: tuple[str, ...] = ("logistic",),
    draws: int = DRAWS,
) -> pd.DataFrame:  # fmt: skip
    """Return one row per held-out center, model, arm, number of calibration patients and draw of them."""
    rows = []
    for held in np.unique(center):
        for model in models:
            for n_calibration in (10, 20):
                for seed in range(draws):
                    rows += hold_out(
                        X, y, center, str(held), model=model, n_calibration=n_calibration, seed=seed
                    )
    return pd.DataFrame(rows)


def main() -> None:
    """Print both tables."""
    features, y, center = read(Path(os.environ.get("ROBUSTRAD_DATA", "../shared/data")))
    X = features.to_numpy(dtype=np.float64)
    table = leave_one_center_out(X, y, center)
    by = ["held_out", "model", "n_calibration", "n", "arm"]
    print(table.groupby(by)[["positive", "auc", "low", "high", "citl"]].mean().round(3).to_string())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HarmonizationWarning)
        effect = harmonization_effect(features, batch=center, combat=ComBat(), outcome=y)
    print(effect.round(3).to_string())


if __name__ == "__main__":
    main()
