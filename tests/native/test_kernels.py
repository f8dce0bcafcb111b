"""Filters and resampling against ITK and PyWavelets; shape and zones against closed forms and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import pywt
import SimpleITK as sitk

from robustrad.extract.native.angles import directions
from robustrad.extract.native.correlation import _as_pyradiomics, maximal_correlation
from robustrad.extract.native.cubes import TRIANGLES
from robustrad.extract.native.diameters import diameters
from robustrad.extract.native.discretize import discretize, lay_bins
from robustrad.extract.native.filters import gradient
from robustrad.extract.native.firstorder import NAMES, extent, first_order
from robustrad.extract.native.frame import TextureSettings, frame, workspace
from robustrad.extract.native.log import laplacian
from robustrad.extract.native.resample import interpolate, linear_taps, spline_block, spline_taps
from robustrad.extract.native.roi import Box, bounding_box, crop
from robustrad.extract.native.shape import mesh, principal
from robustrad.extract.native.texture import PLACES, texture_features
from robustrad.extract.native.wavelet import wavelet_bands


def _image(array: np.ndarray, spacing_zyx: tuple[float, float, float]) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing_zyx[::-1])
    return image


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16])
@pytest.mark.parametrize("seed", range(4))
def test_log_is_itks_to_the_last_bit(seed: int, dtype: type) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(int(v) for v in rng.integers(4, 40, 3))
    spacing = tuple(float(v) for v in rng.choice([0.977, 1.0, 2.0, 3.27], 3))
    voxels = rng.normal(0, 100, shape).astype(dtype)
    start = [int(rng.integers(0, n)) for n in shape]
    stop = [int(rng.integers(low + 1, n + 1)) for low, n in zip(start, shape, strict=True)]
    box = Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
    for sigma in (0.5, 1.0, 3.0):
        itk = sitk.LaplacianRecursiveGaussian(_image(voxels, spacing), sigma, True)
        expected = sitk.GetArrayFromImage(itk)[box.slices]
        mask = rng.random(box.shape) < 0.7
        mask[0, 0, 0] = True
        found = laplacian(voxels, spacing, sigma, box, crop(mask, Box((0, 0, 0), box.shape)))
        np.testing.assert_array_equal(found, expected[mask])


@pytest.mark.parametrize("use_spacing", [True, False])
def test_gradient_is_itks(use_spacing: bool) -> None:
    voxels = np.random.default_rng(0).normal(0, 100, (7, 9, 8))
    itk = sitk.GradientMagnitude(_image(voxels, (2.0, 1.5, 0.8)), use_spacing)
    ours = gradient(voxels, (2.0, 1.5, 0.8), use_spacing=use_spacing)
    np.testing.assert_allclose(ours, sitk.GetArrayFromImage(itk), rtol=2e-7)


@pytest.mark.parametrize(
    "name", ["coif1", "coif5", "haar", "db3", "db20", "bior2.4", "rbio1.3", "sym5", "dmey"]
)
@pytest.mark.parametrize("shape", [(12, 14, 16), (13, 15, 11)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_wavelet_is_pywavelets_to_the_last_bit(name: str, shape: tuple[int, int, int], dtype: type) -> None:
    rng = np.random.default_rng(1)
    voxels = rng.normal(0, 100, shape).astype(dtype)
    mask = rng.random(shape) < 0.4
    box = bounding_box(mask)
    assert box is not None
    even = np.pad(voxels, [(0, size % 2) for size in shape], "wrap")
    expected = pywt.swtn(even, name, level=1, start_level=0, axes=(2, 1, 0))[0]
    for band in wavelet_bands(voxels, box, crop(mask, box), wavelet=name):
        key = band.name.removeprefix("wavelet-").replace("L", "a").replace("H", "d")
        inside = expected[key][tuple(slice(0, size) for size in shape)][mask]
        np.testing.assert_array_equal(band.values, inside)


@pytest.mark.parametrize("method", ["spline", "linear"])
def test_resampling_is_itks_to_rounding(method: str) -> None:
    rng = np.random.default_rng(2)
    voxels = rng.normal(0, 1000, (9, 21, 34))
    image = _image(voxels, (3.27, 0.977, 0.977))
    size, spacing = [33, 20, 29], (1.0, 1.0, 1.0)
    origin = tuple(0.5 * (1.0 - old) for old in image.GetSpacing())
    kernel = sitk.sitkBSpline if method == "spline" else sitk.sitkLinear
    itk = sitk.Resample(image, size, sitk.Transform(), kernel, origin, spacing, image.GetDirection(), 0.0)
    old = image.GetSpacing()[::-1]
    where = [(np.arange(n) + 0.5) / step - 0.5 for n, step in zip(size[::-1], old, strict=True)]
    make = spline_taps if method == "spline" else linear_taps
    z, y, x = (make(position, n) for position, n in zip(where, voxels.shape, strict=True))
    if method == "spline":
        whole = spline_block(voxels, (0, 0, 0), (8, 20, 33))
        ours = interpolate(whole.values, (z, y, x), whole.start)
    else:
        ours = interpolate(voxels, (z, y, x), (0, 0, 0))
    np.testing.assert_allclose(ours, sitk.GetArrayFromImage(itk), rtol=0, atol=1e-9)


def test_spline_coefficients_of_a_box_are_those_of_the_whole_image() -> None:
    voxels = np.random.default_rng(3).normal(0, 1000, (100, 110, 120))
    whole = spline_block(voxels, (0, 0, 0), (99, 109, 119)).values
    part = spline_block(voxels, (45, 50, 55), (55, 60, 65))
    z, y, x = (slice(a, b) for a, b in ((45, 56), (50, 61), (55, 66)))
    moved = tuple(slice(s.start - o, s.stop - o) for s, o in zip((z, y, x), part.start, strict=True))
    np.testing.assert_array_equal(part.values[moved], whole[z, y, x])


@pytest.mark.parametrize("seed", range(6))
def test_diameters_are_those_of_all_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random(tuple(int(v) for v in rng.integers(2, 7, 3))) < 0.6
    mask[0, 0, 0] = mask[-1, -1, -1] = True
    spacing = (2.1, 0.9, 1.3)
    padded = np.pad(mask, 1)
    vertices = []
    for axis in range(3):
        inside = np.diff(padded.astype(int), axis=axis) != 0
        points = np.argwhere(inside).astype(float)
        points[:, axis] += 0.5
        vertices.append(points)
    points = np.concatenate(vertices) * spacing
    expected = np.zeros(4)
    for a, b in itertools.combinations(points, 2):
        distance = float(np.linalg.norm(a - b))
        expected[3] = max(expected[3], distance)
        for axis in range(3):
            if a[axis] == b[axis]:
                expected[axis] = max(expected[axis], distance)
    np.testing.assert_allclose(diameters(mask, spacing), expected, rtol=1e-12)


def test_mesh_of_a_box_and_its_axes() -> None:
    mask = np.ones((4, 5, 6), dtype=bool)
    spacing = (2.0, 1.0, 0.5)
    found = mesh(mask, spacing)
    # every corner cut off by a tetrahedron, every edge by a wedge: the volume in closed form
    a, b, c = (size * step for size, step in zip(mask.shape, spacing, strict=True))
    edges = 4 * ((a - 2.0) * 0.125 * 0.5 + (b - 1.0) * 0.125 + (c - 0.5) * 0.125 * 2)
    corners = 8 * (2 * 1 * 0.5 / 8) * (1 - 1 / 6)
    assert found.volume == pytest.approx(a * b * c - edges - corners, rel=1e-12)
    box = Box((0, 0, 0), (4, 5, 6))
    expected = sorted((size**2 - 1) / 12 * step**2 for size, step in zip(mask.shape, spacing, strict=True))
    np.testing.assert_allclose(principal(crop(mask, box).rows, 120, spacing), expected, rtol=1e-12)
    assert len(TRIANGLES) == 128


def test_texture_of_a_checkerboard_in_closed_form() -> None:
    z, y, x = np.indices((4, 4, 4))
    values = ((z + y + x) % 2).astype(float)
    mask = np.ones(values.shape, dtype=bool)
    roi = crop(mask, Box((0, 0, 0), (4, 4, 4)))
    settings = TextureSettings()
    base = frame(roi, settings)
    work = workspace(base, wide=False)
    levels = discretize(values.ravel(), lay_bins(0.0, 1.0, width=1.0), base.layout, work)
    wanted = ("glszm", "glrlm", "glcm")
    values = texture_features(levels, base, work, settings, (1.0, 1.0, 1.0), wanted)
    found = {
        name: {feature: values[place] for feature, place in places.items()} for name, places in PLACES.items()
    }
    assert found["levels"] == {"Entropy": pytest.approx(1.0), "Uniformity": 0.5}
    # by their corners all voxels of a color hang together: two zones of 32 voxels
    assert found["glszm"]["LargeAreaEmphasis"] == 32**2
    assert found["glszm"]["ZonePercentage"] == 2 / 64
    # 3 directions along the axes and 4 along the space diagonals change color at every step, 6 never do
    assert found["glcm"]["Contrast"] == pytest.approx(7 / 13)
    assert found["glrlm"]["LongRunEmphasis"] > 1


def test_directions_are_halved_and_clipped() -> None:
    assert len(directions((5, 5, 5), (1,), flat=None, both=False)) == 13
    assert len(directions((5, 5, 5), (1,), flat=None, both=True)) == 26
    assert len(directions((1, 5, 5), (1,), flat=None, both=True)) == 8
    assert len(directions((5, 5, 5), (1, 2), flat=0, both=True)) == 24
    assert len(directions((1, 1, 2), (2,), flat=None, both=True)) == 0
    assert directions((5, 5, 5), (1,), flat=None, both=False)[0].tolist() == [1, 1, 1]


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5])
def test_lines_are_those_that_hold_two_voxels(share: float) -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        mask = rng.random(tuple(int(v) for v in rng.integers(2, 7, 3))) < share
        mask[0, 0, 0] = mask[-1, 0, -1] = True
        roi = crop(mask, Box((0, 0, 0), mask.shape))
        base = frame(roi, TextureSettings())
        inside = [tuple(point) for point in np.argwhere(mask).tolist()]
        for angle, found in zip(base.near.tolist(), base.lines.tolist(), strict=True):
            ahead = {
                (z + k * angle[0], y + k * angle[1], x + k * angle[2])
                for z, y, x in inside
                for k in range(1, 7)
            }
            assert found == bool(ahead & set(inside))


@pytest.mark.parametrize("symmetrical", [True, False])
@pytest.mark.parametrize("levels", [5, 30, 90])
def test_maximal_correlation_is_that_of_the_full_problem(levels: int, symmetrical: bool) -> None:
    rng = np.random.default_rng(levels)
    for spread in (0.5, levels / 8, levels):
        first = rng.normal(levels / 2, levels / 6, 5000).round().clip(0, levels - 1).astype(int)
        second = (first + rng.normal(0, spread, 5000)).round().clip(0, levels - 1).astype(int)
        counts = np.zeros((levels, levels))
        np.add.at(counts, (first, second), 1)
        if symmetrical:
            counts += counts.T.copy()
        kept = counts.sum(axis=1) + counts.sum(axis=0) > 0
        matrices = (counts / counts.sum())[np.ix_(kept, kept)][None]
        matrices = np.ascontiguousarray(matrices)
        margins = np.stack([matrices.sum(axis=2), matrices.sum(axis=1)], axis=1)
        whole = margins[:, 0, :, None] * margins[:, 1, None, :] + np.spacing(1)
        share = float((np.spacing(1) / whole[matrices > 0]).max())
        scaled = matrices / np.sqrt(whole)
        found = maximal_correlation(matrices, scaled, margins, share, symmetrical=symmetrical)
        assert found == pytest.approx(_as_pyradiomics(matrices, margins), rel=1e-7)


@pytest.mark.parametrize("count", [2, 3, 10, 1001, 5000])
def test_percentiles_are_numpys(count: int) -> None:
    rng = np.random.default_rng(count)
    for values in (
        rng.normal(50, 9, count),
        np.round(rng.normal(0, 2, count)),
        rng.standard_cauchy(count) * 1e6,
    ):
        found = dict(zip(NAMES, first_order(values, extent(values), voxel_volume=1.0), strict=True))
        low, median, high = np.percentile(values, [10, 50, 90])
        assert (found["10Percentile"], found["Median"], found["90Percentile"]) == (low, median, high)
