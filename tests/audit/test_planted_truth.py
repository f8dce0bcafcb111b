"""The built-in cohort, 300 patients: what was planted is found, and what was not is not claimed."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import robustrad as rr
from robustrad.audit.drift import drift
from robustrad.demo.cohort import cohort
from robustrad.drift.folds import deal
from robustrad.drift.metrics.calibration import brier
from robustrad.drift.metrics.delong import delong
from robustrad.drift.models import ModelSpec, fit_model
from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.errors import HarmonizationWarning
from robustrad.stability.components import decompose
from robustrad.stability.harmonizable import harmonizable_share
from robustrad.stability.icc import icc

pytestmark = pytest.mark.slow

N, SEED = 300, 7
BLUR = """
name: planted
modality: PT
about: Resolution.
extraction: quick
design: one_at_a_time
factors:
  blur: {kind: gaussian_blur, role: acquisition, levels: {LEVELS}}
"""
STRONG = "{4mm: {fwhm_mm: 4, severity: 1}, 16mm: {fwhm_mm: 16, severity: 2}}"
WEAK = "{1mm: {fwhm_mm: 1, severity: 1}}"


def swept(folder, effect):
    """Return the study of a cohort; only the one without a site effect is blurred much."""
    protocol = folder / f"{effect}.yaml"
    protocol.write_text(BLUR.replace("{LEVELS}", STRONG if effect is None else WEAK))
    table = cohort(N, site_effect=effect, seed=SEED).write(folder / f"{effect}_images")
    return rr.sweep(rr.load_cases(table), folder / f"{effect}", protocol=str(protocol), jobs=2).folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("planted")


@pytest.fixture(scope="module")
def plain(folder):
    return swept(folder, None)


def run(study, outcome):
    truth = cohort(N, outcome=outcome, seed=SEED).truth
    return drift(study, outcome="outcome", cases=truth, permutations=19, repeats=3, bootstraps=500, jobs=2)


def test_texture_beats_volume_and_drifts_when_the_resolution_falls(plain):
    tables = run(plain, "texture").tables
    checks = tables.safeguards.set_index("check")
    assert checks.loc["beats_volume", "status"] == "PASS"
    assert checks.loc["permutation", "status"] == "PASS"
    assert abs(checks.loc["score_volume", "value"]) < 0.3
    rows = tables.drift[tables.drift["arm"] == "reference"].set_index("level")
    assert rows.loc["4mm", "verdict"] in {"robust", "small loss"}
    assert rows.loc["16mm", "verdict"] == "drifts"
    assert rows.loc["16mm", "delta"] < -0.08


def test_a_model_that_is_volume_is_called_a_surrogate_and_does_not_drift(plain):
    found = run(plain, "volume")
    assert any("the model is a surrogate of volume" in sentence.text for sentence in found.sentences)
    rows = found.tables.drift[found.tables.drift["arm"] == "reference"].set_index("level")
    assert rows.loc["16mm", "verdict"] in {"robust", "small loss"}
    assert found.tables.safeguards.set_index("check").loc["score_volume", "value"] > 0.9


def reference_rows(study):
    frame = pd.read_parquet(study / "features.parquet")
    frame = frame[frame["condition"] == "reference"].sort_values("case_id")
    return frame.filter(like="original_").to_numpy(dtype=np.float64)


def judge_site(plain, study, effect):
    """Harmonizable share, agreement, AUC and Brier score of the mix, raw and with ComBat, out of fold."""
    truth = cohort(N, site_effect=effect, seed=SEED).truth
    y, site = truth["outcome"].to_numpy(dtype=np.intp), truth["site"].to_numpy(dtype=str)
    at_a, mixed = reference_rows(plain), reference_rows(study)
    b = site == "B"
    pairs = np.stack([at_a[b], mixed[b]], axis=1)
    moved = np.abs(pairs[:, 1] - pairs[:, 0]).max(axis=0) > 1e-6 * pairs.std(axis=(0, 1))
    share = harmonizable_share(decompose(pairs[:, :, None]))[moved]
    found = {"share": float(np.median(share))}
    fold = deal(y, np.arange(N), n_splits=5, seed=("planted", effect), site=site)
    p = {"raw": np.empty(N), "combat": np.empty(N), "ideal": np.empty(N)}
    even = np.empty_like(mixed)
    for k in range(5):
        train, test = fold != k, fold == k
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HarmonizationWarning)
            combat = ComBat(ref_batch="A").fit(mixed[train], batch=site[train])
        even[test] = combat.transform(mixed[test], batch=site[test])
        own = train & ~b
        model = fit_model(ModelSpec(), mixed[own], y[own], np.arange(int(own.sum())), seed=k)
        for arm, values in (("raw", mixed), ("combat", even), ("ideal", at_a)):
            p[arm][test] = model.probability(values[test])
    for arm, values in (("raw", mixed), ("combat", even)):
        table = icc(np.stack([at_a[b], values[b]], axis=1)[:, :, moved])
        found[f"agreement_{arm}"] = float(table["icc_a_1"].median())
    for arm, scores in p.items():
        found[f"auc_{arm}"] = float(
            np.mean([delong(y[fold == k], scores[fold == k]).auc[0] for k in range(5)])
        )
        found[f"brier_{arm}"] = float(brier(y, scores)[0])
        found[f"bias_{arm}"] = float(scores[b].mean() - p["ideal"][b].mean())
    return found


def test_combat_repairs_a_calibration_of_the_scanner(plain, folder):
    found = judge_site(plain, swept(folder, "calibration"), "calibration")
    assert found["share"] > 0.8
    assert found["agreement_raw"] < 0.8
    assert found["agreement_combat"] > 0.95
    assert found["auc_combat"] - found["auc_raw"] > 0.5 * (found["auc_ideal"] - found["auc_raw"]) > 0
    assert found["brier_combat"] - found["brier_ideal"] < 0.3 * (found["brier_raw"] - found["brier_ideal"])
    assert abs(found["bias_combat"]) < 0.5 * abs(found["bias_raw"])


def test_combat_recovers_little_of_noise(plain, folder):
    found = judge_site(plain, swept(folder, "noise"), "noise")
    assert found["share"] < 0.3
    lost = 1.0 - found["agreement_raw"]
    assert found["agreement_combat"] - found["agreement_raw"] < 0.3 * lost
    assert found["auc_combat"] - found["auc_raw"] < 0.4 * (found["auc_ideal"] - found["auc_raw"])
