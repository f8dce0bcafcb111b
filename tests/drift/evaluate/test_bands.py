"""Limits of changes: the score that they solve, Student's t, and many together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import norm
from scipy.stats import t as student

from robustrad.drift.evaluate.bands import change_of, simultaneous_band, single_bands
from robustrad.drift.evaluate.changes import Change
from robustrad.drift.evaluate.precision import Precision

Z = norm.isf(0.025)


def changes(
    value, error, *, turnover=1.0, freedom=np.inf, surplus=0.0, shares: np.ndarray | None = None
) -> Change:
    """Changes by hand; ``shares`` (m, n)."""
    value = np.atleast_1d(np.asarray(value, dtype=float))
    full = [
        np.broadcast_to(np.asarray(x, dtype=float), value.shape) for x in (turnover, error, freedom, surplus)
    ]
    return Change(
        value, full[0], Precision(*full[1:]), np.zeros((value.size, 3)) if shares is None else shares
    )


def likeliest_sum(won: float, lost: float, difference: float) -> float:
    """Sum of two Poisson means with that difference under which the counts are likeliest, by search."""

    def unlikely(lower: float) -> float:
        rates = (lower + max(difference, 0.0), lower + max(-difference, 0.0))
        return sum(r - (k * np.log(r) if k > 0 else 0.0) for r, k in zip(rates, (won, lost), strict=True))

    top = 4.0 * (won + lost + abs(difference)) + 1.0
    lower = minimize_scalar(unlikely, bounds=(1e-12, top), method="bounded", options={"xatol": 1e-12}).x
    return 2.0 * lower + abs(difference)


@pytest.mark.parametrize(("won", "lost"), [(3.0, 9.0), (6.0, 6.0), (0.0, 4.0), (5.0, 0.0), (1.0, 40.0)])
def test_limits_of_two_counts_are_those_of_the_score(won: float, lost: float) -> None:
    # Independent pairs that turn, one in a thousand: (d - delta)**2 = z**2 times the sum at delta.
    pairs = 1000.0
    total, d = won + lost, won - lost

    def excess(delta: float) -> float:
        return (d - delta) ** 2 - Z**2 * likeliest_sum(won, lost, delta)

    expected = brentq(excess, -200.0, d - 1e-6), brentq(excess, d + 1e-6, 200.0)
    found = single_bands(changes(d / pairs, np.sqrt(total) / pairs, turnover=total / pairs), 0.05)
    assert (found.low[0] * pairs, found.high[0] * pairs) == pytest.approx(expected, rel=1e-5, abs=1e-4)


@settings(deadline=None, max_examples=200)
@given(st.floats(1e-6, 1.0), st.floats(-1.0, 1.0), st.floats(1e-6, 1.0))
def test_limits_enclose_the_change_and_mirror(turnover: float, lean: float, error: float) -> None:
    value = lean * turnover
    here, there = (single_bands(changes(s * value, error, turnover=turnover), 0.05) for s in (1.0, -1.0))
    assert -1.0 <= here.low[0] <= value <= here.high[0] <= 1.0
    assert (here.low[0], here.high[0]) == pytest.approx((-there.high[0], -there.low[0]), abs=1e-9)
    # a change that came out on one side may have been larger more easily than smaller
    if value < 0.0 and here.low[0] > -1.0:
        assert value - here.low[0] >= here.high[0] - value - 1e-9


def test_where_many_pairs_turn_for_a_small_error_the_limits_are_plain() -> None:
    found = single_bands(changes(-0.02, 1e-4), 0.05)
    assert (found.low[0], found.high[0]) == pytest.approx((-0.02 - Z * 1e-4, -0.02 + Z * 1e-4), abs=1e-7)


def test_student_widens_and_a_surplus_narrows_down_to_the_normal() -> None:
    half = {
        (freedom, surplus): single_bands(changes(0.0, 1e-4, freedom=freedom, surplus=surplus), 0.01).high[0]
        / 1e-4
        for freedom, surplus in ((np.inf, 0.0), (9.0, 0.0), (9.0, 0.2), (9.0, 50.0))
    }
    z = norm.isf(0.005)
    square = z**2
    lighter = 1.0 / (1.0 / 9.0 - 0.2 * (square - 3.0) / (3.0 * (square + 1.0)))
    expected = [z, student.isf(0.005, 9.0), student.isf(0.005, lighter), z]
    assert list(half.values()) == pytest.approx(expected, rel=1e-5)
    assert expected[0] < expected[2] < expected[1]


def test_the_band_holds_jointly_and_is_wider_than_single_limits() -> None:
    # 400 patients, shares of ten independent changes: P(max of 10 |t| > c) = .05 at c = 2.800
    rng = np.random.default_rng(0)
    shares = rng.normal(size=(10, 400))
    shares -= shares.mean(axis=1, keepdims=True)
    weights = rng.multinomial(400, np.full(400, 1 / 400), 20_000).astype(float)
    error = np.sqrt((shares**2).sum(axis=1))
    band = simultaneous_band(changes(np.zeros(10), error * 1e-6, shares=shares), weights, 0.05)
    assert band.critical == pytest.approx(np.full(10, 2.800), abs=0.05)
    inside = (np.abs(shares @ weights.T) <= (band.high * 1e6)[:, None]).all(axis=0).mean()
    assert inside == pytest.approx(0.95, abs=0.006)
    alone = single_bands(changes(np.zeros(10), error * 1e-6, shares=shares), 0.05)
    assert (alone.critical == Z).all()
    assert (alone.high < band.high).all()


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32 - 1), st.floats(1.0, 40.0), st.floats(0.0, 5.0))
def test_a_band_encloses_single_limits(seed: int, freedom: float, surplus: float) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.normal(size=(2, 12))
    weights = rng.multinomial(12, np.full(12, 1 / 12), 60).astype(float)
    some = changes([-0.05, 0.01], 0.03, turnover=0.1, freedom=freedom, surplus=surplus, shares=shares)
    band, alone = simultaneous_band(some, weights, 0.05), single_bands(some, 0.05)
    assert (band.low <= alone.low).all()
    assert (band.high >= alone.high).all()


def test_equal_changes_need_no_wider_band() -> None:
    rng = np.random.default_rng(1)
    shares = np.tile(rng.normal(size=(1, 300)), (6, 1))
    shares -= shares.mean()
    weights = rng.multinomial(300, np.full(300, 1 / 300), 20_000).astype(float)
    band = simultaneous_band(changes(np.zeros(6), 0.01, shares=shares), weights, 0.05)
    assert band.critical == pytest.approx(np.full(6, Z), abs=0.06)


def test_what_does_not_vary_has_no_width_and_does_not_widen_the_others() -> None:
    rng = np.random.default_rng(2)
    shares = np.vstack([np.zeros(50), rng.normal(size=50)])
    weights = rng.multinomial(50, np.full(50, 1 / 50), 500).astype(float)
    both = simultaneous_band(
        changes([0.0, 0.1], [0.0, 0.01], turnover=[0.0, 0.2], shares=shares), weights, 0.05
    )
    alone = simultaneous_band(changes(0.1, 0.01, turnover=0.2, shares=shares[1:]), weights, 0.05)
    assert (both.low[0], both.high[0]) == (0.0, 0.0)
    assert both.critical[1] == pytest.approx(alone.critical[0], rel=1e-12)
    still = simultaneous_band(changes(0.0, 0.0, turnover=0.0), np.ones((20, 3)), 0.05)
    assert (still.low[0], still.high[0], still.critical[0]) == (0.0, 0.0, Z)
    none = simultaneous_band(
        changes(np.zeros(0), np.zeros(0), shares=np.zeros((0, 3))), np.ones((20, 3)), 0.05
    )
    assert none.low.size == 0


def test_all_interaction_takes_the_critical_value_of_the_others() -> None:
    rng = np.random.default_rng(3)
    shares = np.vstack([np.zeros(50), rng.normal(size=50)])
    weights = rng.multinomial(50, np.full(50, 1 / 50), 500).astype(float)
    band = simultaneous_band(changes([0.0, 0.0], 0.01, shares=shares), weights, 0.05)
    assert band.critical[0] == band.critical[1]
    assert band.high[0] > 0.0


def test_the_unknown_has_no_limits_and_takes_none_away() -> None:
    shares = np.vstack([np.random.default_rng(4).normal(size=50), np.zeros(50)])
    weights = np.random.default_rng(5).multinomial(50, np.full(50, 1 / 50), 500).astype(float)
    some = changes([0.0, np.nan], [0.1, np.nan], turnover=[0.2, np.nan], shares=shares)
    for band in (simultaneous_band(some, weights, 0.05), single_bands(some, 0.05)):
        assert np.isfinite([band.low[0], band.high[0]]).all()
        assert np.isnan([band.low[1], band.high[1]]).all()
    nothing = single_bands(changes(0.1, 0.1, freedom=np.nan), 0.05)
    assert np.isnan([nothing.low[0], nothing.high[0]]).all()


def test_one_change_has_the_limits_of_a_row() -> None:
    row = changes(-0.1, 0.04, turnover=0.3, freedom=20.0, surplus=0.1)
    one = Change(*(part[0] for part in row[:2]), Precision(*(part[0] for part in row.known)), row.shares[0])
    band = single_bands(row, 0.05)
    assert change_of(one, 0.05) == (-0.1, band.low[0], band.high[0])
