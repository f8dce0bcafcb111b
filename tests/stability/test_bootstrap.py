"""The vectorized bootstrap against a plain loop over the same resamples."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.stability.agreement import ccc
from robustrad.stability.anova import mean_squares
from robustrad.stability.bootstrap import bootstrap_limits
from robustrad.stability.forms import six_forms


def study(seed: int, n: int, k: int, draws: int, p: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    subjects = rng.normal(size=(n, 1, 1, p))
    return subjects + rng.normal(size=(1, k, 1, p)) * 0.3 + rng.normal(size=(n, k, draws, p)) * 0.4


@pytest.mark.parametrize(("k", "patients"), [(2, np.arange(12)), (4, np.arange(12)), (2, np.arange(12) // 2)])
def test_it_equals_a_loop_over_resamples(k, patients):
    seed, resamples, draws = 3, 200, 3
    values = study(0, 12, k, draws, 5)
    m = patients.max() + 1
    drawn = np.random.default_rng([seed, m]).multinomial(m, np.full(m, 1 / m), resamples)
    agreement, concordance = np.empty((resamples, 5)), np.empty((resamples, 5))
    for b, counts in enumerate(drawn):
        rows = np.repeat(np.arange(12), counts[patients])
        sample = values[rows]
        parts = [six_forms(mean_squares(sample[:, :, d]))["icc_a_1"].value for d in range(draws)]
        agreement[b] = np.mean(parts, axis=0)
        pairs = [ccc(sample[:, 0, d], sample[:, 1, d]).value for d in range(draws)]
        concordance[b] = np.mean(pairs, axis=0)
    found = bootstrap_limits(values, patients, resamples=resamples, seed=seed)
    np.testing.assert_allclose(found.icc_a_1.low, np.quantile(agreement, 0.025, axis=0), rtol=1e-9)
    np.testing.assert_allclose(found.icc_a_1.high, np.quantile(agreement, 0.975, axis=0), rtol=1e-9)
    if k == 2:
        np.testing.assert_allclose(found.ccc.low, np.quantile(concordance, 0.025, axis=0), rtol=1e-9)
    else:
        assert np.isnan(found.ccc.low).all()


def test_the_same_seed_gives_the_same_limits_and_another_seed_others():
    values = study(1, 20, 2, 4, 3)
    first, again, other = (bootstrap_limits(values, np.arange(20), seed=seed) for seed in (1, 1, 2))
    assert first.icc_a_1.low.tolist() == again.icc_a_1.low.tolist()
    assert first.icc_a_1.low.tolist() != other.icc_a_1.low.tolist()


def test_cases_of_one_patient_are_not_independent():
    """Twice the same twenty cases: as forty patients the interval is too short, as twenty it is as before."""
    values = study(2, 20, 2, 3, 1)
    twice = np.concatenate([values, values])
    alone = bootstrap_limits(values, np.arange(20)).icc_a_1
    patients = bootstrap_limits(twice, np.tile(np.arange(20), 2)).icc_a_1
    cases = bootstrap_limits(twice, np.arange(40)).icc_a_1
    width = (alone.high - alone.low)[0]
    assert (patients.high - patients.low)[0] == pytest.approx(width, rel=0.05)
    assert (cases.high - cases.low)[0] < 0.85 * width
