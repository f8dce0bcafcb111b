"""Standard errors of AUCs and of their differences: closed forms, kurtosis and jackknife by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kurtosis, ttest_ind

from robustrad.drift.evaluate.cells import cells_of, variance_of, variances_without_each
from robustrad.drift.evaluate.pairs import comparable_pairs, wins
from robustrad.drift.evaluate.precision import (
    UNKNOWN,
    precision_of_area,
    precision_of_change,
    stacked,
)
from robustrad.drift.metrics.delong import delong, linear_contrast

from .cohort import dealt, frozen


def test_without_interaction_the_error_is_welchs_and_so_are_the_degrees() -> None:
    # With the form x_i - y_j the mean over pairs is a difference of means, which scipy knows.
    y, pairs = frozen(6, 19)
    values = np.r_[np.linspace(-3, 4, 6), np.linspace(-1, 1, 19)]  # tails no heavier than normal ones
    welch = ttest_ind(values[:6], values[6:], equal_var=False)
    found = precision_of_area(
        values[:6, None] - values[None, 6:], pairs, np.ones(25, dtype=bool), np.arange(25)
    )
    assert found.freedom == pytest.approx(welch.df, rel=1e-12)
    assert found.error == pytest.approx((values[:6].mean() - values[6:].mean()) / welch.statistic, rel=1e-12)
    # every patient twice, in another repeat as well, tells nothing new
    twice = np.repeat(np.arange(25), 2)
    double = comparable_pairs(y[twice], np.zeros((2, 50), dtype=int))
    both = 2.0 * (values[twice][:12, None] - values[twice][None, 12:])
    again = precision_of_area(both, double, np.ones(50, dtype=bool), twice)
    np.testing.assert_allclose(again, found, rtol=1e-12)


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
        ours = precision_of_area(form, pairs, everyone, np.arange(36))
        assert 0.0 < ours.error <= published.standard_error


def test_shares_of_heavy_tails_make_the_error_less_certain_and_those_of_light_tails_more() -> None:
    # Var(s2) / sigma**4 = 2 / (n - 1) + kurtosis / n; the negatives hardly differ
    def found(positives: np.ndarray) -> tuple[float, float]:
        n = positives.size
        values = np.r_[positives, np.linspace(-1e-6, 1e-6, 300)]
        _, pairs = frozen(n, 300)
        known = precision_of_area(
            values[:n, None] - values[None, n:], pairs, np.ones(n + 300, dtype=bool), np.arange(n + 300)
        )
        assert known.freedom == pytest.approx(n - 1, rel=1e-6)
        return float(known.surplus), float(kurtosis(positives)) / n

    for positives in (np.r_[1.0, np.zeros(11)], np.repeat([0.0, 1.0], 6), np.linspace(0, 1, 12)):
        surplus, expected = found(positives)
        assert surplus == pytest.approx(expected, rel=1e-5)


def test_the_surplus_of_a_change_is_the_jackknifes_beyond_normal_shares() -> None:
    rng = np.random.default_rng(3)
    _, pairs = frozen(9, 14)
    form, everyone = rng.integers(-1, 2, (9, 14)).astype(float), np.ones(23, dtype=bool)
    cells = cells_of(form, pairs, everyone, np.arange(23))
    left = variances_without_each(cells)
    varies = 8 * left[:9].var() + 13 * left[9:].var()
    found = precision_of_change(form, pairs, everyone, np.arange(23))
    surplus = varies / variance_of(cells) ** 2 - 2.0 / found.freedom
    assert surplus > 0.0
    assert found.surplus == pytest.approx(surplus, rel=1e-12)
    capped = precision_of_change(form, pairs, everyone, np.arange(23), most=4.0)
    assert capped.freedom == 4.0
    assert capped.surplus == pytest.approx(max(surplus + 2.0 / found.freedom - 0.5, 0.0), rel=1e-12)


def test_two_patients_of_a_class_leave_the_jackknife_nothing_to_say() -> None:
    _, pairs = frozen(2, 6)
    form = np.random.default_rng(4).normal(size=(2, 6))
    found = precision_of_change(form, pairs, np.ones(8, dtype=bool), np.arange(8))
    assert found.surplus == 0.0
    assert found.error > 0.0


def test_degrees_of_freedom_lie_between_those_of_the_smaller_class_and_of_all() -> None:
    rng = np.random.default_rng(5)
    y = np.repeat([1, 0], [8, 40])
    folds = dealt(48, repeats=3, splits=3)
    pairs = comparable_pairs(y, folds)
    form = wins(rng.normal(size=(3, 48)) + y, folds, pairs)
    everyone, patients = np.ones(48, dtype=bool), np.arange(48)
    assert 7.0 <= precision_of_area(form, pairs, everyone, patients).freedom <= 46.0
    alone = (y == 0) | (np.arange(48) == 0)
    assert np.isnan(precision_of_area(form, pairs, alone, patients).freedom)


def test_what_does_not_vary_has_no_error() -> None:
    _, pairs = frozen(5, 7)
    found = precision_of_area(pairs.together, pairs, np.ones(12, dtype=bool), np.arange(12))
    assert (float(found.error), float(found.freedom)) == (0.0, np.inf)


def test_where_no_pair_is_compared_nothing_is_known() -> None:
    y, pairs = frozen(5, 7)
    assert np.isnan(precision_of_area(pairs.together, pairs, y == 1, np.arange(12))).all()


def test_several_are_stacked() -> None:
    _, pairs = frozen(5, 7)
    one = precision_of_area(pairs.together, pairs, np.ones(12, dtype=bool), np.arange(12))
    many = stacked([one, UNKNOWN])
    np.testing.assert_array_equal(many.error, [0.0, np.nan])
    np.testing.assert_array_equal(many.freedom, [np.inf, np.nan])
    np.testing.assert_array_equal(many.surplus, [0.0, np.nan])
