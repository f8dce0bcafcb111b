"""Frozen risks of independent patients: limits of C and of its change cover what they claim."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import drift_data
from robustrad.drift.evaluate.inputs import Settings
from robustrad.drift.survival.evaluate import evaluate_survival
from robustrad.drift.survival.times import Survival
from tests.drift.evaluate.cohort import levels

RUNS, ALPHA = 1000, 0.05
NOISE = np.array([0.0, 0.5, 1.5])  # SD of what the levels add to the risk; the first is the reference
TOLERANCE = 3.0 * np.sqrt(ALPHA * (1.0 - ALPHA) / RUNS)


def followed(n: int, rng: np.random.Generator) -> tuple[Survival, np.ndarray]:
    """Exponential times with log hazard equal to the risk, independent exponential censoring (about 40 %)."""
    risk = rng.normal(size=n)
    time, leaves = rng.exponential(np.exp(-risk)), rng.exponential(1.5, n)
    scores = risk[:, None] + NOISE * rng.normal(size=(n, NOISE.size))
    return Survival(np.minimum(time, leaves), time <= leaves), scores


def true_c(rng: np.random.Generator, pairs: int = 2_000_000) -> np.ndarray:
    """Return the share of comparable pairs that the risk orders, from pairs of patients who share nothing."""
    (a, first), (b, second) = followed(pairs, rng), followed(pairs, rng)
    a_fails = a.event & (a.time < b.time)
    b_fails = b.event & (b.time < a.time)
    won = (first > second) * a_fails[:, None] + (second > first) * b_fails[:, None]
    return won.sum(axis=0) / (a_fails.sum() + b_fails.sum())


@pytest.mark.slow
@pytest.mark.parametrize("n", [60, 120])
def test_c_its_change_and_the_band_keep_nominal_coverage(n: int) -> None:
    rng = np.random.default_rng(n)
    truth = true_c(rng)
    area, change, joint = [], [], []
    for run in range(RUNS):
        survival, scores = followed(n, rng)
        data = drift_data(np.zeros((n, 3, 1)), survival.event.astype(int), conditions=levels(2))
        fold, one = np.zeros((1, n), dtype=np.intp), np.ones((1, 1))
        arm = ArmScores(
            Arm("frozen", "risk", "none", 0), scores[None], fold, one, one[:, :, None] > 0, ("",), frozen=True
        )
        table = evaluate_survival([arm], data, survival, Settings(resamples=600, seed=run)).survival
        area.append((table["c_low"] <= truth) & (truth <= table["c_high"]))
        shift = (truth - truth[0])[1:]
        rows = table.iloc[1:]
        change.append((rows["delta_low"] <= shift) & (shift <= rows["delta_high"]))
        joint.append(((rows["delta_low_band"] <= shift) & (shift <= rows["delta_high_band"])).all())
    found = {"c": np.mean(area, axis=0), "delta": np.mean(change, axis=0), "band": np.mean(joint)}
    print(f"n = {n}, {RUNS} studies:", {name: np.round(share, 4) for name, share in found.items()})
    for name, coverage in found.items():
        assert np.all(np.abs(coverage - (1.0 - ALPHA)) <= TOLERANCE), (name, coverage)
