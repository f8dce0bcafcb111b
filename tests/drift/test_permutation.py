"""Permuting the labels of the whole pipeline."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.permutation import arrangements, permuted_auc, permuted_order
from tests.drift.simulated import simulate


def test_a_signal_is_found_and_none_is_not():
    found = permuted_auc(simulate(60, k=1, signal=2.0), ModelSpec(), n=19, seed=1)
    assert found.p == pytest.approx(1 / 20)
    assert found.auc > 0.85
    assert abs(found.null.mean() - 0.5) < 0.1
    assert permuted_auc(simulate(60, k=1, signal=0.0, seed=3), ModelSpec(), n=19, seed=1).p > 0.05


def test_labels_stay_within_batches_and_with_their_patient():
    batch = np.repeat(["A", "B"], 30)
    data = simulate(60, k=1, batch=batch, groups=np.repeat(np.arange(30), 2))
    outcome = np.concatenate([np.repeat(np.arange(15) % 5 == 0, 2), np.repeat(np.arange(15) % 5 != 0, 2)])
    data = replace(data, outcome=outcome.astype(np.intp))
    moved = 0
    for number in range(20):
        y = data.outcome[permuted_order(data, 7, number)]
        assert (y[0::2] == y[1::2]).all()
        assert y[:30].sum() == data.outcome[:30].sum()
        moved += int((y != data.outcome).any())
    assert moved > 15
    np.testing.assert_array_equal(permuted_order(data, 7, -1), np.arange(60))


def test_prevalence_that_differs_by_site_is_no_signal():
    rng = np.random.default_rng(5)
    site = np.repeat([0, 1], 50)
    y = (rng.random(100) < np.where(site == 1, 0.85, 0.15)).astype(np.intp)
    values = rng.normal(size=(100, 1, 10)) + 3.0 * site[:, None, None]
    data = replace(simulate(100, k=1, p=10), values=values, outcome=y)
    blind = permuted_auc(data, ModelSpec(), n=19, seed=2)
    aware = permuted_auc(replace(data, batch=site.astype(str), batch_name="site"), ModelSpec(), n=19, seed=2)
    assert blind.p == pytest.approx(0.05)
    assert aware.p > 0.05
    assert aware.within == "batches"
    assert aware.null.mean() > 0.65


@pytest.mark.slow
def test_the_false_positive_rate_is_nominal():
    runs = 200
    p = [
        permuted_auc(
            simulate(40, k=1, p=30, signal=0.0, seed=seed), ModelSpec(), n=19, seed=seed, n_splits=3
        ).p
        for seed in range(runs)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.07


def test_labels_that_cannot_change_places_are_counted():
    lesions = np.repeat(np.arange(8), np.arange(1, 9))  # every patient with another number of lesions
    data = replace(simulate(lesions.size, k=1, groups=lesions), outcome=(lesions % 2).astype(np.intp))
    assert arrangements(data) == 1.0
    alone = replace(
        simulate(30, k=1, batch=np.repeat(["A", "B"], 15)), outcome=(np.arange(30) % 3 == 0).astype(int)
    )
    assert arrangements(alone) == math.comb(15, 5) ** 2
