"""A simulated study with realistic feature names: what stability and report tests read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from robustrad.stability.table import stability_table

FEATURES = {
    "firstorder": ["Mean", "Median", "Entropy", "Energy", "Skewness", "Kurtosis", "90Percentile", "Range"],
    "shape": ["MeshVolume", "SurfaceArea", "Sphericity", "Maximum3DDiameter", "Elongation"],
    "glcm": ["Contrast", "Correlation", "JointEntropy", "Idm", "ClusterShade", "Autocorrelation"],
    "glrlm": ["RunEntropy", "ShortRunEmphasis", "LongRunHighGrayLevelEmphasis"],
    "glszm": ["ZoneEntropy", "LargeAreaEmphasis", "SmallAreaEmphasis"],
    "gldm": ["DependenceEntropy", "SmallDependenceEmphasis", "LargeDependenceEmphasis"],
    "ngtdm": ["Busyness", "Coarseness", "Strength"],
}
# How far a factor moves the features of a class, in SDs between cases.
CLASSES = ("firstorder", "shape", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
SENSITIVITY = dict(zip(CLASSES, (0.4, 0.0, 1.0, 0.9, 2.2, 1.1, 1.6), strict=True))
SHAPE_SENSITIVITY = dict(zip(CLASSES, (0.6, 1.0, 0.8, 0.8, 1.4, 0.9, 1.2), strict=True))

# factor: role, draws, [(level, severity, sign, bias in SD, noise in SD)]
Level = tuple[str, float | None, int | None, float, float]
FACTORS: dict[str, tuple[str, int, list[Level]]] = {
    "noise": (
        "acquisition",
        5,
        [("mild", 1, None, 0.05, 0.1), ("moderate", 2, None, 0.25, 0.25), ("strong", 3, None, 0.7, 0.4)],
    ),
    "blur": (
        "acquisition",
        1,
        [("2mm", 1, None, -0.1, 0.05), ("4mm", 2, None, -0.4, 0.12), ("6mm", 3, None, -0.9, 0.2)],
    ),
    "volume": (
        "delineation",
        1,
        [
            ("minus20", 2, -1, -0.3, 0.3),
            ("minus10", 1, -1, -0.12, 0.14),
            ("plus10", 1, 1, 0.1, 0.12),
            ("plus20", 2, 1, 0.25, 0.25),
        ],
    ),
    "subvoxel_shift": (
        "delineation",
        4,
        [("half", 1, None, 0.0, 0.12), ("quarter", 0.5, None, 0.0, 0.06)],
    ),
    "bin_width": (
        "definition",
        1,
        [
            ("0.25", None, None, 1.5, 0.1),
            ("0.5", None, None, 0.7, 0.05),
            ("1", None, None, -0.6, 0.06),
            ("2", None, None, -1.4, 0.2),
        ],
    ),
    "voxel_size": (
        "definition",
        1,
        [("3mm", None, None, 0.2, 0.08), ("5mm", None, None, -0.5, 0.25)],
    ),
}


def names(image_types: tuple[str, ...] = ("original",)) -> list[str]:
    """Feature names; shape only of the original image."""
    return [
        f"{image}_{group}_{feature}"
        for image in image_types
        for group, features in FEATURES.items()
        if group != "shape" or image == "original"
        for feature in features
    ]


def cohort(
    n: int = 34, *, seed: int = 0, image_types: tuple[str, ...] = ("original",), factors: dict | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return features (like features.parquet) and conditions (like conditions.csv) of a simulated study."""
    rng = np.random.default_rng(seed)
    features = names(image_types)
    groups = [name.split("_")[1] for name in features]
    p = len(features)
    signed = np.array([name.endswith(("Skewness", "ClusterShade")) for name in features])
    volume = rng.normal(size=(n, 1))
    # Features of one class share a latent texture, so that they cluster.
    latent = rng.normal(size=(n, len(FEATURES)))[:, [list(FEATURES).index(group) for group in groups]]
    truth = 0.5 * volume + 0.8 * latent + rng.normal(size=(n, p)) * rng.choice([0.1, 0.6], size=p)
    frames, rows = [], []

    def add(condition: str, described: tuple, values: np.ndarray) -> None:
        factor, level, role, severity, sign, draw = described
        rows.append((condition, factor, level, role, severity, sign, draw))
        shown = np.exp(0.3 * values) * 10 - signed * 10.0
        who = pd.DataFrame({"case_id": [f"P{i:03d}" for i in range(n)], "condition": condition})
        frames.append(pd.concat([who, pd.DataFrame(shown, columns=features)], axis=1))

    add("reference", ("reference", "reference", "reference", 0.0, None, 0), truth)
    for factor, (role, draws, levels) in (factors or FACTORS).items():
        table = SHAPE_SENSITIVITY if role == "delineation" or factor == "voxel_size" else SENSITIVITY
        strength = np.array([table[group] for group in groups])
        for level, severity, sign, bias, noise in levels:
            for draw in range(1, draws + 1) if draws > 1 else (0,):
                error = rng.normal(size=(n, p)) * noise + bias
                name = f"{factor}={level}" + (f"/{draw}" if draws > 1 else "")
                add(name, (factor, level, role, severity, sign, draw), truth + strength * error)
    conditions = pd.DataFrame(
        rows, columns=["condition", "factor", "level", "role", "severity", "sign", "draw"]
    )
    table = pd.concat(frames, ignore_index=True)
    table = table.merge(conditions.drop(columns="role"), on="condition", validate="many_to_one")
    table["status"], table["reason"] = "ok", ""
    table = table.sort_values(["case_id"], kind="stable", ignore_index=True)
    lead = ["case_id", "condition", "factor", "level", "severity", "sign", "draw", "status", "reason"]
    return table[[*lead, *features]], conditions


def roles(conditions: pd.DataFrame) -> dict[str, str]:
    """Return the role of each factor."""
    perturbed = conditions[conditions["factor"] != "reference"]
    return dict(zip(perturbed["factor"], perturbed["role"], strict=True))


def write_study(
    folder: Path, features: pd.DataFrame, conditions: pd.DataFrame, *, modality: str = "PT"
) -> Path:
    """Write a study folder as a sweep leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    features.to_parquet(folder / "features.parquet", index=False)
    conditions.to_csv(folder / "conditions.csv", index=False)
    (folder / "study.json").write_text(json.dumps({"protocol": {"modality": modality}}))
    return folder


@cache
def example() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return features, conditions and stability table of one simulated study (do not change them)."""
    features, conditions = cohort(24, image_types=("original", "wavelet-LLH"))
    return features, conditions, stability_table(features, roles=roles(conditions))
