"""Volume by another name: rank correlations against scipy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import pearsonr, rankdata, spearmanr
from scipy.stats import t as student

from robustrad.audit.safeguards.volume import partial_spearman, spearman_with, volume_flags


def test_spearman_is_scipys_and_a_constant_has_none() -> None:
    rng = np.random.default_rng(0)
    volume = rng.lognormal(size=40)
    X = np.column_stack([volume**2, rng.integers(0, 5, 40).astype(float), np.full(40, 3.0), -volume])
    found = spearman_with(X, volume)
    assert found[0] == pytest.approx(1.0)
    assert found[1] == pytest.approx(spearmanr(X[:, 1], volume).statistic)
    assert np.isnan(found[2])
    assert found[3] == pytest.approx(-1.0)


def test_flags_at_nine_tenths_and_seven_tenths() -> None:
    assert volume_flags(np.array([0.95, -0.9, 0.89, -0.7, 0.69, np.nan])) == [
        "FLAG",
        "FLAG",
        "NOTE",
        "NOTE",
        "",
        "",
    ]


def test_partial_spearman_is_the_correlation_of_rank_residuals() -> None:
    rng = np.random.default_rng(1)
    volume = rng.normal(size=60)
    y = (volume + rng.normal(size=60) > 0).astype(int)
    X = np.column_stack([volume + rng.normal(size=60), rng.normal(size=60) + y])
    found = partial_spearman(X, y, volume)
    design = np.column_stack([np.ones(60), rankdata(volume)])

    def residual(values: np.ndarray) -> np.ndarray:
        ranks = rankdata(values)
        return ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]

    for j in range(2):
        expected = pearsonr(residual(X[:, j]), residual(y)).statistic
        assert found.rho[j] == pytest.approx(expected)
        # t with n - 3 degrees of freedom
        t = expected * np.sqrt(57 / (1 - expected**2))
        assert found.p[j] == pytest.approx(2 * student.sf(abs(t), 57))


def test_volume_itself_has_no_partial_association_to_report() -> None:
    rng = np.random.default_rng(2)
    volume = rng.lognormal(size=30)
    found = partial_spearman(np.column_stack([volume, rng.normal(size=30)]), np.arange(30) % 2, volume)
    assert np.isnan(found.rho[0])
    assert np.isnan(found.p[0])
    assert np.isfinite(found.p[1])
