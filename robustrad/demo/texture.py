"""Random fields with a correlation length: the heterogeneity of tumors and tissue."""

from __future__ import annotations

import numpy as np
from scipy import fft

from robustrad.core.geometry import Mask, Triple, Voxels


def gaussian_field(
    rng: np.random.Generator, shape: tuple[int, int, int], *, spacing_zyx: Triple, correlation_mm: float
) -> Voxels:
    """Draw a periodic Gaussian random field of mean 0 and variance 1.

    Its correlation at distance r is exp(-r^2 / (2 correlation_mm^2)): white noise times
    exp(-k^2 correlation_mm^2 / 4) in Fourier space (k in rad/mm), which blurs it with a Gaussian of
    SD correlation_mm / sqrt(2). A length of 0 gives white noise.
    """
    white = rng.standard_normal(shape)
    if correlation_mm == 0:
        return white
    transfer = gaussian_transfer(shape, spacing_zyx, correlation_mm / np.sqrt(2.0))
    return np.asarray(filtered(white, transfer) / np.sqrt(transfer_power(transfer, shape)))


def gaussian_transfer(shape: tuple[int, int, int], spacing_zyx: Triple, sd_mm: float) -> Voxels:
    """Return exp(-k^2 sd_mm^2 / 2) on the half grid of a real 3-D Fourier transform."""
    z, y = (2 * np.pi * fft.fftfreq(shape[axis], spacing_zyx[axis]) for axis in (0, 1))
    x = 2 * np.pi * fft.rfftfreq(shape[2], spacing_zyx[2])
    parts = [np.exp(-0.5 * (sd_mm * k) ** 2) for k in (z, y, x)]
    return np.asarray(parts[0][:, None, None] * parts[1][None, :, None] * parts[2][None, None, :])


def filtered(values: Voxels, transfer: Voxels) -> Voxels:
    """Return ``values`` filtered with ``transfer`` (periodic)."""
    return np.asarray(fft.irfftn(fft.rfftn(values) * transfer, s=values.shape))


def transfer_power(transfer: Voxels, shape: tuple[int, int, int]) -> float:
    """Return the variance that white noise of variance 1 keeps under ``transfer``."""
    weight = np.full(transfer.shape[2], 2.0)  # a half grid holds every column but the outer ones for two
    weight[0] = 1.0
    if shape[2] % 2 == 0:
        weight[-1] = 1.0
    return float((transfer**2 * weight).sum() / np.prod(shape))


def standardized(field: Voxels, where: Mask) -> Voxels:
    """Return ``field`` shifted and scaled to mean 0 and SD 1 over ``where``."""
    inside = field[where]
    return np.asarray((field - inside.mean()) / inside.std())
