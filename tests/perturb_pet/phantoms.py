"""Images with known answers: a point seen by a scanner, regions of even uptake, a hot ball."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import least_squares
from scipy.special import erf

from robustrad.core.geometry import Grid, Triple, Voxels
from robustrad.perturb.apply import apply
from robustrad.perturb.base import Perturbation
from robustrad.perturb.sample import Sample

FWHM_PER_SD = math.sqrt(8.0 * math.log(2.0))


def pet(voxels: Voxels, spacing: Triple = (4.0, 4.0, 4.0)) -> Sample:
    """Return a PET sample with the whole image as its mask; ``spacing`` is (x, y, z)."""
    size = (voxels.shape[2], voxels.shape[1], voxels.shape[0])
    grid = Grid(size, spacing, origin=(-30.0, 12.0, 700.0))
    return Sample(np.asarray(voxels, dtype=np.float64), np.ones(voxels.shape, bool), grid, "PT")


def applied(operator: Perturbation, sample: Sample, seed: int = 0) -> Sample:
    result = apply(operator, sample, np.random.default_rng(seed))
    assert isinstance(result, Sample), result
    return result


def point(fwhm_mm: float, spacing: Triple, count: int = 32) -> Sample:
    """Return a point, off the center, seen with a Gaussian of ``fwhm_mm``; voxels are means over boxes."""
    profiles = [_box_means(fwhm_mm / FWHM_PER_SD, step, count) for step in spacing[::-1]]
    return pet(np.einsum("i,j,k->ijk", *profiles), spacing)


def fitted_fwhm(profile: Voxels, step: float) -> float:
    """Return the FWHM of the Gaussian whose box means fit ``profile`` best (least squares)."""
    edges = np.arange(len(profile) + 1) * step
    center = np.average(edges[:-1] + step / 2.0, weights=profile)

    def residual(parameters: Voxels) -> Voxels:
        area, middle, sigma = parameters
        return np.asarray(area * np.diff(0.5 * erf((edges - middle) / (sigma * math.sqrt(2.0)))) - profile)

    found = least_squares(residual, [profile.sum(), center, 3.0], xtol=1e-12, ftol=1e-12)
    return FWHM_PER_SD * abs(float(found.x[2]))


def blurred_ball(radius: float, sigma: float, distance: Voxels) -> Voxels:
    """Return a ball of 1 in 0 seen through a Gaussian, in closed form, at ``distance`` from its center."""
    near = np.maximum(distance, 1e-6)
    root = sigma * math.sqrt(2.0)
    low, high = (radius - near) / root, (radius + near) / root
    rim = sigma / (near * math.sqrt(2.0 * math.pi)) * (np.exp(-(low**2)) - np.exp(-(high**2)))
    return np.asarray(0.5 * (erf(low) + erf(high)) - rim)


def _box_means(sigma: float, step: float, count: int) -> Voxels:
    edges = (np.arange(count + 1) - count / 2 + 0.3) * step
    return np.asarray(np.diff(0.5 * erf(edges / (sigma * math.sqrt(2.0)))) / step)
