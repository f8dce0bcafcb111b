"""AUC and DeLong: gold numbers of pROC, a second definition of the AUC, invariances, coverage."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustrad.drift.metrics.delong import auc_interval, contrast, delong


@pytest.fixture(scope="module")
def gold(data_dir: Path) -> dict:
    return json.loads((data_dir / "reference" / "statistics_oracle.json").read_text())["delong"]


def test_equals_proc(gold: dict) -> None:
    scores = np.column_stack([gold["data"]["p1"], gold["data"]["p2"]])
    result = delong(gold["data"]["y"], scores)
    interval = np.column_stack(auc_interval(result))
    difference = contrast(result, 0, 1)
    np.testing.assert_allclose(result.auc, gold["auc"], rtol=0, atol=1e-11)
    np.testing.assert_allclose(interval, gold["ci"], rtol=0, atol=1e-11)
    np.testing.assert_allclose(np.diag(result.covariance), gold["var"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(result.covariance[0, 1], gold["cov"], rtol=0, atol=1e-12)
    np.testing.assert_allclose([difference.z, difference.p], [gold["z"], gold["p"]], rtol=0, atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), levels=st.integers(2, 30))
def test_the_auc_counts_pairs_with_ties_as_half(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.r_[0, 1, 0, 1, rng.integers(0, 2, 30)]
    scores = rng.integers(0, levels, y.size).astype(float)
    positive, negative = scores[y == 1][:, None], scores[y == 0]
    expected = ((positive > negative) + 0.5 * (positive == negative)).mean()
    result = delong(y, np.column_stack([scores, -scores, np.exp(scores / 7)]))
    np.testing.assert_allclose(result.auc, [expected, 1 - expected, expected], rtol=0, atol=1e-12)
    np.testing.assert_allclose(result.covariance[0], result.covariance[2], rtol=0, atol=1e-15)
    # A score and its mirror image move together, perfectly and against each other.
    assert result.covariance[0, 1] == pytest.approx(-result.covariance[0, 0], abs=1e-15)


def test_the_same_ranking_differs_by_exactly_nothing() -> None:
    rng = np.random.default_rng(0)
    y, scores = rng.integers(0, 2, 50), rng.normal(size=50)
    for other in (scores, 3 * scores + 1):
        found = contrast(delong(y, np.column_stack([scores, other])), 0, 1)
        assert found == (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def test_what_is_not_defined_is_nan_with_a_status() -> None:
    one_class = delong(np.ones(5), np.arange(5.0))
    assert one_class.status == "one_class"
    assert np.isnan(one_class.auc).all()
    few = delong([1, 0, 0, 0], [4.0, 1.0, 2.0, 3.0])
    assert few.status == "too_few"
    assert few.auc[0] == 1.0
    assert np.isnan(auc_interval(few).low).all()
    certain = delong([0, 0, 1, 1], [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0]])
    assert np.isnan(contrast(certain, 0, 1).p)


@pytest.mark.parametrize("bad", [([0, 1, 2], [1, 2, 3]), ([0, 1], [1, np.nan]), ([0, 1], [1, 2, 3])])
def test_bad_input_is_refused(bad: tuple) -> None:
    with pytest.raises(ValueError, match=r"y:|scores:"):
        delong(*bad)


def test_the_logit_interval_stays_inside() -> None:
    y = np.repeat([0, 1], 12)
    scores = np.arange(24.0)
    scores[[11, 12]] = scores[[12, 11]]
    result = delong(y, scores)
    low, high = auc_interval(result, scale="logit")
    assert 0 < low[0] < result.auc[0] < high[0] < 1
    assert auc_interval(result).high[0] == 1.0


def test_intervals_of_frozen_models_on_independent_patients_cover() -> None:
    # Two correlated frozen scores; all runs at once would be one big matrix of columns, so loop cheaply.
    rng = np.random.default_rng(4)
    runs, n, hits, differences = 1000, 100, 0, 0
    truth = 0.7602499389  # P(N(1,1) > N(0,1)) = Phi(1 / sqrt 2)
    y = np.repeat([0, 1], n // 2)
    for _ in range(runs):
        shared = rng.normal(size=n)
        scores = np.column_stack([y + shared, y + 0.6 * shared + 0.8 * rng.normal(size=n)])
        result = delong(y, scores)
        interval = auc_interval(result)
        hits += bool(interval.low[0] <= truth <= interval.high[0])
        found = contrast(result, 0, 1)
        differences += bool(found.low <= 0 <= found.high)
    margin = 3 * np.sqrt(0.95 * 0.05 / runs)
    assert abs(hits / runs - 0.95) < margin
    assert abs(differences / runs - 0.95) < margin
