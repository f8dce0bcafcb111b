"""Standard errors of AUCs and of their differences: closed forms, all dyads by hand, and simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from robustrad.drift.evaluate.pairs import Pairs, comparable_pairs, wins
from robustrad.drift.evaluate.precision import UNKNOWN, precision_of, resampled_deviation, stacked
from robustrad.drift.metrics.delong import delong, linear_contrast

from .test_pairs import brute, dealt


def frozen(positive: int, negative: int) -> tuple[np.ndarray, Pairs]:
    y = np.repeat([1, 0], [positive, negative])
    return y, comparable_pairs(y, np.zeros((1, y.size), dtype=int))


def test_the_error_is_bambers_where_every_pair_is_compared() -> None:
    form = np.random.default_rng(0).normal(size=(6, 9))
    _, pairs = frozen(6, 9)
    rows, columns = form.mean(axis=1), form.mean(axis=0)
    rest = form - rows[:, None] - columns + form.mean()
    unbiased = rows.var(ddof=1) / 6 + columns.var(ddof=1) / 9 - (rest**2).sum() / (5 * 8 * 6 * 9)
    found = precision_of(form, pairs, np.ones(15, dtype=bool), np.arange(15))
    assert found.error == pytest.approx(np.sqrt(unbiased), rel=1e-12)


def test_without_interaction_the_error_is_welchs_and_so_are_the_degrees() -> None:
    # With the form x_i - y_j the mean over pairs is a difference of means, which scipy knows.
    y, pairs = frozen(6, 19)
    values = np.r_[np.linspace(-3, 4, 6), np.linspace(-1, 1, 19)]  # tails no heavier than normal ones
    welch = ttest_ind(values[:6], values[6:], equal_var=False)
    found = precision_of(values[:6, None] - values[None, 6:], pairs, np.ones(25, dtype=bool), np.arange(25))
    assert found.freedom == pytest.approx(welch.df, rel=1e-12)
    assert found.error == pytest.approx((values[:6].mean() - values[6:].mean()) / welch.statistic, rel=1e-12)
    # every patient twice, in another repeat as well, tells nothing new
    twice = np.repeat(np.arange(25), 2)
    double = comparable_pairs(y[twice], np.zeros((2, 50), dtype=int))
    both = 2.0 * (values[twice][:12, None] - values[twice][None, 12:])
    again = precision_of(both, double, np.ones(50, dtype=bool), twice)
    np.testing.assert_allclose(again, found, rtol=1e-12)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.booleans())
def test_the_variance_is_the_sum_over_all_pairs_of_pairs_that_share_a_patient(
    seed: int, patients: int, crossed: bool
) -> None:
    # The definition, one product after the other; patients may have cases of both classes, pairs be missing.
    rng = np.random.default_rng(seed)
    groups = np.r_[np.arange(patients), np.arange(patients), rng.integers(0, patients, 4)]
    y = rng.integers(0, 2, groups.size) if crossed else (groups % 2)
    if np.unique(groups[y == 1]).size < 2 or np.unique(groups[y == 0]).size < 2:
        return
    pairs = comparable_pairs(y, rng.integers(0, 2, (3, groups.size)))
    if pairs.together.sum() == 0:
        return
    scores = rng.normal(size=(3, groups.size))
    form = wins(scores, rng.integers(0, 1, (3, groups.size)), pairs) * (pairs.together > 0)
    total = pairs.together.sum()
    g = (form - pairs.together * form.sum() / total) / total
    cells = [
        (set(groups[[i, j]]), g[a, b], pairs.together[a, b] / total)
        for a, i in enumerate(pairs.positive)
        for b, j in enumerate(pairs.negative)
    ]
    own, common, independent = 0.0, 0.0, 0.0
    for (one, g1, w1), (two, g2, w2) in itertools.product(cells, cells):
        shared = len(one & two)
        own += g1 * g2 if shared else 0.0
        common += w1 * w2 if shared else 0.0
        independent += g1 * g2 if shared == 2 else 0.0
    if common >= 1.0 - 1e-9:
        return
    found = precision_of(form, pairs, np.ones(groups.size, dtype=bool), groups)
    expected = max(own, independent) / (1.0 - common)
    assert found.error**2 == pytest.approx(expected, rel=1e-9, abs=1e-15)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["one fold", "folds", "lesions of a class", "lesions of both classes"])
def test_the_variance_has_no_bias(kind: str) -> None:
    # 3,000 studies of 12 + 18 patients: the mean of the estimates against the variance of the estimated.
    rng = np.random.default_rng(8)
    changes, estimates = [], []
    for _ in range(3000):
        patient, y = np.arange(30), np.repeat([1, 0], [12, 18])
        folds = np.zeros((1, 30), dtype=int)
        if kind == "folds":
            folds = np.stack([rng.permutation(12) % 3, rng.permutation(12) % 3])
            folds = np.hstack([folds, np.stack([rng.permutation(18) % 3, rng.permutation(18) % 3])])
        if kind.startswith("lesions"):
            patient = np.repeat(patient, rng.integers(1, 4, 30))
            y, folds = y[patient], np.zeros((1, patient.size), dtype=int)
        if kind.endswith("both classes"):
            y = np.where(rng.random(y.size) < 0.3, 1 - y, y)
        shared, of_patient, own = rng.normal(size=y.size), rng.normal(size=(2, 30)), rng.normal(size=y.size)
        before = 1.2 * y + 0.7 * shared + 0.7 * of_patient[0, patient]
        after = before + 0.3 * own + 0.3 * of_patient[1, patient]
        pairs = comparable_pairs(y, folds)
        first, second = (wins(np.tile(s, (len(folds), 1)), folds, pairs) for s in (before, after))
        known = precision_of(second - first, pairs, np.ones(y.size, dtype=bool), patient)
        changes.append((second - first).sum() / pairs.together.sum())
        estimates.append(float(known.error) ** 2)
    # the variance of 3,000 values is itself known to some 3 % (heavy tails: 4)
    assert np.mean(estimates) / np.var(changes) == pytest.approx(1.0, abs=0.13)


def test_a_resample_counts_every_pair_as_often_as_it_holds_it() -> None:
    rng = np.random.default_rng(6)
    y, folds = np.arange(24) % 3 % 2, dealt(24, repeats=2, splits=2)
    scores = rng.normal(size=(2, 24)) + y
    pairs = comparable_pairs(y, folds)
    weights = rng.multinomial(24, np.full(24, 1 / 24), size=5).astype(float)
    found = resampled_deviation(wins(scores, folds, pairs), pairs, np.ones(24, dtype=bool), weights)
    here = brute(y, scores, folds, np.ones(24))
    expected = [brute(y, scores, folds, w) - here for w in weights]
    assert found == pytest.approx(expected, abs=1e-13)


def test_delongs_error_is_never_smaller() -> None:
    rng = np.random.default_rng(1)
    y, pairs = frozen(14, 22)
    everyone = np.ones(36, dtype=bool)
    for correlation in (0.5, 0.9, 0.999):
        base = rng.normal(size=36) + y
        other = correlation * base + np.sqrt(1.0 - correlation**2) * rng.normal(size=36)
        published = linear_contrast(delong(y, np.column_stack([base, other])), np.array([-1.0, 1.0]))
        zero = np.zeros((1, 36), dtype=int)
        form = wins(other[None], zero, pairs) - wins(base[None], zero, pairs)
        ours = precision_of(form, pairs, everyone, np.arange(36))
        assert 0.0 < ours.error <= published.standard_error


def test_fewer_degrees_are_left_where_few_patients_carry_the_variance() -> None:
    # Var(s2) / sigma**4 = 2 / (n - 1) + kurtosis / n; one positive in twelve differs, the negatives hardly do
    _, pairs = frozen(12, 300)
    values = np.r_[1.0, np.zeros(11), np.linspace(-1e-6, 1e-6, 300)]
    found = precision_of(
        values[:12, None] - values[None, 12:], pairs, np.ones(312, dtype=bool), np.arange(312)
    )
    u = values[:12] - values[:12].mean()
    kurtosis = 12 * (u**4).sum() / (u**2).sum() ** 2 - 3.0
    assert kurtosis > 7.0
    assert found.freedom == pytest.approx(1.0 / (1.0 / 11 + kurtosis / 24), rel=1e-6)


def test_degrees_of_freedom_lie_between_those_of_the_smaller_class_and_of_all() -> None:
    rng = np.random.default_rng(5)
    y = np.repeat([1, 0], [8, 40])
    folds = dealt(48, repeats=3, splits=3)
    pairs = comparable_pairs(y, folds)
    form = wins(rng.normal(size=(3, 48)) + y, folds, pairs)
    everyone, patients = np.ones(48, dtype=bool), np.arange(48)
    assert 7.0 <= precision_of(form, pairs, everyone, patients).freedom <= 46.0
    alone = (y == 0) | (np.arange(48) == 0)
    assert np.isnan(precision_of(form, pairs, alone, patients).freedom)


def test_what_does_not_vary_has_no_error() -> None:
    _, pairs = frozen(5, 7)
    found = precision_of(pairs.together, pairs, np.ones(12, dtype=bool), np.arange(12))
    assert (float(found.error), float(found.freedom)) == (0.0, np.inf)


def test_where_no_pair_is_compared_nothing_is_known() -> None:
    y, pairs = frozen(5, 7)
    assert np.isnan(precision_of(pairs.together, pairs, y == 1, np.arange(12))).all()


def test_a_variance_below_that_of_independent_pairs_is_not_believed() -> None:
    # Wins and losses that cancel in every row and column: taken at its word the variance would be negative.
    _, pairs = frozen(2, 2)
    form = np.array([[1.0, -1.0], [-1.0, 1.0]])
    found = precision_of(form, pairs, np.ones(4, dtype=bool), np.arange(4))
    assert found.error == pytest.approx(np.sqrt(4 / 16 / (1 - 1 / 2 - 1 / 2 + 1 / 4)))


def test_several_are_stacked() -> None:
    _, pairs = frozen(5, 7)
    one = precision_of(pairs.together, pairs, np.ones(12, dtype=bool), np.arange(12))
    many = stacked([one, UNKNOWN])
    np.testing.assert_array_equal(many.error, [0.0, np.nan])
    np.testing.assert_array_equal(many.freedom, [np.inf, np.nan])
