"""What a detrended patch keeps of noise, against simulation and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from robustrad.perturb.spectrum import KNOTS, detrend, fit_spectrum, hh1_gain, residuals
from tests.perturb.noise_models import NOISES, smooth


def patches(noise, size, count=36):
    stack = NOISES[noise]((count, 8 * size, 8 * size), np.random.default_rng(7))
    return stack.reshape(count, 8, size, 8, size).swapaxes(2, 3).reshape(-1, size, size)


CASES = [
    ("white", 8), ("fwhm 1.5", 12), ("fwhm 2.0", 12), ("fwhm 3.0", 16), ("ramp hann", 8), ("ramp smooth", 16),
]  # fmt: skip


@pytest.mark.parametrize(("noise", "size"), CASES)
def test_share_and_freedom_agree_with_simulation(noise, size):
    left = residuals(patches(noise, size))
    variance = np.mean(left**2, axis=(1, 2))
    found = fit_spectrum(left)
    # The noise has variance 1. 8 % of the variance are 4 % of the SD; the bent spectrum of smooth ramp noise
    # is the hardest for hat functions 0.04 wide.
    assert found.retained == pytest.approx(variance.mean(), rel=0.08)
    freedom = 2 * variance.mean() ** 2 / variance.var()
    assert found.freedom == pytest.approx(freedom, rel=0.15)


def test_white_noise_loses_the_six_terms_of_the_trend():
    """Known in closed form: 6 of 64 dimensions; the flat spectrum is the sum of all hat functions."""
    model = detrend(8)
    flat = np.ones(len(KNOTS))
    assert (model.lags.T @ flat) == pytest.approx([1, 0, 0, 0], abs=1e-9)
    assert (model.modes @ flat).sum() == pytest.approx(58, rel=1e-6)
    assert 58**2 / (flat @ model.products @ flat) == pytest.approx(58, rel=1e-5)


def test_trend_is_removed_exactly():
    y, x = np.mgrid[:12, :12]
    trend = 3.0 + 2.0 * y - x + 0.1 * y * x - 0.3 * x**2
    np.testing.assert_allclose(residuals(trend[None]), 0.0, atol=1e-10)


def test_gain_of_the_wavelet_details():
    assert hh1_gain(np.ones(len(KNOTS))) == pytest.approx(1.0, abs=1e-9)
    import pywt

    voxels = smooth((20, 128, 128), np.random.default_rng(0), fwhm=1.0)
    details = pywt.dwt(pywt.dwt(voxels, "coif1", axis=1)[1], "coif1", axis=2)[1]
    left = residuals(voxels.reshape(20, 16, 8, 16, 8).swapaxes(2, 3).reshape(-1, 8, 8))
    assert math.sqrt(hh1_gain(fit_spectrum(left).weights)) == pytest.approx(details.std(), rel=0.1)
