"""Noise of known SD and spectrum, and backgrounds that look like anatomy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from robustrad.core.geometry import Voxels

Shape = tuple[int, int, int]


def white(shape: Shape, rng: np.random.Generator) -> Voxels:
    """Return independent noise of SD 1."""
    return rng.normal(size=shape)


def smooth(shape: Shape, rng: np.random.Generator, *, fwhm: float, along_z: bool = True) -> Voxels:
    """Return noise of SD 1: white noise seen through a Gaussian of ``fwhm`` voxels."""
    transfers = []
    for axis, size in enumerate(shape):
        width = fwhm / math.sqrt(8 * math.log(2)) if axis or along_z else 0.0
        transfers.append(np.exp(-2 * (np.pi * width * np.fft.fftfreq(size)) ** 2))
    return _colored(rng.normal(size=shape), np.einsum("i,j,k->ijk", *transfers))


def ramp(shape: Shape, rng: np.random.Generator, *, window: str = "hann", band: float = 0.5) -> Voxels:
    """Return noise of SD 1 with the spectrum of filtered backprojection in-plane, f times window squared."""
    radius = np.hypot(np.fft.fftfreq(shape[1])[:, None], np.fft.fftfreq(shape[2]))
    share = np.minimum(radius / band, 1.0)
    windows = {"hann": 0.5 * (1 + np.cos(np.pi * share)), "cosine": np.cos(np.pi * share / 2)}
    windows["none"] = np.ones_like(share)
    amplitude = np.sqrt(radius) * np.where(radius < band, windows[window], 0.0)
    return _colored(rng.normal(size=shape), np.broadcast_to(amplitude, shape))


NOISES = {
    "white": white,
    **{
        f"fwhm {fwhm}": lambda shape, rng, fwhm=fwhm: smooth(shape, rng, fwhm=fwhm)
        for fwhm in (1.0, 1.5, 2.0, 2.5, 3.0)
    },
    "fwhm 3 in-plane": lambda shape, rng: smooth(shape, rng, fwhm=3.0, along_z=False),
    "ramp hann": ramp,
    "ramp cosine": lambda shape, rng: ramp(shape, rng, window="cosine"),
    "ramp bare": lambda shape, rng: ramp(shape, rng, window="none"),
    "ramp smooth": lambda shape, rng: ramp(shape, rng, band=0.3),
}


def anatomy(shape: Shape, rng: np.random.Generator, *, edges: float, variation: float) -> Voxels:
    """Return a smooth background (SD ``variation``) with ellipsoidal organs and lesions (up to ``edges``)."""
    field = ndimage.gaussian_filter(rng.normal(size=shape), (6, 14, 14), mode="wrap")
    image: NDArray[np.float64] = field / field.std() * variation
    grid = np.ogrid[tuple(map(slice, shape))]
    for _ in range(14 if shape[2] > 100 else 3):
        center = [rng.uniform(0, size) for size in shape]
        radius = rng.uniform(0.06, 0.22) * min(shape[1:]) * np.array([1.0, rng.uniform(0.6, 1.4), 1.0])
        radius[0] = max(2.0, radius[0] * min(1.0, 1.5 * shape[0] / shape[1]))
        norm = np.sqrt(sum(((g - c) / r) ** 2 for g, c, r in zip(grid, center, radius, strict=True)))
        image = image + rng.uniform(-1, 1) * edges / (
            1 + np.exp(np.clip((norm - 1) * radius[1] / 0.7, -50, 50))
        )
    return image


def _colored(noise: Voxels, transfer: Voxels) -> Voxels:
    gain = math.sqrt(float(np.mean(transfer**2)))
    return np.asarray(np.fft.ifftn(np.fft.fftn(noise) * transfer).real / gain)
