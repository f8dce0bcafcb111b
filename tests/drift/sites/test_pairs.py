from __future__ import annotations

import numpy as np

from robustrad.drift.endpoints import TwoClasses
from robustrad.drift.sites.agreement import AgreementSums
from robustrad.drift.sites.bootstrap import Resamples, Tables, areas
from robustrad.drift.sites.compare import NO_DRIFT, NO_REFERENCE, Comparison
from robustrad.drift.sites.pairs import Unit, compared, mixed, plain
from robustrad.stability.icc import icc


def test_the_mix_is_the_expectation_over_random_places() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(14, 3)).round(1)
    unit = Unit(0, np.arange(6), np.arange(6, 14))
    weights = np.array([0.5, 0.25, 0.25])
    table = mixed(scores, unit, [(np.arange(3), weights)])
    draws = rng.choice(3, size=(40_000, 14), p=weights)
    drawn = scores[np.arange(14), draws]
    high, low = drawn[:, :6, None], drawn[:, None, 6:]
    simulated = ((high > low) + 0.5 * (high == low)).mean(axis=0)
    np.testing.assert_allclose(table, simulated, atol=0.02)


def test_without_perturbation_the_mix_is_the_auc_exactly() -> None:
    scores = np.random.default_rng(1).normal(size=(20, 1))
    unit = Unit(0, np.arange(9), np.arange(9, 20))
    same = np.repeat(scores, 4, axis=1)
    table = mixed(same, unit, [(np.arange(4), np.full(4, 0.25)), (np.arange(2), np.full(2, 0.5))])
    np.testing.assert_allclose(table, plain(scores[:, 0], unit), rtol=0, atol=1e-15)


def test_a_shift_common_to_a_place_is_invisible_there_and_visible_in_the_mix() -> None:
    rng = np.random.default_rng(2)
    score = np.r_[rng.normal(1.5, 1, 40), rng.normal(0, 1, 40)]
    scores = np.column_stack([score, score + 4])
    unit = Unit(0, np.arange(40), np.arange(40, 80))
    alone = plain(scores[:, 1], unit).mean()
    mix = mixed(scores, unit, [(np.arange(2), np.full(2, 0.5))]).mean()
    assert alone == plain(scores[:, 0], unit).mean()
    assert mix < alone - 0.1


def test_a_patient_missing_at_a_place_is_at_the_others() -> None:
    scores = np.array([[1.0, np.nan], [0.0, 2.0]])
    table = mixed(scores, Unit(0, np.array([0]), np.array([1])), [(np.arange(2), np.array([0.5, 0.5]))])
    np.testing.assert_allclose(table, [[0.5]])


def test_areas_of_repeated_patients_equal_those_of_the_resampled_cohort() -> None:
    rng = np.random.default_rng(3)
    y = np.arange(30) % 2
    score, fold = rng.normal(size=(2, 30)), rng.integers(0, 3, size=(2, 30))
    units = [unit for r in range(2) for unit in TwoClasses(y).units(r, fold[r])]
    tables = Tables([plain(score[u.draw], u) for u in units], [compared(score[u.draw], u) for u in units])
    weights = rng.multinomial(30, np.full(30, 1 / 30), size=5).astype(float)
    found = areas(units, tables, Resamples.make(weights, 2, resample_draws=False, seed=0), 30)
    for b, weight in enumerate(np.vstack([np.ones(30), weights])):
        won = pairs = 0.0
        for r in range(2):
            for i in np.flatnonzero(y == 1):
                for j in np.flatnonzero(y == 0):
                    if fold[r, i] == fold[r, j]:
                        times = weight[i] * weight[j]
                        pairs += times
                        won += times * (score[r, i] > score[r, j])
        np.testing.assert_allclose(found[b], won / pairs)


def comparison(n: int = 60) -> tuple[Comparison, list[Unit]]:
    units = [Unit(0, np.arange(n // 2), np.arange(n // 2, n))]
    weights = np.random.default_rng(5).multinomial(n, np.full(n, 1 / n), size=300).astype(float)
    return Comparison(units, Resamples.make(weights, 1, resample_draws=False, seed=0), n), units


def table(score: np.ndarray, units: list[Unit]) -> Tables:
    return Tables([plain(score, unit) for unit in units], [compared(score, unit) for unit in units])


def test_no_drift_no_recovery() -> None:
    compare, units = comparison()
    score = np.r_[np.random.default_rng(6).normal(1, 1, 30), np.random.default_rng(7).normal(0, 1, 30)]
    same = table(score, units)
    numbers = compare.numbers(same, same, table(score**3, units), is_remedy=True)
    assert numbers.drift == (0.0, 0.0, 0.0)
    assert numbers.recovery_status == NO_DRIFT
    assert np.isnan(numbers.recovery.value)


def test_recovery_is_the_share_of_the_loss_that_comes_back() -> None:
    compare, units = comparison()
    rng = np.random.default_rng(8)
    best = np.r_[rng.normal(2.5, 1, 30), rng.normal(0, 1, 30)]
    lost = best + 6 * rng.normal(size=60)
    ref, bef = table(best, units), table(lost, units)
    full = compare.numbers(ref, bef, ref, is_remedy=True)
    assert full.recovery == (1.0, 1.0, 1.0)
    nothing = compare.numbers(ref, bef, bef, is_remedy=True)
    assert nothing.recovery == (0.0, 0.0, 0.0)
    half = compare.numbers(ref, bef, table(np.where(np.arange(60) % 2, best, lost), units), is_remedy=True)
    expected = (half.after.value - half.before.value) / (half.reference.value - half.before.value)
    assert half.recovery.value == expected
    assert half.recovery.low < expected < half.recovery.high


def test_without_a_reference_there_is_no_recovery() -> None:
    compare, units = comparison()
    any_ = table(np.arange(60.0), units)
    numbers = compare.numbers(None, any_, any_, is_remedy=True)
    assert numbers.recovery_status == NO_REFERENCE


def test_agreement_from_sums_is_icc_a_1() -> None:
    rng = np.random.default_rng(9)
    a = rng.normal(1e4, 1, (33, 4))
    b = a + rng.normal(0.3, 0.5, (33, 4))
    sums = AgreementSums(1, 4)
    for part in np.array_split(np.arange(33), 4):
        sums.add(0, a[part], b[part])
    expected = icc(np.stack([a, b], axis=1))["icc_a_1"]
    np.testing.assert_allclose(sums.icc()[0], expected, rtol=1e-9)
