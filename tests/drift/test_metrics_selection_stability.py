"""Nogueira's stability: gold numbers, the variance by simulation, and where it is not defined."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from robustrad.drift.metrics.selection_stability import by_cluster, nogueira


def test_equals_the_authors_r_code(data_dir: Path) -> None:
    gold = json.loads((data_dir / "reference" / "statistics_oracle.json").read_text())["nogueira"]
    found = nogueira(gold["Z"], r_compatible=True)
    np.testing.assert_allclose(found.value, gold["stability"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.variance, gold["var"], rtol=0, atol=1e-12)
    np.testing.assert_allclose([found.low, found.high], gold["ci"], rtol=0, atol=1e-12)
    # A sign in their R code differs from their Matlab and Python code; the estimate is the same.
    assert nogueira(gold["Z"]).value == found.value
    assert nogueira(gold["Z"]).variance == pytest.approx(0.0110731336805556, abs=1e-12)


def selections(rng: np.random.Generator, runs: int, spread: float) -> np.ndarray:
    taste = np.random.default_rng(0).normal(-1, 1.5, 20)
    size = spread * rng.normal(size=(runs, 1))  # runs that select many, runs that select few
    return (rng.random((runs, 20)) < expit(taste + size)).astype(float)


def test_the_variance_is_that_of_the_estimate_and_the_r_codes_is_not() -> None:
    rng = np.random.default_rng(1)
    found = [selections(rng, 100, 1.5) for _ in range(1500)]
    ours, theirs = [nogueira(z) for z in found], [nogueira(z, r_compatible=True) for z in found]
    truth = np.var([s.value for s in ours])
    assert np.mean([s.variance for s in ours]) == pytest.approx(truth, rel=0.12)
    assert np.mean([s.variance for s in theirs]) > 1.15 * truth


def test_both_variances_agree_where_every_run_selects_equally_many() -> None:
    rng = np.random.default_rng(2)
    Z = np.array([rng.permutation([1] * 4 + [0] * 6) for _ in range(8)])
    assert nogueira(Z).variance == pytest.approx(nogueira(Z, r_compatible=True).variance, rel=1e-12)


def test_the_ends_of_the_scale() -> None:
    same = np.tile([1, 1, 0, 0, 0], (6, 1))
    assert nogueira(same).value == pytest.approx(1.0)
    rng = np.random.default_rng(3)
    chance = [nogueira((rng.random((20, 50)) < 0.3).astype(int)).value for _ in range(200)]
    assert np.mean(chance) == pytest.approx(0.0, abs=0.005)


@pytest.mark.parametrize(
    ("selected", "status"),
    [(np.zeros((3, 4)), "all_or_nothing"), (np.ones((3, 4)), "all_or_nothing"), ([[1, 0]], "too_few")],
)
def test_what_is_not_defined_is_nan_with_a_status(selected: np.ndarray, status: str) -> None:
    found = nogueira(selected)
    assert found.status == status
    assert np.isnan([found.value, found.variance, found.low, found.high]).all()


def test_clusters_make_twins_interchangeable() -> None:
    Z = np.array([[1, 0, 1, 0], [0, 1, 1, 0], [1, 0, 1, 0]])
    clustered = by_cluster(Z, ["a", "a", "b", "c"])
    np.testing.assert_array_equal(clustered, [[1, 1, 0]] * 3)
    assert nogueira(clustered).value == pytest.approx(1.0)
    assert nogueira(Z).value < 0.6


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="0 and 1"):
        nogueira([[0.5, 1.0]])
    with pytest.raises(ValueError, match="clusters"):
        by_cluster([[0, 1]], [1, 2, 3])
