"""Calibration: gold numbers of statsmodels, exact recovery of a known miscalibration, undefined cases."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from robustrad.drift.metrics.calibration import (
    brier,
    calibration_in_the_large,
    calibration_line,
    expected_calibration_error,
    scaled_brier,
)


@pytest.fixture(scope="module")
def gold(data_dir: Path) -> dict:
    return json.loads((data_dir / "reference" / "statistics_oracle.json").read_text())["delong"]


def test_equals_statsmodels_on_the_gold_file(gold: dict) -> None:
    y, p, expected = gold["data"]["y"], gold["data"]["p1"], gold["calibration_p1"]
    line = calibration_line(y, p)
    np.testing.assert_allclose(line.slope, expected["slope"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(line.intercept, expected["intercept_joint"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(calibration_in_the_large(y, p), expected["citl"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(brier(y, p), expected["brier"], rtol=0, atol=1e-12)


def made(seed: int = 0, n: int = 300, m: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1.5, (n, m))
    return (rng.random(n) < expit(x[:, 0])).astype(int), expit(x + rng.normal(0, 0.5, (n, m)))


def test_columns_and_weights_equal_a_glm_of_repeated_rows() -> None:
    y, p = made()
    counts = np.random.default_rng(1).multinomial(300, np.full(300, 1 / 300), size=4).T.astype(float)
    line = calibration_line(y, p, weights=counts)
    large = calibration_in_the_large(y, p, weights=counts)
    for j in range(4):
        rows = np.repeat(np.arange(300), counts[:, j].astype(int))
        x = logit(p[rows, j])
        fit = sm.GLM(y[rows], sm.add_constant(x), family=sm.families.Binomial()).fit(tol=1e-14)
        only = sm.GLM(y[rows], np.ones(rows.size), family=sm.families.Binomial(), offset=x).fit(tol=1e-14)
        np.testing.assert_allclose([line.intercept[j], line.slope[j]], fit.params, rtol=0, atol=1e-9)
        np.testing.assert_allclose(large[j], only.params[0], rtol=0, atol=1e-9)
        np.testing.assert_allclose(
            brier(y, p, weights=counts)[j], np.mean((p[rows, j] - y[rows]) ** 2), rtol=1e-12
        )


def test_a_known_distortion_of_the_logits_is_found() -> None:
    y, p = made(m=1)
    base = calibration_line(y, p)
    distorted = calibration_line(y, expit(2.0 * logit(p) + 0.7))
    # logit(y) = a + b x  and  x' = 2 x + .7  give  b' = b / 2 and a' = a - .35 b
    np.testing.assert_allclose(distorted.slope, base.slope / 2, rtol=1e-9)
    np.testing.assert_allclose(distorted.intercept, base.intercept - 0.35 * base.slope, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("y", "p", "status"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8], "separated"),
        ([0, 0, 1, 1], [0.8, 0.7, 0.7, 0.1], "separated"),
        ([0, 1, 0, 1], [0.4] * 4, "constant"),
        ([1, 1, 1, 1], [0.1, 0.2, 0.7, 0.8], "one_class"),
    ],
)
def test_what_has_no_finite_slope_is_nan_with_a_status(y: list, p: list, status: str) -> None:
    line = calibration_line(y, p)
    assert line.status[0] == status
    assert np.isnan(line.slope[0])
    assert np.isnan(calibration_in_the_large(y, p)[0]) == (status == "one_class")
    assert np.isnan(scaled_brier(y, p)[0]) == (status == "one_class")


def test_predictions_of_exactly_0_and_1_are_clipped() -> None:
    y = [0, 1, 0, 1, 1, 0]
    line = calibration_line(y, [0.0, 1.0, 1.0, 0.0, 1.0, 0.0])
    assert np.isfinite(line.slope[0])
    assert np.isfinite(calibration_in_the_large(y, [0.0, 1.0, 1.0, 0.0, 1.0, 0.0])[0])


def test_the_brier_score_of_the_prevalence_scales_to_nothing() -> None:
    y = np.array([0, 0, 0, 1])
    np.testing.assert_allclose(scaled_brier(y, np.full(4, 0.25)), 0.0, atol=1e-15)
    np.testing.assert_allclose(scaled_brier(y, y.astype(float)), 1.0)


def test_the_calibration_error_is_the_gap_in_bins_of_equal_mass() -> None:
    y = np.array([0, 0, 1, 1, 0, 1, 1, 1])
    p = np.array([0.1, 0.1, 0.3, 0.3, 0.6, 0.6, 0.9, 0.9])
    by_hand = (abs(0 - 0.1) * 2 + abs(1 - 0.3) * 2 + abs(0.5 - 0.6) * 2 + abs(1 - 0.9) * 2) / 8
    np.testing.assert_allclose(expected_calibration_error(y, p, n_bins=4), by_hand)


def test_probabilities_outside_0_and_1_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        brier([0, 1], [0.5, 1.5])
