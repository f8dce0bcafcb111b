"""Study folders for the report's tests: simulated studies, written as sweep and analyses write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustrad.drift.evaluate.writer import REMEDIES
from robustrad.drift.sites.survival_tables import SURVIVAL_REMEDIES, named_for_c
from robustrad.report.command import stability_command
from tests.stability.cohort import cohort

NASTY = ("P<0>&_1 %", "Q\"uote's", "\u0633\u0631\u0637\u0627\u0646", "\u80bf\u7624", "$x^2$ {y} ~ \\z #1")
NASTY_REMEDY = "mine_<50%&{1}"
KINDS = {
    "noise": ("gaussian_noise", "sd"),
    "blur": ("gaussian_blur", "fwhm_mm"),
    "volume": ("volume_change", "fraction"),
}
PARAMETERS = {
    "setting": {"resampledPixelSpacing": [4, 4, 4], "interpolator": "sitkBSpline", "binWidth": 0.25},
    "imageType": {"Original": {}, "Wavelet": {}},
    "featureClass": {"firstorder": [], "shape": [], "glcm": []},
}
VERSIONS = {"python": "3.11", "robustrad": "0.1.0", "numpy": "2.4", "pyradiomics-bhklab": "3.1.4"}


def study(
    folder: Path,
    *,
    n: int = 24,
    factors: dict | None = None,
    analyzed: bool = True,
    seed: int = 0,
    nasty: bool = False,
    image_types: tuple[str, ...] = ("original",),
) -> Path:
    """Write a finished study with measured strength; ``nasty`` gives cases and levels difficult names."""
    features, conditions = cohort(n, factors=factors, seed=seed, image_types=image_types)
    names = sorted(features["case_id"].unique())
    if nasty:
        names_of = dict(zip(names, NASTY, strict=False))
        features["case_id"] = features["case_id"].replace(names_of)
        names = [names_of.get(name, name) for name in names]
    strong = features["severity"].fillna(0.0).to_numpy()
    features.insert(9, "strength_sd_difference", np.where(features["factor"].eq("noise"), 0.1 * strong, 0.0))
    features.insert(10, "strength_dice", np.where(features["factor"].eq("volume"), 1 - 0.05 * strong, 1.0))
    folder.mkdir(parents=True, exist_ok=True)
    features.to_parquet(folder / "features.parquet", index=False)
    conditions.assign(fingerprint="0123").to_csv(folder / "conditions.csv", index=False)
    rng = np.random.default_rng(1)
    cases = pd.DataFrame(
        {"case_id": names, "image": "i.nii", "mask": "m.nii", "patient": names, "modality": "PT"}
    )
    cases["age"] = rng.normal(60, 8, len(names)).round(1)
    cases["outcome"] = np.arange(len(names)) % 2
    cases.to_csv(folder / "cases.csv", index=False)
    (folder / "study.json").write_text(json.dumps(record(conditions), ensure_ascii=False), encoding="utf-8")
    if analyzed:
        stability_command(folder)
    return folder


def record(conditions: pd.DataFrame) -> dict[str, object]:
    """What ``study.json`` would say."""
    factors: dict[str, dict[str, object]] = {}
    perturbed = conditions[conditions["factor"].ne("reference")].drop_duplicates(["factor", "level"])
    for row in perturbed.to_dict("records"):
        kind, parameter = KINDS.get(row["factor"], ("other", "amount"))
        factor = factors.setdefault(row["factor"], {"role": row["role"], "draws": 1, "levels": {}})
        level = {"version": 1, "kind": kind, parameter: 2.0, "severity": _none(row["severity"]), "sign": None}
        factor["levels"][row["level"]] = level  # type: ignore[index]
    protocol = {
        "name": "test",
        "modality": "PT",
        "design": "one_at_a_time",
        "min_voxels": 64,
        "parameters": PARAMETERS,
        "factors": factors,
    }
    engine = {"name": "pyradiomics", "definition": "pyradiomics-3/grid-1"}
    return {"schema": 1, "protocol": protocol, "seed": 7, "engine": engine, "versions": VERSIONS}


def _none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def add_drift(folder: Path) -> Path:
    """Write the tables of a drift run and a comparison of remedies, as their contract says, made by hand."""
    out = folder / "drift"
    out.mkdir(exist_ok=True)
    levels = [
        ("reference", "reference", "reference", 0.0),
        ("noise", "mild", "acquisition", 1.0),
        ("noise", "strong", "acquisition", 3.0),
        ("volume", "plus10", "delineation", 1.0),
    ]
    deltas, verdicts = (0.0, -0.01, -0.21, -0.02), ("", "robust", "drifts", "inconclusive")
    rows = []
    for (factor, level, role, severity), delta, verdict in zip(levels, deltas, verdicts, strict=True):
        known = {"delta_low_band": delta - 0.04, "delta_high_band": delta + 0.04} if verdict else {}
        rows.append(
            {
                "arm": "reference",
                "model": "logistic",
                "train": "reference",
                "condition": level,
                "factor": factor,
                "level": level,
                "role": role,
                "severity": severity,
                "sign": None,
                "draws": 1,
                "n": 24,
                "n_positive": 12,
                "n_dropped": 0,
                "auc": 0.81 + delta,
                "auc_low": 0.7 + delta,
                "auc_high": 0.9 + delta,
                "delta": delta,
                "delta_low_band": None,
                "delta_high_band": None,
                **known,
                "interval_note": "conditional on these fits",
                "brier": 0.2,
                "citl": 0.1,
                "slope": 0.9,
                "flips": 2,
                "flip_rate": 1 / 12,
                "flips_up": 1,
                "flips_down": 1,
                "score_icc_a_1": 0.9,
                "verdict": verdict,
                "status": "ok",
            }
        )
    pd.DataFrame(rows).to_csv(out / "drift.csv", index=False)
    pd.DataFrame(
        [
            {
                "arm": "reference",
                "model": "logistic",
                "train": "reference",
                "factor": "noise",
                "role": "acquisition",
                "first_not_robust": 3.0,
                "first_drifts": 3.0,
                "direction_monotone": True,
                "smallest_margin": 0.04,
                "margin": 0.05,
                "sentence": "noise: breaks down at severity 3.",
                "status": "ok",
            },
        ]
    ).to_csv(out / "breakdown.csv", index=False)
    pd.DataFrame(
        [
            {
                "check": "permutation",
                "subject": "logistic",
                "value": 0.81,
                "low": None,
                "high": None,
                "p": 0.01,
                "n": 99,
                "status": "PASS",
                "text": "logistic beats permuted labels, p = 0.01.",
            },
            {
                "check": "beats_volume",
                "subject": "logistic",
                "value": 0.1,
                "low": -0.05,
                "high": 0.25,
                "p": None,
                "n": 24,
                "status": "WARN",
                "text": "logistic does not beat volume alone: 0.81 against 0.71.",
            },
        ]
    ).to_csv(out / "safeguards.csv", index=False)
    pd.DataFrame(
        {
            "part": ["precondition", "isolated", "effect"],
            "check": ["n_per_batch", "original_glcm_Contrast", "batch_classifier:linear"],
            "arm": ["", "", "harmonized"],
            "value": [24.0, 1.0, 0.52],
            "expected": [None, 0.0, 0.5],
            "n": [48, 25, 48],
            "status": ["PASS", "WARN", "PASS"],
            "text": ["24 patients in the smallest batch.", "constant within a batch.", "At chance."],
        }
    ).to_csv(out / "harmonization.csv", index=False)
    rng = np.random.default_rng(0)
    reference = rng.uniform(0.1, 0.9, 24)
    pd.DataFrame(
        {
            "arm": "reference",
            "model": "logistic",
            "train": "reference",
            "subject": [f"P{i}" for i in range(24)],
            "outcome": np.arange(24) % 2,
            "score_reference": reference,
            "score_mean": reference,
            "score_sd": 0.05,
            "score_min": reference - 0.1,
            "score_max": reference + 0.1,
            "max_abs_dp": 0.1,
            "unanimous": True,
        }
    ).to_csv(out / "patients.csv", index=False)
    pd.DataFrame(
        [
            {
                "model": "logistic",
                "train": a,
                "test": b,
                "factor_train": a,
                "factor_test": b,
                "auc": 0.7 + 0.1 * (a == b),
                "delta": 0.0,
                "n": 24,
            }
            for a in ("reference", "noise=mild")
            for b in ("reference", "noise=mild")
        ]
    ).to_csv(out / "matrix.csv", index=False)
    for name, frame in zip(REMEDIES, remedies_of("AUC"), strict=True):
        frame.to_csv(out / f"{name}.csv", index=False)
    head = {
        "outcome": "outcome",
        "options": ["--outcome", "outcome", "--batch", "the site", "--matrix"],
        "n": 24,
        "n_patients": 24,
        "prevalence": 0.5,
        "margin": 0.05,
        "models": ["logistic"],
    }
    (out / "drift.json").write_text(json.dumps({**head, "seed": 0, "warnings": [], "sentences": []}))
    return folder


class Remedies(NamedTuple):
    """The tables of a comparison of remedies."""

    remedies: pd.DataFrame
    sweep: pd.DataFrame
    needs: pd.DataFrame


def remedies_of(measure: str, *, best: float = 0.76, name: str = "icc_filter_0.9") -> Remedies:
    """A comparison of remedies: a new site with a drift, the same patients elsewhere, and no signal."""
    found = ((name, 1, best, 0.76), ("combat", 2, 0.7, 0.48), ("none", 3, 0.6, None))
    rows: list[dict[str, object]] = []
    for experiment in ("E1 paired", "E3 new site", "E4 null"):
        for remedy, rank, after, recovery in found:
            share = (
                {} if recovery is None else {"recovery_low": recovery - 0.2, "recovery_high": recovery + 0.2}
            )
            row: dict[str, object] = {
                "experiment": experiment, "remedy": remedy, "scope": "unseen", "rank": rank,
                "auc_reference": 0.81, "auc_before": 0.6, "auc_after": after, "auc_after_low": after - 0.1,
                "auc_after_high": after + 0.1, "left_to_lose": 0.81 - after, "left_to_lose_low": 0.71 - after,
                "left_to_lose_high": 0.91 - after, "recovery": recovery, **share, "recovery_status": "ok",
                "agreement": 0.9 if experiment == "E1 paired" else None, "score_icc": 0.8, "citl": 0.0,
                "slope": 1.0, "batch_effect_share": 0.1, "batch_classifier": 0.55, "spearman_volume": -0.31,
                "cost_patients": 20 if remedy == "combat" else 0, "cost_copies": 0, "cost_seconds": 1.234,
                "features_lost": 3.5 if rank == 1 else 0.0, "status": "ok",
                "sentence": f"{experiment}: {remedy} has {measure} {after:.2f}.",
            }  # fmt: skip
            rows.append(row)
            if rank == 1:
                rows.append(row | {"scope": "seen", "rank": None, "auc_after": 0.79})
    for row in rows:
        if row["experiment"] == "E4 null":
            row |= {"rank": None, "recovery_status": "no signal to recover"}
    refused = {
        "experiment": "E3 new site",
        "remedy": "zscore",
        "scope": "unseen",
        "status": "sites too small",
    }
    sweep = [
        {"experiment": "E3 new site", "remedy": remedy, "scope": "unseen", "calibration_patients": size,
         "auc_reference": 0.81, "auc_after": after, "auc_after_low": after - 0.1,
         "auc_after_high": after + 0.1,
         "drift_after": after - 0.81, "drift_after_low": after - 0.9, "drift_after_high": after - 0.7,
         "slope": 0.9, "citl": 0.1, "sites_judged": 40, "status": "ok"}
        for remedy, size, after in (("none", 0, 0.6), ("combat", 5, 0.65), ("combat", 20, 0.72))
    ]  # fmt: skip
    needs = [
        {"kind": "copies", "remedy": "test_time_averaging", "scope": "unseen", "factor": "noise",
         "level": level, "needed": needed, "tried": 5, "delta": -0.01, "delta_low": -0.04, "delta_high": 0.02,
         "delta_without": -0.06, "margin": 0.05, "score_icc": 0.8, "copies_for_score_icc": 3,
         "sentence": f"noise={level}: {told}.", "status": status}
        for level, needed, told, status in (
            ("mild", 1, f"a single prediction stays within 0.05 {measure}", "none needed"),
            ("strong", 4, f"the mean of 4 predictions stays within 0.05 {measure}", "ok"),
        )
    ]  # fmt: skip
    needs.append(
        {"kind": "calibration", "remedy": "combat", "scope": "unseen", "needed": 10, "tried": 20,
         "delta": -0.02, "delta_low": -0.045, "delta_high": 0.01, "delta_without": -0.21, "margin": 0.05,
         "status": "ok",
         "sentence": f"combat: 10 patients of a new site keep the loss within 0.05 {measure}."}
    )  # fmt: skip
    return Remedies(pd.DataFrame([*rows, refused]), pd.DataFrame(sweep), pd.DataFrame(needs))


def add_survival(folder: Path) -> Path:
    """Write what an analysis of time to event leaves, from simulated follow-up with finished risks."""
    from robustrad.audit.survival import survival_drift
    from tests.audit.test_survival import table

    out = folder / "drift"
    survival_drift(table(30), time="months", event="dead", score="risk", bootstraps=200, output=out)
    return folder


def add_survival_remedies(folder: Path) -> Path:
    """Write what a comparison of remedies for a time to event leaves, with a remedy of a difficult name."""
    made = remedies_of("C", best=0.72, name=NASTY_REMEDY)
    by_c = Remedies(named_for_c(_risks(made.remedies)), named_for_c(_risks(made.sweep)), made.needs)
    (folder / "drift").mkdir(exist_ok=True)
    for name, frame in zip(SURVIVAL_REMEDIES, by_c, strict=True):
        frame.to_csv(folder / "drift" / f"{name}.csv", index=False)
    return folder


def _risks(table: pd.DataFrame) -> pd.DataFrame:
    """Take the calibration out, which risks do not have."""
    return table.assign(citl=np.nan, slope=np.nan)
