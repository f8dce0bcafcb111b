"""Kaplan-Meier and log-rank: literal cases of scikit-survival, and scipy as a second implementation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from robustrad.drift.survival.kaplan_meier import censoring_survival, kaplan_meier, log_rank
from tests.drift.survival.followed import EVENT, RISK, TIME, random_follow_up

# fmt: off
SURVIVAL = [
    0.9583333333333334, 0.9147727272727273, 0.8232954545454546, 0.7318181818181818, 0.683030303030303,
    0.6261111111111111, 0.5008888888888888, 0.4382777777777777, 0.36523148148148143, 0.29218518518518516,
    0.09739506172839506,
]
LOW = [
    0.7392061511468954, 0.6999764069611702, 0.5943933349556659, 0.49713922876058325, 0.44644500697669637,
    0.38562531298972846, 0.26329063029657446, 0.21049296881738366, 0.15073513743171843, 0.09989639387105116,
    0.006777501925080039,
]
# fmt: on


def censored(time: np.ndarray, event: np.ndarray) -> stats.CensoredData:
    return stats.CensoredData(uncensored=time[event], right=time[~event])


def test_the_literal_curve_with_its_log_log_interval():
    found = kaplan_meier(TIME, EVENT)
    assert found.survival == pytest.approx(SURVIVAL, abs=1e-12)
    assert found.low == pytest.approx(LOW, abs=1e-12)
    assert found.high[0] == pytest.approx(0.9940237201956953, abs=1e-12)
    assert found.time.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12]
    assert found.at_risk[:3].tolist() == [24, 22, 20]
    assert (found.events.sum(), found.censored.sum()) == (EVENT.sum(), (~EVENT).sum())


def test_the_literal_log_rank_test():
    found = log_rank(TIME, EVENT, RISK > 0)
    assert (found.chi2, found.p) == pytest.approx((1.2149754691675905, 0.2703489768649925), abs=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_scipy_agrees(seed):
    time, event, risk = random_follow_up(seed)
    high = risk > np.median(risk)
    curve = kaplan_meier(time, event)
    expected = stats.ecdf(censored(time, event)).sf
    assert curve.survival == pytest.approx(expected.evaluate(curve.time))
    test = log_rank(time, event, high)
    theirs = stats.logrank(x=censored(time[high], event[high]), y=censored(time[~high], event[~high]))
    assert test.chi2 == pytest.approx(theirs.statistic**2)
    assert test.p == pytest.approx(theirs.pvalue)


def test_groups_change_places_without_changing_the_test():
    first, second = log_rank(TIME, EVENT, RISK > 0), log_rank(TIME, EVENT, RISK <= 0)
    assert first.chi2 == pytest.approx(second.chi2)
    assert first.observed + second.observed == EVENT.sum()
    assert first.expected + second.expected == pytest.approx(EVENT.sum())


def test_one_group_has_no_test():
    assert np.isnan(log_rank(TIME, EVENT, np.ones(24, dtype=bool)).p)


def test_the_null_distribution_of_the_log_rank_test_is_right():
    rng = np.random.default_rng(0)
    p = []
    for _ in range(600):
        time, limit = rng.exponential(size=(2, 60))
        p.append(log_rank(np.minimum(time, limit), time <= limit, rng.random(60) < 0.5).p)
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 600))


def test_nobody_censored_stays_one_and_events_come_before_censoring_at_equal_times():
    time, event = np.array([1.0, 1.0, 2.0]), np.array([True, False, True])
    assert censoring_survival(time, event, np.array([0.5, 1.0, 5.0])).tolist() == [1.0, 0.5, 0.5]
    assert censoring_survival(time, np.ones(3, dtype=bool), np.array([0.5, 3.0])).tolist() == [1.0, 1.0]


def test_the_interval_is_unknown_where_the_estimate_is_one_or_zero():
    found = kaplan_meier(np.array([1.0, 2.0, 3.0]), np.array([False, True, True]))
    assert found.survival.tolist() == [1.0, 0.5, 0.0]
    assert np.isnan(found.low[[0, 2]]).all()
    assert 0 < found.low[1] < 0.5 < found.high[1] < 1
