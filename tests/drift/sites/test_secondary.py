"""Calibration, agreement and rank correlation of scores, against other implementations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import spearmanr

from robustrad.drift.sites.secondary import pooled_calibration, rank_correlation, score_agreement
from robustrad.stability.icc import icc


def test_a_weight_is_as_good_as_so_many_copies():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.05, 0.95, 80)
    y = (rng.uniform(size=80) < p**1.4).astype(np.intp)
    weights = rng.integers(1, 5, 80)
    weighted = pooled_calibration(y, p, weights.astype(float))
    copied = pooled_calibration(np.repeat(y, weights), np.repeat(p, weights), np.ones(weights.sum()))
    assert weighted == pytest.approx(copied, rel=1e-9)


def test_calibration_maximizes_the_weighted_likelihood():
    rng = np.random.default_rng(1)
    p = rng.uniform(0.05, 0.95, 120)
    y = (rng.uniform(size=120) < 0.3 + 0.4 * p).astype(np.intp)
    weights = rng.uniform(0.2, 3.0, 120)
    x = np.log(p / (1 - p))

    def loss(intercept, slope):
        linear = intercept + slope * x
        return float((weights * (np.logaddexp(0.0, linear) - y * linear)).sum())

    found = pooled_calibration(y, p, weights)
    line = minimize(
        lambda b: loss(*b), [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12}
    )
    shift = minimize(lambda b: loss(b[0], 1.0), [0.0], method="Nelder-Mead", options={"xatol": 1e-8})
    assert found.slope == pytest.approx(line.x[1], abs=1e-5)
    assert found.citl == pytest.approx(shift.x[0], abs=1e-5)


@pytest.mark.parametrize(
    "p", [np.full(4, np.nan), np.array([0.2, 0.3, np.nan, np.nan])], ids=["none", "one class"]
)
def test_calibration_of_nobody_or_one_class_is_not_defined(p):
    found = pooled_calibration(np.array([0, 0, 1, 1]), p, np.ones(4))
    assert math.isnan(found.citl)
    assert math.isnan(found.slope)


def test_missing_predictions_do_not_count():
    rng = np.random.default_rng(2)
    p, y = rng.uniform(0.1, 0.9, 60), np.arange(60) % 2
    p[::7] = np.nan
    there = np.isfinite(p)
    assert pooled_calibration(y, p, np.ones(60)) == pooled_calibration(
        y[there], p[there], np.ones(there.sum())
    )


def test_agreement_is_the_mean_of_the_icc_with_each_place():
    rng = np.random.default_rng(3)
    reference = rng.normal(size=30)
    others = reference[:, None] + [0.0, 0.4, -0.2] + 0.5 * rng.normal(size=(30, 3))
    each = [icc(np.stack([reference, other], axis=1)[:, :, None])["icc_a_1"].iloc[0] for other in others.T]
    assert score_agreement(reference, others) == pytest.approx(np.mean(each), rel=1e-10)


def test_a_place_that_cannot_be_judged_is_left_out_of_the_mean():
    rng = np.random.default_rng(4)
    reference = rng.normal(size=12)
    one = reference + 0.3 * rng.normal(size=12)
    few = np.where(np.arange(12) < 4, one, np.nan)
    assert score_agreement(reference, np.stack([one, few], axis=1)) == score_agreement(
        reference, one[:, None]
    )
    assert math.isnan(score_agreement(reference, few[:, None]))


VALUES = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=5, max_size=30)


@settings(deadline=None)
@given(pairs=VALUES)
def test_rank_correlation_is_spearmans_with_ties(pairs):
    a, b = np.array(pairs, dtype=float).T
    found = rank_correlation(a, b)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)


def test_rank_correlation_is_of_those_that_have_both():
    a, b = np.arange(8.0), np.array([2.0, 1, 4, 3, 7, 5, 6, 0])
    a[1], b[7] = np.nan, np.nan
    keep = [0, 2, 3, 4, 5, 6]
    assert rank_correlation(a, b) == pytest.approx(spearmanr(a[keep], b[keep]).statistic)
    assert math.isnan(rank_correlation(a[:5], b[:5]))  # four that have both
    assert math.isnan(rank_correlation(a, None))
