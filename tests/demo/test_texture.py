from __future__ import annotations

import numpy as np
import pytest

from robustrad.demo.texture import (
    filtered,
    gaussian_field,
    gaussian_transfer,
    standardized,
    transfer_power,
)

SHAPE = (32, 36, 40)
SPACING = (2.0, 2.0, 2.0)


def test_the_field_has_the_correlation_of_its_length() -> None:
    length, lags = 6.0, np.array([1, 2, 3, 5])
    sums = np.zeros(lags.size)
    variance = 0.0
    for seed in range(30):
        field = gaussian_field(np.random.default_rng(seed), SHAPE, spacing_zyx=SPACING, correlation_mm=length)
        variance += (field**2).mean() / 30
        for axis in range(3):
            sums += [(field * np.roll(field, lag, axis)).mean() / 90 for lag in lags]
    assert variance == pytest.approx(1.0, abs=0.05)
    np.testing.assert_allclose(sums, np.exp(-((2.0 * lags) ** 2) / (2 * length**2)), atol=0.05)


def test_length_zero_is_white_noise() -> None:
    field = gaussian_field(np.random.default_rng(0), SHAPE, spacing_zyx=SPACING, correlation_mm=0.0)
    assert field.std() == pytest.approx(1.0, abs=0.02)
    assert (field * np.roll(field, 1, 2)).mean() == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("shape", [(8, 8, 8), (8, 8, 9)])
def test_transfer_power_is_the_energy_of_the_impulse_response(shape: tuple[int, int, int]) -> None:
    transfer = gaussian_transfer(shape, SPACING, 2.5)
    impulse = np.zeros(shape)
    impulse[4, 4, 4] = 1.0
    assert transfer_power(transfer, shape) == pytest.approx(
        (filtered(impulse, transfer) ** 2).sum(), rel=1e-12
    )


def test_standardized_over_the_region_only() -> None:
    values = np.random.default_rng(1).normal(5, 3, SHAPE)
    where = values > 6
    inside = standardized(values, where)[where]
    assert inside.mean() == pytest.approx(0.0, abs=1e-12)
    assert inside.std() == pytest.approx(1.0, abs=1e-12)
