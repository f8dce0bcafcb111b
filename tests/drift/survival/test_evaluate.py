"""The survival table: concordance within folds, its change, flips, curves; from risks, without any model."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import DriftData
from robustrad.drift.evaluate.inputs import Settings
from robustrad.drift.survival.concordance import harrell, uno
from robustrad.drift.survival.evaluate import KAPLAN_MEIER_COLUMNS, SURVIVAL_COLUMNS, evaluate_survival
from robustrad.drift.survival.kaplan_meier import kaplan_meier, log_rank
from robustrad.drift.survival.sentences import survival_sentences
from robustrad.drift.survival.times import Survival
from tests.drift.survival.followed import simulated

QUICK = Settings(resamples=300)


def frozen(data: DriftData, scores: np.ndarray, cutoff: float = 0.0) -> ArmScores:
    return ArmScores(
        Arm("frozen", "risk", "none", 0), scores[None], np.zeros((1, len(scores)), dtype=np.intp),
        np.full((1, 1), cutoff), np.ones((1, 1, 1), dtype=bool), ("",), frozen=True,
    )  # fmt: skip


def fitted(scores: np.ndarray, folds: np.ndarray, cutoff: float = 0.0) -> ArmScores:
    thresholds = np.full((len(folds), int(folds.max()) + 1), cutoff)
    selected = np.ones((*thresholds.shape, 1), dtype=bool)
    prints = ("",) * thresholds.size
    return ArmScores(Arm("reference", "cox", "reference", 0), scores, folds, thresholds, selected, prints)


@pytest.fixture(scope="module")
def followed() -> tuple[DriftData, Survival]:
    return simulated(90, k=4, noise=0.5)


def test_frozen_risks_have_the_c_of_the_whole_cohort(followed):
    data, survival = followed
    scores = data.values[:, :, 0]
    found = evaluate_survival([frozen(data, scores)], data, survival, QUICK).survival
    assert tuple(found.columns) == SURVIVAL_COLUMNS
    for j in range(4):
        expected = harrell(survival.time, survival.event, scores[:, j]).value
        assert found["c"][j] == pytest.approx(expected, abs=1e-12)
        weighted = uno(survival, survival.time, survival.event, scores[:, j], tau=survival.horizon).value
        assert found["uno"][j] == pytest.approx(weighted, abs=1e-12)
        assert found["delta"][j] == pytest.approx(expected - found["c"][0], abs=1e-12)
    assert (found["c_low"] < found["c"]).all()
    assert (found["c"] < found["c_high"]).all()
    assert found["interval_note"].str.startswith("nominal").all()
    assert found["n_events"].eq(survival.event.sum()).all()


def test_c_of_fitted_models_is_the_pair_weighted_mean_of_the_folds(followed):
    data, survival = followed
    rng = np.random.default_rng(0)
    folds = np.stack([rng.permutation(90) % 3 for _ in range(2)])
    scores = rng.normal(size=(2, 90, 4)) + data.values[None, :, :, 0]
    found = evaluate_survival([fitted(scores, folds)], data, survival, QUICK).survival
    won = total = 0.0
    for repeat in range(2):
        for fold in range(3):
            held = folds[repeat] == fold
            one = harrell(survival.time[held], survival.event[held], scores[repeat, held, 0])
            won, total = won + one.value * one.comparable, total + one.comparable
    assert found["c"][0] == pytest.approx(won / total, abs=1e-12)
    assert found["interval_note"].str.startswith("conditional").all()


def test_nothing_changed_is_exactly_nothing(followed):
    data, survival = followed
    scores = np.repeat(data.values[:, :1, 0], 4, axis=1)
    found = evaluate_survival([frozen(data, scores)], data, survival, QUICK).survival[1:]
    for column in (
        "delta",
        "delta_low",
        "delta_high",
        "delta_low_band",
        "delta_high_band",
        "uno_delta",
        "flips",
    ):
        assert found[column].eq(0).all(), column
    assert found["verdict"].eq("unchanged").all()
    assert found["score_icc_a_1"].eq(1).all()


def test_lost_risks_drift_and_the_sentences_say_so():
    data, survival = simulated(300, k=2, signal=2.0)
    scores = data.values[:, :, 0].copy()
    scores[:, 1] = np.random.default_rng(1).normal(size=300)
    tables = evaluate_survival([frozen(data, scores)], data, survival, QUICK)
    row = tables.survival.iloc[1]
    assert row["verdict"] == "drifts"
    assert row["delta_high_band"] < -0.05
    told = survival_sentences(tables.survival, tables.survival.iloc[:0].assign(status=None), margin=0.05)
    text = " ".join(sentence.text for sentence in told)
    assert "1 drift" in text
    assert "largest loss of C is at condition=1" in text
    assert told[0].evidence == "survival.csv#1"


def test_flips_curves_and_log_rank_are_of_the_groups_at_the_frozen_cutoff(followed):
    data, survival = followed
    scores = data.values[:, :, 0]
    tables = evaluate_survival([frozen(data, scores, cutoff=0.2)], data, survival, QUICK)
    high = scores >= 0.2
    row = tables.survival.iloc[2]
    assert row["flips_up"] == (high[:, 2] & ~high[:, 0]).sum()
    assert row["flips_down"] == (~high[:, 2] & high[:, 0]).sum()
    assert row["flip_rate"] == row["flips"] / 90
    assert row["n_high"] == high[:, 2].sum()
    assert row["logrank_p"] == pytest.approx(log_rank(survival.time, survival.event, high[:, 2]).p)
    curves = tables.kaplan_meier
    assert tuple(curves.columns) == KAPLAN_MEIER_COLUMNS
    own = curves[curves["condition"].eq("condition=2") & curves["group"].eq("high")]
    expected = kaplan_meier(survival.time[high[:, 2]], survival.event[high[:, 2]])
    assert own["survival"].tolist() == pytest.approx(expected.survival.tolist())
    assert own["at_risk"].iloc[0] == high[:, 2].sum()


def test_a_missing_subject_is_left_out_of_its_contrast_on_both_sides(followed):
    data, survival = followed
    scores = data.values[:, :, 0].copy()
    scores[:3, 1] = np.nan
    found = evaluate_survival([frozen(data, scores)], data, survival, QUICK).survival.iloc[1]
    kept = np.arange(90) >= 3
    here, before = (harrell(survival.time[kept], survival.event[kept], scores[kept, j]).value for j in (1, 0))
    assert (found["n"], found["n_dropped"]) == (87, 3)
    assert found["delta"] == pytest.approx(here - before, abs=1e-12)


def test_too_many_missing_give_no_number_and_a_status(followed):
    data, survival = followed
    scores = data.values[:, :, 0].copy()
    scores[:30, 1] = np.nan
    found = evaluate_survival([frozen(data, scores)], data, survival, QUICK).survival.iloc[1]
    assert found["status"] == "insufficient"
    assert np.isnan(found[["c", "delta", "uno", "flips"]].astype(float)).all()
    assert found["verdict"] == "inconclusive"


def test_a_horizon_that_nobody_reaches_gives_no_uno_and_says_so(followed):
    data, survival = followed
    last = survival.time.max()
    everyone_leaves = Survival(np.append(survival.time[:-1], last + 1), np.append(survival.event[:-1], False))
    folds = np.zeros((1, 90), dtype=np.intp)
    folds[0, np.argsort(everyone_leaves.time)[::2]] = 1
    scores = data.values[None, :, :, 0]
    found = evaluate_survival([fitted(scores, folds)], data, everyone_leaves, QUICK, tau=last + 2).survival
    undefined = found["uno"].isna()
    assert (found["uno_status"].eq("no_follow_up") == undefined).all()


def test_intervals_of_frozen_risks_cover():
    """120 cohorts: the 95 % interval of C holds the truth of a cohort of 20,000."""
    data, survival = simulated(20_000, k=1, signal=0.7, seed=99)
    truth = harrell(survival.time[:4000], survival.event[:4000], data.values[:4000, 0, 0]).value
    hits = 0
    for i in range(120):
        rows = np.arange(80) + 80 * i + 8000
        part, own = data.take(rows), survival.take(rows)
        found = evaluate_survival([frozen(part, part.values[:, :, 0])], part, own, QUICK).survival.iloc[0]
        hits += bool(found["c_low"] <= truth <= found["c_high"])
    assert hits / 120 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 120)
