"""Cox's score test: derivatives of the partial likelihood, and the log-rank test of two groups."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.drift.survival.kaplan_meier import log_rank
from robustrad.drift.survival.score_test import cox_score, score_order
from tests.drift.survival.followed import EVENT, TIME, random_follow_up


def partial_likelihood(beta: float, x: np.ndarray, time: np.ndarray, event: np.ndarray) -> float:
    total = 0.0
    for i in np.flatnonzero(event):
        at_risk = time >= time[i]
        total += beta * x[i] - np.log(np.exp(beta * x[at_risk]).sum())
    return total


@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_slope_over_the_root_of_the_curvature(seed):
    time, event, x = random_follow_up(seed)
    h = 1e-4
    low, middle, high = (partial_likelihood(beta, x, time, event) for beta in (-h, 0.0, h))
    slope, curvature = (high - low) / (2 * h), (2 * middle - high - low) / h**2
    found = cox_score(x[:, None], time, event)[0]
    assert found == pytest.approx(slope / np.sqrt(curvature), rel=1e-4, abs=1e-5)


def test_without_ties_two_groups_are_the_log_rank_test():
    time, event, x = random_follow_up(4)
    group = x > 0
    found = cox_score(group[:, None].astype(float), time, event)[0]
    assert found**2 == pytest.approx(log_rank(time, event, group).chi2)


def test_scale_and_offset_do_not_matter_and_sign_does():
    _, _, x = random_follow_up(1)
    x = np.resize(x, 24)
    columns = np.column_stack([x, 1e6 + 3 * x, -x, np.full(24, 7.0)])
    found = cox_score(columns, TIME, EVENT)
    assert found[1] == pytest.approx(found[0], rel=1e-6)
    assert found[2] == pytest.approx(-found[0])
    assert found[3] == 0.0


def test_the_strongest_come_first_and_the_first_of_equals_wins():
    rng = np.random.default_rng(0)
    time = rng.exponential(size=60)
    x = np.column_stack([rng.normal(size=60), -time, time, rng.normal(size=60)])
    assert score_order(x, time, np.ones(60, dtype=bool), n=2).tolist() == [1, 2]
