"""No signal, and prevalence that differs by site: the run warns, and no arm claims a signal."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from robustrad.audit.safeguards.run import run_safeguards
from robustrad.drift.arms import Arm
from robustrad.drift.crossval import cross_validate
from robustrad.drift.data import DriftData, drift_data
from robustrad.drift.evaluate.inputs import Settings
from robustrad.drift.folds import outer_folds
from robustrad.drift.models import ModelSpec
from robustrad.drift.permutation import permuted_auc

RUNS = 30
SPEC = ModelSpec("logistic", n_features=3)
SETTINGS = Settings(resamples=300, seed=0)


def confounded(seed: int, n: int = 90) -> DriftData:
    """Three sites that shift every feature and differ in prevalence; within a site nothing predicts."""
    rng = np.random.default_rng(seed)
    site = np.repeat([0, 1, 2], n // 3)
    y = (rng.random(n) < np.array([0.25, 0.5, 0.75])[site]).astype(int)
    X = rng.normal(size=(n, 8)) + np.array([0.0, 1.0, 2.0])[site][:, None]
    return drift_data(X, y, batch=np.array(["A", "B", "C"])[site], volume=rng.lognormal(size=n))


def judged(seed: int) -> tuple[tuple[float, float], dict[str, str]]:
    """AUC over all patients and within sites, and what the safeguards say."""
    data = confounded(seed)
    folds = outer_folds(data, n_splits=5, repeats=1, seed=seed)
    scored = cross_validate(data, SPEC, folds, arm=Arm("reference", "logistic", "reference", seed))
    permuted = {"logistic": permuted_auc(data, SPEC, 19, seed)}
    table = run_safeguards([scored], data, permuted, SETTINGS).table.set_index("check")
    area = table.loc["beats_batch", "value"] + table.loc["batch_only", "value"]
    said = {**table["status"], "warning": table.loc["outcome_prevalence", "text"]}
    return (area, table.loc["auc_within_batch", "value"]), said


@pytest.mark.slow
def test_with_prevalence_by_site_and_no_signal_the_run_warns_and_nothing_claims_a_signal() -> None:
    found = [judged(seed) for seed in range(RUNS)]
    claims = np.array([[row["permutation"], row["beats_batch"], row["auc_within_batch"]] for _, row in found])
    areas = np.array([area for area, _ in found])
    assert np.mean([row["outcome_prevalence"] == "WARN" for _, row in found]) >= 0.95
    assert np.mean(["site itself predicts" in row["warning"] for _, row in found]) >= 0.95
    assert areas[:, 0].mean() > 0.6  # without the safeguards this would pass for a radiomic model
    assert areas[:, 1].mean() == pytest.approx(0.5, abs=0.04)
    assert (claims[:, 0] == "PASS").sum() <= binom.ppf(0.999, RUNS, 0.05)
    assert not (claims == "PASS").all(axis=1).any()
