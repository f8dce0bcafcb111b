from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robustrad.perturbations.ct.attenuation import WATER_PER_MM, cut_reason, cut_share, section_of
from robustrad.perturbations.ct.insertion import (
    DETECTOR_MM,
    HU_PER_MU,
    MARGIN,
    REFERENCE_VIEWS,
    VIEW_BLOCK,
    _views,
    project_section,
    reconstruct_noise,
)
from robustrad.perturbations.ct.kernels import apodization
from robustrad.perturbations.ct.projector import backproject, project
from scipy.fft import next_fast_len

from robustrad.core.geometry import Grid
from tests.perturb_ct.phantoms import water


def chord(t, radius):
    return 2.0 * np.sqrt(np.maximum(radius**2 - t**2, 0.0))


def detectors_of(projections):
    return projections.first + projections.spacing * np.arange(projections.paths.shape[1])


def test_paths_through_a_cylinder_are_its_chords():
    projections = project_section(section_of(water(slices=2), body_diameter_mm=None))
    t = detectors_of(projections)
    inside = np.abs(t) < 90.0
    expected = WATER_PER_MM * chord(t, 100.0)[inside]
    assert projections.paths[:, inside] == pytest.approx(
        np.broadcast_to(expected[None, :, None], projections.paths[:, inside].shape), rel=0.02
    )
    assert projections.paths[:, np.abs(t) > 104.0].max() == pytest.approx(0.0, abs=1e-3)


def test_a_blob_off_the_center_casts_its_shadow_on_pixels_that_are_no_squares():
    sd, (y0, x0) = 12.0, (-17.0, 31.0)
    spacing, shape = (2.0, 3.0), (90, 80)
    first = tuple(-(n - 1) / 2.0 * step for n, step in zip(shape, spacing, strict=True))
    half = tuple(n * step / 2.0 for n, step in zip(shape, spacing, strict=True))
    y, x = (start + step * np.arange(n) for start, step, n in zip(first, spacing, shape, strict=True))
    blob = np.exp(-((y[:, None] - y0) ** 2 + (x[None, :] - x0) ** 2) / (2.0 * sd**2))
    mu = np.stack([blob, 0.5 * blob], axis=2).astype(np.float32)
    angles, t = np.linspace(0.0, np.pi, 13), np.linspace(-80.0, 80.0, 41)
    paths = project(mu, spacing, first, half, 0.0, 0.0, angles, t)
    # The integral of a Gaussian along a line at distance d from its middle.
    distance = t[None, :] - x0 * np.cos(angles)[:, None] - y0 * np.sin(angles)[:, None]
    expected = np.sqrt(2.0 * np.pi) * sd * np.exp(-(distance**2) / (2.0 * sd**2))
    # Linear interpolation widens the blob by a part of a pixel: at most 1 % of the highest path.
    assert paths[:, :, 0] == pytest.approx(expected, abs=0.01 * expected.max())
    assert paths[:, :, 1] == pytest.approx(0.5 * paths[:, :, 0], abs=1e-3)


def test_one_line_is_spread_over_the_pixels_in_its_way():
    angles = np.array([0.0, 0.6, 2.5])
    ys, xs = np.arange(-9.0, 10.0, 1.3), np.arange(-12.0, 10.0, 0.9)
    first, spacing, count = -20.0, 0.7, 60
    lines = np.zeros((3, count, 1), dtype=np.float32)
    lines[1, 25] = 1.0
    image = np.zeros((len(ys), len(xs), 1), dtype=np.float32)
    backproject(image, lines, angles, ys, xs, first, spacing)
    at = xs[None, :] * np.cos(0.6) + ys[:, None] * np.sin(0.6)
    hat = np.maximum(1.0 - np.abs(at - (first + 25 * spacing)) / spacing, 0.0)
    assert image[:, :, 0] == pytest.approx(hat, abs=1e-5)


def test_water_outside_restores_the_paths_of_a_cropped_body():
    whole = water(count=340, slices=2, diameter_mm=280.0)
    low, high = 110, 230
    crop = replace(
        whole,
        voxels=whole.voxels[:, low:high, low:high],
        mask=whole.mask[:, low:high, low:high],
        grid=Grid((120, 120, 2), whole.grid.spacing),
    )
    assert cut_share(whole) == 0.0
    assert cut_share(crop) == 1.0
    projections = project_section(section_of(crop, body_diameter_mm=280.0))
    t = detectors_of(projections)
    expected = np.broadcast_to((WATER_PER_MM * chord(t, 140.0))[None, :, None], projections.paths.shape)
    assert projections.paths == pytest.approx(expected, rel=1e-4)


def test_water_outside_is_added_only_where_tissue_is_cut():
    half = water(count=100, slices=1, diameter_mm=1000.0)
    voxels = half.voxels.copy()
    voxels[:, :, :50] = -1000.0
    section = section_of(half.with_image(voxels), body_diameter_mm=300.0)
    paths = project_section(section).paths[:, :, 0]
    # Rays along x (a view at 90 degrees): air on the left, 45 mm of water, then 150 - 45 mm of added water.
    view, center = len(paths) // 2, paths.shape[1] // 2
    assert paths[view, center] == pytest.approx(WATER_PER_MM * 150.0, rel=0.02)


def test_a_body_in_view_needs_no_diameter_and_does_not_use_one():
    sample = water(slices=1)
    assert cut_reason(sample, body_diameter_mm=None) is None
    assert section_of(sample, body_diameter_mm=400.0).radius == 0.0


def test_a_cropped_body_needs_a_diameter_beyond_the_image():
    cropped = water(count=100, slices=1, diameter_mm=300.0)
    assert "give body_diameter_mm" in (cut_reason(cropped, body_diameter_mm=None) or "")
    assert "larger body_diameter_mm" in (cut_reason(cropped, body_diameter_mm=60.0) or "")
    assert cut_reason(cropped, body_diameter_mm=300.0) is None


@pytest.mark.parametrize("kernel", ["soft", "bone"])
def test_noise_is_filtered_back_projection_of_the_drawn_projections(kernel):
    sample = water(count=24, slices=2, pixel_mm=1.1, diameter_mm=20.0)
    projections = project_section(section_of(sample, body_diameter_mm=None))
    sd = np.exp(projections.paths / 2.0) / 1000.0
    noise = reconstruct_noise(
        sample, projections, sd, kernel=kernel, taps=np.ones(1), rng=np.random.default_rng(3)
    )
    expected = naive(sample, projections, sd, kernel)
    # Linear interpolation at a quarter of a detector errs by 0.6 % of the amplitude in the middle of the band
    # and by 2.4 % at its end.
    assert np.std(noise - expected) < 0.02 * np.std(expected)


def naive(sample, projections, sd, kernel):
    """Filtered back-projection ray by ray: exact trigonometric interpolation, no tables."""
    pixels = (np.arange(24) - 11.5) * 1.1
    views = _views(24 * 1.1, 24 * 1.1, 1.1)
    reach = int(np.ceil(np.hypot(pixels[-1], pixels[-1]) / DETECTOR_MM))
    count = next_fast_len(2 * (reach + MARGIN) + 1, real=True)
    t = (np.arange(count) - (count - 1) / 2.0) * DETECTOR_MM
    frequency = np.fft.fftfreq(count, DETECTOR_MM)
    rng = np.random.default_rng(3)
    image = np.zeros(sample.voxels.shape)
    for start in range(0, views, VIEW_BLOCK):
        block = (np.arange(start, min(start + VIEW_BLOCK, views)) + 0.5) * np.pi / views
        drawn = rng.standard_normal((len(block), count, 2), dtype=np.float32)
        for angle, lines in zip(block, drawn, strict=True):
            scale = bilinear(sd, angle * (len(sd) - 1) / np.pi, (t - projections.first) / projections.spacing)
            spectrum = np.fft.fft(lines * scale, axis=0)
            spectrum *= (np.abs(frequency) * apodization(kernel, frequency))[:, None]
            at = pixels[None, :] * np.cos(angle) + pixels[:, None] * np.sin(angle)
            phase = np.exp(2j * np.pi * (at[..., None] - t[0]) * frequency)
            image += np.moveaxis((phase @ spectrum).real / count, -1, 0)
    return image * np.pi / views * HU_PER_MU * np.sqrt(views / REFERENCE_VIEWS)


def bilinear(sd, view, detectors):
    i = int(view)
    j = detectors.astype(int)
    u, v = (detectors - j)[:, None], view - i
    low = sd[i, j] * (1 - u) + sd[i, j + 1] * u
    high = sd[i + 1, j] * (1 - u) + sd[i + 1, j + 1] * u
    return low * (1 - v) + high * v
