"""A change of an area: shares won and lost, and what each patient has in it."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.drift.evaluate.changes import change_between, no_change, stacked_changes
from robustrad.drift.evaluate.pairs import comparable_pairs, mean_of, wins
from robustrad.drift.evaluate.resample import patient_weights

from .cohort import dealt, frozen
from .test_pairs import brute


def test_value_and_turnover_count_pairs_won_and_lost() -> None:
    _, pairs = frozen(2, 3)
    form = np.array([[1.0, -1.0, 0.5], [0.0, -0.5, 0.0]])
    found = change_between(form, pairs, np.ones(5, dtype=bool), np.arange(5))
    assert (found.value, found.turnover) == (0.0, 3.0 / 6.0)
    without = change_between(form, pairs, np.array([1, 1, 0, 1, 1], dtype=bool), np.arange(5))
    assert (without.value, without.turnover) == (-1.0 / 4.0, 2.0 / 4.0)
    assert without.shares[2] == 0.0


def test_shares_are_the_first_order_of_what_a_resample_changes() -> None:
    rng = np.random.default_rng(6)
    y, folds = np.arange(60) % 3 % 2, dealt(60, repeats=2, splits=2)
    before, after = rng.normal(size=(2, 60)) + y, rng.normal(size=(2, 60)) + y
    pairs = comparable_pairs(y, folds)
    everyone = np.ones(60, dtype=bool)
    form = wins(after, folds, pairs) - wins(before, folds, pairs)
    found = change_between(form, pairs, everyone, np.arange(60))
    assert found.shares.sum() == pytest.approx(0.0, abs=1e-15)
    assert found.value == pytest.approx(mean_of(form, pairs, everyone), abs=1e-15)
    step = 1e-5  # the derivative, by the definition of a weighted AUC
    for patient in (0, 7, 31):
        w = np.ones(60)
        w[patient] += step
        moved = (brute(y, after, folds, w) - brute(y, before, folds, w)) - found.value
        assert found.shares[patient] == pytest.approx(moved / step, abs=1e-5)


def test_resamples_of_the_shares_vary_as_much_as_the_patients_do() -> None:
    rng = np.random.default_rng(7)
    y, pairs = frozen(30, 50)
    values = rng.normal(size=80)
    form = values[:30, None] - values[None, 30:]  # no interaction: first order is all there is
    found = change_between(form, pairs, np.ones(80, dtype=bool), np.arange(80))
    weights = patient_weights(y, np.arange(80), resamples=4000, seed=1)
    expected = np.sqrt(values[:30].var() / 30 + values[30:].var() / 50)
    assert (found.shares @ weights.T).std() == pytest.approx(expected, rel=0.05)


def test_rows_are_taken_of_several() -> None:
    _, pairs = frozen(3, 4)
    rng = np.random.default_rng(8)
    each = [
        change_between(rng.integers(-1, 2, (3, 4)).astype(float), pairs, np.ones(7, dtype=bool), np.arange(7))
        for _ in range(3)
    ]
    many = stacked_changes([*each, no_change(7)])
    assert np.isnan([many.value[3], many.turnover[3], many.known.error[3]]).all()
    last = many.take(np.array([False, False, True, False]))
    assert last.value[0] == each[2].value
    assert last.known.surplus[0] == each[2].known.surplus
    np.testing.assert_array_equal(last.shares, [each[2].shares])
