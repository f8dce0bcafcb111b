"""Noise of a CT acquisition: its variance in the projections, its SD in the image, and a draw of it.

Filtered back-projection is linear, so that only the noise needs to be reconstructed, not the patient.
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.ndimage import correlate1d

from robustrad.perturb.sample import Sample

from .attenuation import TISSUE_HU, WATER_PER_MM, Section
from .kernels import CUTOFF_PER_MM, Kernel, apodization
from .projector import backproject, project, scale

Array = NDArray[np.float64]
Single = NDArray[np.float32]

DETECTOR_MM = 1.0 / (2.0 * CUTOFF_PER_MM)
"""Distance of rays at the center, and the reference pitch of I0."""
REFERENCE_VIEWS = 1000
"""Views over 180 degrees to which I0 refers (1000 views of a full turn see every line twice)."""
HU_PER_MU = 1000.0 / WATER_PER_MM
COARSE_VIEWS = 120
OVERSAMPLING = 4
"""Points per detector at which filtered noise is tabulated for linear interpolation."""
VIEW_BLOCK = 16
MARGIN = 16
"""Detectors beyond the image's shadow: the ramp filter's reach falls with the square of the distance."""


class Projections(NamedTuple):
    """Line integrals of a section on coarse rays.

    Attributes
    ----------
    paths : ndarray of float32, (view, detector, slice)
        p, the integral of attenuation along the ray; views at 0 to 180 degrees, both included.
    first : float
        Position of the first detector in mm.
    spacing : float
        Distance of the detectors in mm.
    """

    paths: Single
    first: float
    spacing: float


def project_section(section: Section) -> Projections:
    """Return the coarse projections of all slices."""
    spacing = min(section.spacing)
    count = 2 * ceil((section.reach + (MARGIN + 1) * DETECTOR_MM) / spacing) + 1
    detectors = np.asarray((np.arange(count) - count // 2) * spacing, dtype=np.float64)
    angles = np.linspace(0.0, np.pi, COARSE_VIEWS + 1)
    paths = project(
        section.mu,
        section.spacing,
        section.first,
        section.half,
        section.radius,
        WATER_PER_MM,
        angles,
        detectors,
    )
    return Projections(paths, float(detectors[0]), spacing)


def mean_over_views(section: Section, projections: Projections, values: Single) -> Array:
    """Return the mean over views (y, x, slice) of ``values`` on the rays through each coarse pixel."""
    total = np.zeros_like(section.mu)
    angles = np.linspace(0.0, np.pi, COARSE_VIEWS + 1)[:-1]
    backproject(
        total,
        values[:-1],
        angles,
        section.centers(0),
        section.centers(1),
        projections.first,
        projections.spacing,
    )
    return np.asarray(total / COARSE_VIEWS, dtype=np.float64)


def tissue_of(section: Section) -> NDArray[np.bool_]:
    """Return the coarse pixels (y, x, slice) above -300 HU."""
    return np.asarray(section.mu > WATER_PER_MM * (1.0 + TISSUE_HU / 1000.0))


def variance_gain(kernel: Kernel) -> float:
    """Return the variance in HU^2 of a pixel per unit variance of the reference rays through it.

    pi^2 detector / views x integral of f^2 A(f)^2 df, in units of HU (Kak and Slaney, Principles of
    Computerized Tomographic Imaging, doi 10.1137/1.9780898719277, section 5.2).
    """
    frequency = np.linspace(0.0, CUTOFF_PER_MM, 2001)
    integral = 2.0 * np.trapezoid((frequency * apodization(kernel, frequency)) ** 2, frequency)
    return float(HU_PER_MU**2 * np.pi**2 * DETECTOR_MM / REFERENCE_VIEWS * integral)


def reconstruct_noise(
    sample: Sample,
    projections: Projections,
    sd: Single,
    *,
    kernel: Kernel,
    taps: Array,
    rng: np.random.Generator,
) -> Array:
    """Return a draw (z, y, x) in HU of noise reconstructed by filtered back-projection.

    Parameters
    ----------
    sample : Sample
        Gives the pixels; they are points, as in a scanner.
    projections : Projections
        The rays on which ``sd`` stands.
    sd : ndarray of float32, (view, detector, slice)
        SD of the noise of the reference rays, independent from ray to ray.
    kernel : str
        Apodization of the ramp.
    taps : ndarray
        Weights over neighboring slices, their squares summing to one.
    rng : numpy.random.Generator
        Draws the noise.
    """
    slices, height, width = sample.voxels.shape
    _, dy, dx = sample.grid.spacing_zyx
    ys = (np.arange(height) - (height - 1) / 2.0) * dy
    xs = (np.arange(width) - (width - 1) / 2.0) * dx
    count = next_fast_len(2 * (ceil(np.hypot(ys[-1], xs[-1]) / DETECTOR_MM) + MARGIN) + 1, real=True)
    first = -(count - 1) / 2.0 * DETECTOR_MM
    views = _views(height * dy, width * dx, min(dy, dx))
    angles = (np.arange(views) + 0.5) * np.pi / views
    transfer = _transfer(kernel, count) * np.float32(np.pi * HU_PER_MU / np.sqrt(views * REFERENCE_VIEWS))
    at = (first + np.arange(count) * DETECTOR_MM - projections.first) / projections.spacing
    image = np.zeros((height, width, slices), dtype=np.float32)
    for start in range(0, views, VIEW_BLOCK):
        block = angles[start : start + VIEW_BLOCK]
        noise = rng.standard_normal((len(block), count, slices + len(taps) - 1), dtype=np.float32)
        noise = _over_slices(noise, taps)
        scale(noise, sd, block * (COARSE_VIEWS / np.pi), at)
        lines = irfft(rfft(noise, axis=1) * transfer[:, None], n=count * OVERSAMPLING, axis=1)
        backproject(image, lines, block, ys, xs, first, DETECTOR_MM / OVERSAMPLING)
    return np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float64)


def _over_slices(noise: Single, taps: Array) -> Single:
    if len(taps) == 1:
        return noise
    half = len(taps) // 2
    filtered = correlate1d(noise, taps, axis=2, mode="constant")
    return np.ascontiguousarray(filtered[:, :, half:-half])


def _views(height_mm: float, width_mm: float, pixel_mm: float) -> int:
    """Return as many views as fill the image's band: neighboring spokes no farther apart than 1 / extent."""
    band = min(CUTOFF_PER_MM, 0.5 / pixel_mm)
    return max(180, ceil(np.pi * band * max(height_mm, width_mm)))


def _transfer(kernel: Kernel, count: int) -> Single:
    """Return ramp x apodization on ``rfftfreq``, undoing what linear interpolation of the table smooths."""
    frequency = rfftfreq(count, DETECTOR_MM)
    smoothed = np.sinc(frequency * DETECTOR_MM / OVERSAMPLING) ** 2
    transfer = OVERSAMPLING * frequency * apodization(kernel, frequency) / smoothed
    if count % 2 == 0:
        transfer[-1] /= 2.0  # the highest frequency has no twin once the table is finer
    return np.asarray(transfer, dtype=np.float32)
