"""The variance of a mean over pairs: closed form, all dyads by hand, each patient left out, simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustrad.drift.evaluate.cells import cells_of, jackknife_variance, variance_of, variances_without_each
from robustrad.drift.evaluate.pairs import comparable_pairs, wins

from .cohort import frozen


def lesions(rng: np.random.Generator, patients: int, crossed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Patients of at least two lesions each, and outcomes, of both classes in one patient where crossed."""
    groups = np.r_[np.arange(patients), np.arange(patients), rng.integers(0, patients, 4)]
    return groups, rng.integers(0, 2, groups.size) if crossed else groups % 2


def test_the_variance_is_bambers_where_every_pair_is_compared() -> None:
    form = np.random.default_rng(0).normal(size=(6, 9))
    _, pairs = frozen(6, 9)
    rows, columns = form.mean(axis=1), form.mean(axis=0)
    rest = form - rows[:, None] - columns + form.mean()
    unbiased = rows.var(ddof=1) / 6 + columns.var(ddof=1) / 9 - (rest**2).sum() / (5 * 8 * 6 * 9)
    found = variance_of(cells_of(form, pairs, np.ones(15, dtype=bool), np.arange(15)))
    assert found == pytest.approx(unbiased, rel=1e-12)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.booleans())
def test_the_variance_is_the_sum_over_all_pairs_of_pairs_that_share_a_patient(
    seed: int, patients: int, crossed: bool
) -> None:
    # The definition, one product after the other; patients may have cases of both classes, pairs be missing.
    rng = np.random.default_rng(seed)
    groups, y = lesions(rng, patients, crossed)
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
    found = variance_of(cells_of(form, pairs, np.ones(groups.size, dtype=bool), groups))
    assert found == pytest.approx(max(own, independent) / (1.0 - common), rel=1e-9, abs=1e-15)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(4, 8), st.booleans())
def test_without_a_patient_the_variance_is_that_of_the_others(
    seed: int, patients: int, crossed: bool
) -> None:
    rng = np.random.default_rng(seed)
    groups, y = lesions(rng, patients, crossed)
    pairs = comparable_pairs(y, rng.integers(0, 2, (2, groups.size)))
    form = rng.normal(size=pairs.together.shape) * pairs.together
    everyone = np.ones(groups.size, dtype=bool)
    whole = cells_of(form, pairs, everyone, groups)
    found = variances_without_each(whole)
    assert found.shape == whole.kind.shape
    there = np.unique(groups[np.r_[pairs.positive, pairs.negative]])
    for value, patient in zip(found, there, strict=True):
        others = cells_of(form, pairs, everyone & (groups != patient), groups)
        expected = variance_of(others)
        excess = others.form - others.weight * (others.form.sum() / max(others.weight.sum(), 1.0))
        both = np.triu(excess + excess.T, 1)
        alone = ((excess.sum(axis=0) + excess.sum(axis=1) - np.diagonal(excess)) ** 2).sum()
        if np.isnan(expected):
            assert np.isnan(value) or abs(value) > 1e6  # a denominator that rounds to 0
        elif alone - (both**2).sum() > (both**2).sum():  # held at that of independent pairs else
            assert value == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_the_jackknife_draws_each_kind_of_patient_apart() -> None:
    values, kind = np.array([1.0, 2.0, 6.0, 100.0, 104.0]), np.array([1, 1, 1, 2, 2])
    # (n - 1) / n times the squares about the mean of each: 2/3 * (4 + 1 + 9) and 1/2 * (4 + 4)
    assert jackknife_variance(values, kind) == pytest.approx(2 / 3 * 14 + 4)


def test_the_jackknife_finds_the_variance_of_the_variance_of_a_mean() -> None:
    # Form x_i - y_j: the variance is s2_x / n, whose own is s4 (2 / (n - 1) + kurtosis / n) / n ** 2.
    rng = np.random.default_rng(12)
    _, pairs = frozen(60, 80)
    everyone, estimates, found = np.ones(140, dtype=bool), [], []
    for _ in range(400):
        x, y = rng.exponential(size=60), 1e-3 * rng.normal(size=80)
        cells = cells_of(x[:, None] - y, pairs, everyone, np.arange(140))
        estimates.append(variance_of(cells))
        found.append(jackknife_variance(variances_without_each(cells), cells.kind))
    assert np.mean(found) == pytest.approx(np.var(estimates), rel=0.35)
    assert np.mean(found) == pytest.approx((2 / 59 + 6 / 60) / 60**2, rel=0.35)


def test_a_variance_below_that_of_independent_pairs_is_not_believed() -> None:
    # Wins and losses that cancel in every row and column: taken at its word the variance would be negative.
    _, pairs = frozen(2, 2)
    form = np.array([[1.0, -1.0], [-1.0, 1.0]])
    found = variance_of(cells_of(form, pairs, np.ones(4, dtype=bool), np.arange(4)))
    assert found == pytest.approx(4 / 16 / (1 - 1 / 2 - 1 / 2 + 1 / 4))


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
        cells = cells_of(second - first, pairs, np.ones(y.size, dtype=bool), patient)
        changes.append((second - first).sum() / pairs.together.sum())
        estimates.append(variance_of(cells))
    # the variance of 3,000 values is itself known to some 3 % (heavy tails: 4)
    assert np.mean(estimates) / np.var(changes) == pytest.approx(1.0, abs=0.13)
