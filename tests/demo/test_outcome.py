from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import rankdata

from robustrad.demo import cohort
from robustrad.demo.outcome import INTERCEPT, PREVALENCE, SLOPE, OutcomeKind, assign_sites, orthogonal

OUTCOMES: tuple[OutcomeKind, ...] = ("texture", "volume")


def auc(outcome: NDArray[np.int64], score: NDArray[np.float64]) -> float:
    events = outcome == 1
    n1, n0 = events.sum(), (~events).sum()
    return float((rankdata(score)[events].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def test_slope_and_intercept_give_the_promised_auc_and_prevalence() -> None:
    score = np.linspace(-np.sqrt(3), np.sqrt(3), 20001)
    risk = expit(INTERCEPT + SLOPE * score)
    events, rest = risk / risk.sum(), (1 - risk) / (1 - risk).sum()
    assert risk.mean() == pytest.approx(PREVALENCE, abs=1e-4)
    assert (events * (np.cumsum(rest) - rest / 2)).sum() == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("n", [4, 8, 40, 301])
def test_texture_is_orthogonal_to_log_volume_in_the_sample(n: int, outcome: OutcomeKind) -> None:
    for seed in range(5):
        truth = cohort(n, seed=seed, outcome=outcome).truth
        correlation = np.corrcoef(truth["texture_strength"], np.log(truth["volume_ml"]))[0, 1]
        assert abs(correlation) < 1e-12
        assert truth["texture_strength"].std(ddof=0) == pytest.approx(0.15, abs=1e-12)
        assert truth["texture_strength"].min() > 0


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_truth_has_the_promised_auc_over_seeds(outcome: OutcomeKind) -> None:
    driver, other = (
        ("texture_strength", "volume_ml") if outcome == "texture" else ("volume_ml", "texture_strength")
    )
    tables = [cohort(100, seed=seed, outcome=outcome).truth for seed in range(40)]
    scores = {
        name: np.mean([auc(t["outcome"].to_numpy(), t[name].to_numpy()) for t in tables])
        for name in ("linear_predictor", driver, other)
    }
    # 40 samples of SD 0.044: the standard error is 0.007
    assert scores["linear_predictor"] == pytest.approx(0.8, abs=0.02)
    assert scores[driver] == scores["linear_predictor"]
    assert scores[other] == pytest.approx(0.5, abs=0.02)


def test_probabilities_are_calibrated() -> None:
    tables = [cohort(200, seed=seed).truth for seed in range(12)]
    probability = np.concatenate([t["probability"] for t in tables])
    outcome = np.concatenate([t["outcome"] for t in tables])
    for low in (0.1, 0.3, 0.5, 0.7):
        band = (probability >= low) & (probability < low + 0.2)
        assert outcome[band].mean() == pytest.approx(probability[band].mean(), abs=0.05)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("n", [4, 5, 8, 9, 40, 101])
def test_outcomes_and_sites_are_balanced(n: int, outcome: OutcomeKind) -> None:
    for seed in range(5):
        truth = cohort(n, seed=seed, outcome=outcome).truth
        assert truth["outcome"].sum() == round(0.45 * n)
        for group in (truth, truth[truth["outcome"] == 0], truth[truth["outcome"] == 1]):
            counts = group["site"].value_counts()
            assert set(counts.index) == {"A", "B"}
            assert abs(counts["A"] - counts["B"]) <= 1


def test_sites_say_nothing_about_what_is_planted() -> None:
    tables = [cohort(100, seed=seed).truth for seed in range(30)]
    for name in ("volume_ml", "texture_strength", "uptake_suv", "necrosis_fraction", "correlation_mm"):
        at_b = [auc((t["site"] == "B").to_numpy().astype(np.int64), t[name].to_numpy()) for t in tables]
        assert np.mean(at_b) == pytest.approx(0.5, abs=0.032)  # 3 standard errors of 0.0105


def test_a_patient_is_the_same_in_every_cohort_of_a_seed() -> None:
    own = [
        "case_id", "volume_ml", "uptake_suv", "correlation_mm", "necrosis_fraction", "noise_z",
    ]  # fmt: skip
    small = cohort(10, seed=4).truth[own]
    large = cohort(50, seed=4, site_effect="noise", outcome="volume").truth[own].iloc[:10]
    assert small.equals(large)
    assert not small.equals(cohort(10, seed=5).truth[own])


def test_the_site_effect_changes_neither_outcome_nor_site() -> None:
    plain = cohort(40, seed=2).truth
    for effect, column in (("psf", "psf_fwhm_mm"), ("noise", "noise_sd"), ("calibration", "gain")):
        changed = cohort(40, seed=2, site_effect=effect).truth  # type: ignore[arg-type]  # from the loop
        for same in ("site", "outcome", "texture_strength", "probability"):
            assert changed[same].equals(plain[same])
        differs = changed[column] != plain[column]
        assert (differs == (plain["site"] == "B")).all()


def test_orthogonal_leaves_the_residual_of_a_regression() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(3, 2, 30), rng.normal(size=30)
    residual = y - np.polyval(np.polyfit(x, y, 1), x)
    np.testing.assert_allclose(orthogonal(y, x), residual / residual.std(), atol=1e-12)


def test_sites_follow_the_order_drawn() -> None:
    sites = assign_sites(np.array([0, 0, 1, 1]), np.array([0.9, 0.1, 0.2, 0.8]))
    assert sites.tolist() == ["B", "A", "A", "B"]
