"""Concordance: literal cases of scikit-survival, its own numbers where it is there, and the definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustrad.drift.survival.concordance import harrell, uno, uno_weights
from robustrad.drift.survival.times import Survival
from tests.drift.survival.followed import EVENT, RISK, TIME, random_follow_up


def test_harrell_equals_the_literal_case_with_ties_and_censoring():
    found = harrell(TIME, EVENT, RISK)
    assert found.value == pytest.approx(0.5789473684210527, abs=1e-12)
    assert (found.concordant, found.discordant, found.tied, found.comparable) == (98, 71, 2, 171)


@pytest.mark.parametrize(
    ("tau", "expected"), [(6.0, 0.5719551070946751), (9.0, 0.5344898349689023), (11.0, 0.5618277434100567)]
)
def test_uno_equals_the_literal_cases(tau, expected):
    assert uno(Survival(TIME, EVENT), TIME, EVENT, RISK, tau=tau).value == pytest.approx(expected, abs=1e-12)


def test_uno_takes_censoring_from_the_training_subjects():
    half = np.arange(24) < 12
    train = Survival(TIME[half], EVENT[half])
    found = uno(train, TIME[~half], EVENT[~half], RISK[~half], tau=8.0)
    assert found.value == pytest.approx(0.4615384615384616, abs=1e-12)


@pytest.mark.parametrize("seed", range(40))
def test_both_equal_scikit_survival(seed):
    metrics = pytest.importorskip("sksurv.metrics", reason="needs the extra 'survival'")
    util = pytest.importorskip("sksurv.util")
    time, event, risk = random_follow_up(seed)
    value, concordant, discordant, tied, _ = metrics.concordance_index_censored(event, time, risk)
    found = harrell(time, event, risk)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert (found.concordant, found.discordant, found.tied) == (concordant, discordant, tied)
    y, survival = util.Surv.from_arrays(event, time), Survival(time, event)
    expected = metrics.concordance_index_ipcw(y, y, risk, tau=survival.horizon)[0]
    assert uno(survival, time, event, risk, tau=survival.horizon).value == pytest.approx(
        expected, abs=1e-12, nan_ok=True
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_pairs_are_those_of_the_definition(seed):
    time, event, risk = random_follow_up(seed)
    won = total = 0.0
    for i in range(time.size):
        for j in range(time.size):
            if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
                total += 1
                won += 1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0.0
    assert harrell(time, event, risk).value == pytest.approx(won / total, abs=1e-12)


def test_reversed_risks_give_the_complement_and_monotone_ones_the_same():
    c = harrell(TIME, EVENT, RISK).value
    assert harrell(TIME, EVENT, -RISK).value == pytest.approx(1 - c)
    assert harrell(TIME, EVENT, np.exp(RISK)).value == pytest.approx(c)


def test_without_censoring_uno_is_harrell():
    everyone = np.ones(24, dtype=bool)
    found = uno(Survival(TIME, everyone), TIME, everyone, RISK, tau=100.0).value
    assert found == pytest.approx(harrell(TIME, everyone, RISK).value)


def test_uno_does_not_depend_on_how_much_is_censored():
    """The same risks, times cut short by more and more censoring: Harrell's C moves, Uno's hardly."""
    rng = np.random.default_rng(0)
    n = 4000
    risk = rng.normal(size=n)
    # Late events are unpredictable: cutting the follow-up changes which pairs are compared.
    time = np.where(
        rng.random(n) < 0.5, rng.exponential(size=n) * np.exp(-2 * risk), 1 + rng.exponential(size=n)
    )
    light, heavy = (np.minimum(time, rng.exponential(size=n) * scale) for scale in (50.0, 1.0))
    for estimate, close in ((harrell, False), (uno, True)):
        found = []
        for followed in (light, heavy):
            event = followed == time
            if estimate is uno:
                found.append(uno(Survival(followed, event), followed, event, risk, tau=1.5).value)
            else:
                found.append(harrell(followed, event, risk).value)
        assert (abs(found[0] - found[1]) < 0.02) == close


def test_nothing_comparable_is_nan_and_so_is_a_weight_without_follow_up():
    censored = np.zeros(3, dtype=bool)
    assert np.isnan(harrell(np.array([1.0, 2, 3]), censored, np.zeros(3)).value)
    train = Survival(np.array([1.0, 2.0, 3.0]), np.array([True, False, False]))
    weights = uno_weights(train, np.array([2.5, 3.5]), np.array([True, True]), tau=9.0)
    assert weights[0] == pytest.approx(4.0)
    assert np.isnan(weights[1])


def test_lung1_volume_energy_and_non_uniformity(data_dir):
    folder = data_dir / "tables" / "lung1"
    table = pd.read_csv(folder / "features.csv").merge(pd.read_csv(folder / "clinical.csv"), on="PatientID")
    assert len(table) == 99
    time, event = table["Survival.time"].to_numpy(float), table["deadstatus.event"].to_numpy() == 1
    expected = {
        "original_shape_VoxelVolume": 0.665,
        "original_firstorder_Energy": 0.666,
        "original_glrlm_GrayLevelNonUniformity": 0.675,
    }
    for name, value in expected.items():
        assert harrell(time, event, table[name].to_numpy(float)).value == pytest.approx(value, abs=1e-3)
