"""Feature tables and study folders with an outcome, as users bring them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

FEATURES = (
    "original_shape_MeshVolume",
    "original_firstorder_Mean",
    "original_glcm_Contrast",
    "original_glcm_Idm",
)
LEVELS = (("reference", "reference", 0.0), ("blur", "2mm", 1.0), ("blur", "4mm", 2.0))


def subjects(n: int = 40, seed: int = 0) -> pd.DataFrame:
    """Cases with outcome, site, age and sex."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "case_id": [f"case{i:03d}" for i in range(n)],
            "relapse": np.arange(n) % 2,
            "site": np.where(np.arange(n) % 4 < 2, "north", "south"),
            "age": rng.uniform(40, 80, n).round(),
            "sex": np.where(rng.random(n) < 0.5, "f", "m"),
        }
    )


def features(cases: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """One row per case and condition; the contrast knows the outcome and fades with blur."""
    rng = np.random.default_rng(seed)
    n = len(cases)
    base = rng.normal(size=(n, len(FEATURES)))
    base[:, 0] = np.exp(9.0 + base[:, 0])
    base[:, 2] += 1.8 * cases["relapse"].to_numpy(dtype=float)
    rows = []
    for factor, level, severity in LEVELS:
        values = base + 0.1 * severity * rng.normal(size=base.shape)
        values[:, 0] = base[:, 0]
        frame = pd.DataFrame(values, columns=list(FEATURES))
        name = "reference" if factor == "reference" else f"{factor}={level}"
        about = {
            "case_id": cases["case_id"].tolist(), "condition": name, "factor": factor, "level": level,
            "severity": severity, "sign": np.nan, "draw": 0, "status": "ok", "reason": "",
        }  # fmt: skip
        rows.append(pd.concat([pd.DataFrame(about), frame], axis=1))
    return pd.concat(rows, ignore_index=True)


def write_study(folder: Path, cases: pd.DataFrame, table: pd.DataFrame, *, modality: str = "PT") -> Path:
    """Write what drift reads of a study."""
    folder.mkdir(parents=True)
    table.to_parquet(folder / "features.parquet")
    columns = ["condition", "factor", "level", "severity", "sign", "draw"]
    roles = {"reference": None, "blur": "acquisition"}
    conditions = table[columns].drop_duplicates()
    conditions.assign(role=conditions["factor"].map(roles)).to_csv(folder / "conditions.csv", index=False)
    cases.to_csv(folder / "cases.csv", index=False)
    (folder / "study.json").write_text(json.dumps({"protocol": {"modality": modality}}))
    return folder


def plain_table(n: int = 40, seed: int = 0) -> pd.DataFrame:
    """One row per case without conditions; ``a`` knows the outcome ``y``, ``b`` and ``c`` do not."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return pd.DataFrame(
        {
            "case_id": [f"case{i:03d}" for i in range(n)],
            "y": y,
            "site": np.where(np.arange(n) % 4 < 2, "north", "south"),
            "a": rng.normal(size=n) + 1.5 * y,
            "b": rng.normal(size=n),
            "c": rng.normal(size=n),
        }
    )
