"""The power spectrum of image noise, measured on small patches whose trend was taken out.

Removing a trend from a small patch takes away noise as well: with a correlation length of 3 pixels a third of
its variance. What is lost is known exactly once the spectrum is known. The noise is modeled as stationary
in-plane with a radial spectrum, a sum of non-negative hat functions of the spatial frequency; the expected
power of every mode of a detrended patch is linear in their weights, which are found by least squares.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pywt
from numpy.typing import NDArray
from scipy.fft import dctn
from scipy.optimize import nnls

Array = NDArray[np.float64]

KNOTS = 0.04 * np.arange(19)
"""Spatial frequencies of the hat functions, cycles per pixel, beyond the corner of the band, sqrt(0.5)."""
FINE = 200
"""Points per axis of the frequency grid on which the hat functions are integrated (steps of 0.005)."""
SMOOTHNESS = 0.01
"""Weight of the second differences of the spectrum, relative to the data."""


class Detrend(NamedTuple):
    """What removing a trend does to stationary noise on square patches of one size.

    Attributes
    ----------
    basis : ndarray, (n, m)
        Orthonormal polynomials of the trend over the n pixels of a patch.
    modes : ndarray, (n, j)
        Expected power of every cosine mode (DCT-II) of the residual for unit weight of each hat function.
    products : ndarray, (j, j)
        Traces of products of the residual's covariances: the degrees of freedom of its variance.
    lags : ndarray, (j, 4)
        Autocovariance of each hat function at lag 0, at one and two pixels along an axis, and at (1, 1).
    """

    basis: Array
    modes: Array
    products: Array
    lags: Array


class NoiseSpectrum(NamedTuple):
    """A noise spectrum in units of the noise's own variance.

    Attributes
    ----------
    retained : float
        Share of the noise's variance that is left in a detrended patch.
    freedom : float
        Degrees of freedom of the variance of one detrended patch.
    autocorrelation : float
        Largest absolute autocorrelation at one or two pixels along an axis or at the diagonal neighbor.
    weights : ndarray, (j,)
        Power at ``KNOTS``; white noise has 1 everywhere.
    """

    retained: float
    freedom: float
    autocorrelation: float
    weights: Array


@lru_cache(maxsize=8)
def detrend(size: int, degree: int = 2) -> Detrend:
    """Return what removing a polynomial of total ``degree`` does on patches of ``size`` x ``size`` pixels."""
    basis = _polynomials(size, degree)
    covariances = _hat_covariances(size)
    rows, columns = np.divmod(np.arange(size * size), size)
    dy = np.abs(rows[:, None] - rows[None, :])
    dx = np.abs(columns[:, None] - columns[None, :])
    modes, residuals = [], []
    for covariance in covariances:
        full = covariance[dy, dx]
        left = full - basis @ (basis.T @ full)
        residual = left - (left @ basis) @ basis.T
        half = dctn(residual.reshape(-1, size, size), axes=(1, 2), norm="ortho").reshape(size**2, -1)
        both = dctn(half.T.reshape(-1, size, size), axes=(1, 2), norm="ortho").reshape(size**2, -1)
        modes.append(np.diagonal(both).copy())
        residuals.append(residual.astype(np.float32).ravel())
    stacked = np.stack(residuals)
    products = (stacked @ stacked.T).astype(np.float64)
    lags = np.stack([covariances[:, y, x] for y, x in ((0, 0), (0, 1), (0, 2), (1, 1))], axis=1)
    return Detrend(basis, np.stack(modes, axis=1), products, lags)


def residuals(patches: Array, degree: int = 2) -> Array:
    """Return ``patches`` (n, size, size) without their polynomial trend."""
    size = patches.shape[1]
    flat = patches.reshape(len(patches), -1)
    basis = detrend(size, degree).basis
    return (flat - (flat @ basis) @ basis.T).reshape(patches.shape)


def fit_spectrum(patches: Array, degree: int = 2) -> NoiseSpectrum:
    """Return the noise spectrum of detrended ``patches`` (n, size, size), all of one noise."""
    size = patches.shape[1]
    model = detrend(size, degree)
    power = dctn(patches, axes=(1, 2), norm="ortho") ** 2
    observed = (power.mean(axis=0) / power.mean()).ravel()
    weights = _weights(model.modes, observed)
    weights = _weights(model.modes, observed, spread=model.modes @ weights)
    variances = weights @ model.lags
    expected = model.modes @ weights
    return NoiseSpectrum(
        retained=float(expected.mean() / variances[0]),
        freedom=float(expected.sum() ** 2 / (weights @ model.products @ weights)),
        autocorrelation=float(np.abs(variances[1:] / variances[0]).max()),
        weights=weights / variances[0],
    )


@lru_cache(maxsize=1)
def _hh1_gains() -> Array:
    """Return the mean power that coif1's diagonal details keep of each hat function."""
    taps = np.asarray(pywt.Wavelet("coif1").dec_hi)
    response = np.abs(np.fft.fft(taps, FINE)) ** 2
    return np.asarray((_hats() * response[:, None] * response[None, :]).mean(axis=(1, 2)))


def hh1_gain(weights: Array) -> float:
    """Return the variance of coif1's diagonal details of noise of that spectrum, 1 for white noise."""
    return float(weights @ _hh1_gains())


def _weights(modes: Array, observed: Array, spread: Array | None = None) -> Array:
    scale = (
        np.ones_like(observed) if spread is None else 1.0 / np.sqrt(np.maximum(spread, 0.02 * spread.max()))
    )
    count = modes.shape[1]
    bend = np.diff(np.eye(count), 2, axis=0) * SMOOTHNESS * np.sqrt(len(observed))
    system = np.concatenate([modes * scale[:, None], bend])
    weights, _ = nnls(system, np.concatenate([observed * scale, np.zeros(len(bend))]))
    return np.asarray(weights)


def _polynomials(size: int, degree: int) -> Array:
    axis = np.linspace(-1.0, 1.0, size)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    terms = [(y**i * x**j).ravel() for i in range(degree + 1) for j in range(degree + 1 - i)]
    return np.asarray(np.linalg.qr(np.stack(terms, axis=1))[0])


def _hat_covariances(size: int) -> Array:
    """Return the autocovariance (j, size, size) of each hat function at lags 0 to size - 1 along y and x."""
    return np.asarray(np.fft.ifft2(_hats()).real[:, :size, :size])


def _hats() -> Array:
    """Return the hat functions (j, y, x) over the band."""
    axis = np.fft.fftfreq(FINE)
    radius = np.hypot(axis[:, None], axis[None, :])
    step = KNOTS[1] - KNOTS[0]
    return np.asarray(np.clip(1.0 - np.abs(radius[None] - KNOTS[:, None, None]) / step, 0.0, None))
