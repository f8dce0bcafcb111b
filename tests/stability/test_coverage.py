"""Do the intervals cover what they claim? 2,000 and more simulated studies, one per feature."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.stability.anova import mean_squares
from robustrad.stability.bootstrap import bootstrap_limits
from robustrad.stability.fixed import fixed_limits
from robustrad.stability.forms import six_forms

STUDIES = 4000


def simulated(n: int, levels: np.ndarray, error: float, *, seed: int, studies: int = STUDIES) -> np.ndarray:
    rng = np.random.default_rng(seed)
    subjects = rng.normal(size=(n, 1, studies))
    return subjects + levels[:, None] + np.sqrt(error) * rng.normal(size=(n, levels.size, studies))


def coverage(low: np.ndarray, high: np.ndarray, truth: float) -> float:
    return float(((low <= truth) & (truth <= high)).mean())


@pytest.mark.parametrize(("n", "k", "error"), [(30, 4, 0.25), (20, 2, 1.0), (34, 5, 0.05)])
def test_mcgraw_wong_covers_normal_data(n, k, error):
    rng = np.random.default_rng(n)
    random_levels = np.sqrt(0.1) * rng.normal(size=(1, k, STUDIES))
    exchangeable = simulated(n, np.zeros(k), error, seed=n)
    one_way, consistency = (six_forms(mean_squares(exchangeable))[form] for form in ("icc_1_1", "icc_c_1"))
    agreement = six_forms(mean_squares(exchangeable + random_levels))["icc_a_1"]
    assert 0.93 <= coverage(one_way.low, one_way.high, 1 / (1 + error)) <= 0.97
    assert 0.93 <= coverage(consistency.low, consistency.high, 1 / (1 + error)) <= 0.97
    assert 0.93 <= coverage(agreement.low, agreement.high, 1 / (1 + 0.1 + error)) <= 0.985  # Satterthwaite


@pytest.mark.parametrize(
    ("n", "levels", "error"),
    [
        (34, [0, 0.3], 0.02),
        (34, [0, 1.0], 0.1),
        (20, [0, 0.3], 0.1),
        (34, [0, 0.2, 0.4, 0.6], 0.2),
        (100, [0, 0.5, 0.1], 0.5),
    ],
)
def test_fixed_limits_cover_a_fixed_bias(n, levels, error):
    levels = np.array(levels, dtype=float)
    truth = 1 / (1 + levels.var(ddof=1) + error)
    low, high = fixed_limits(mean_squares(simulated(n, levels, error, seed=n)))
    assert 0.92 <= coverage(low, high, truth) <= 0.97
    assert (low > truth).mean() <= 0.04


def test_fixed_limits_are_useful_where_mcgraw_wong_are_not():
    """n = 34, k = 2, bias 0.3 SD, ICC .939: the median lower limits are .21 and .90."""
    squares = mean_squares(simulated(34, np.array([0.0, 0.3]), 0.02, seed=1))
    random, fixed = six_forms(squares)["icc_a_1"], fixed_limits(squares)
    truth = 1 / (1 + 0.045 + 0.02)
    assert np.median(random.low) == pytest.approx(0.208, abs=0.02)
    assert coverage(random.low, random.high, truth) > 0.995
    assert np.median(fixed.low) == pytest.approx(0.895, abs=0.006)


def test_bootstrap_over_patients_covers_several_draws_of_a_level():
    """Five draws share the patient's own response to the level; the percentile interval is a little short."""
    n, draws, studies, rng = 34, 5, 600, np.random.default_rng(4)
    reference = rng.normal(size=(n, 1, 1, studies))
    response = 0.3 + np.sqrt(0.06) * rng.normal(size=(n, 1, 1, studies))
    level = reference + response + np.sqrt(0.04) * rng.normal(size=(n, 1, draws, studies))
    values = np.concatenate([np.broadcast_to(reference, level.shape), level], axis=1)
    mse, theta = 0.1 / 2, 0.045
    subjects = (2 * (1 + 0.1 / 4) - mse) / 2
    truth = subjects / (subjects + theta + mse)
    limits = bootstrap_limits(values, np.arange(n)).icc_a_1
    assert 0.89 <= coverage(limits.low, limits.high, truth) <= 0.97
    assert (limits.low > truth).mean() <= 0.04
