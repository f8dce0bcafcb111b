"""What has no features is refused by name, like PyRadiomics or better; nothing crashes the process."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from robustrad.core.errors import DataError
from robustrad.extract.engine import RegionRefusedError
from robustrad.extract.levels import GrayLevelsError
from tests.native.fuzz import draw
from tests.native.side_by_side import NATIVE, PYRADIOMICS, features, images, parameters, parity

BALL = np.zeros((12, 12, 12), dtype=bool)
BALL[3:9, 3:9, 3:9] = True


def _voxels() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 100, BALL.shape)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    voxels = _voxels()
    voxels[5, 5, 5] = bad
    for engine in (NATIVE, PYRADIOMICS):
        with pytest.raises(GrayLevelsError, match="NaN or infinite"):
            features(engine, *images(voxels, BALL), parameters({}))


def test_values_that_are_not_finite_outside_the_roi_do_no_harm() -> None:
    voxels = _voxels()
    voxels[0, 0, 0] = np.nan
    assert parity(*images(voxels, BALL), parameters({})).holds


@pytest.mark.parametrize("value", [0.0, 3.7, -1000.0])
@pytest.mark.parametrize("bins", [{"binWidth": 25}, {"binCount": 16}])
def test_constant_regions_have_pyradiomics_values(value: float, bins: dict[str, object]) -> None:
    voxels = np.full(BALL.shape, value)
    assert parity(*images(voxels, BALL), parameters(bins)).holds


def test_one_voxel_is_refused() -> None:
    mask = np.zeros(BALL.shape, dtype=bool)
    mask[4, 4, 4] = True
    for engine in (NATIVE, PYRADIOMICS):
        with pytest.raises(RegionRefusedError, match=r"one voxel|1 segmented voxel"):
            features(engine, *images(_voxels(), mask), parameters({}))


def test_too_many_gray_levels_are_refused() -> None:
    voxels = np.linspace(0, 1, BALL.size).reshape(BALL.shape)
    asked = parameters({"binWidth": 1e-5})
    for engine in (NATIVE, PYRADIOMICS):
        with pytest.raises(GrayLevelsError, match="gray levels between"):
            features(engine, *images(voxels, BALL), asked)


def test_more_bins_than_numbers_between_the_extremes_are_refused() -> None:
    voxels = np.where(_voxels() > 0, 1.0, np.nextafter(1.0, 2.0))
    for engine in (NATIVE, PYRADIOMICS):
        with pytest.raises(GrayLevelsError, match="binCount 200 is more than the numbers"):
            features(engine, *images(voxels, BALL), parameters({"binCount": 200}))


def test_a_hundred_thousand_levels_are_no_matter_without_matrices() -> None:
    voxels = np.linspace(0, 1, BALL.size).reshape(BALL.shape)
    assert parity(*images(voxels, BALL), parameters({"binWidth": 1e-5}, classes={"firstorder": ()})).holds


def test_small_and_thin_regions_are_refused_with_the_setting_that_says_so() -> None:
    mask = np.zeros(BALL.shape, dtype=bool)
    mask[4, 4, 3:9] = True
    with pytest.raises(RegionRefusedError, match="minimumROIDimensions"):
        features(NATIVE, *images(_voxels(), mask), parameters({}))
    with pytest.raises(RegionRefusedError, match="minimumROISize"):
        features(NATIVE, *images(_voxels(), BALL), parameters({"minimumROISize": 216}))


def test_resegmentation_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(RegionRefusedError, match="resegmentRange"):
        features(NATIVE, *images(_voxels(), BALL), parameters({"resegmentRange": [5000.0, 6000.0]}))


def test_bins_that_overflow_the_pixel_type_are_refused() -> None:
    voxels = np.clip(_voxels(), -300, 300).astype(np.int16)
    voxels[5, 5, 5] = 32760
    with pytest.raises(GrayLevelsError, match="int16"):
        features(NATIVE, *images(voxels, BALL), parameters({"binWidth": 500}))


def test_a_grid_larger_than_memory_is_refused_before_it_is_made() -> None:
    asked = parameters({"resampledPixelSpacing": [1e-4, 1e-4, 1e-4]})
    for engine in (NATIVE, PYRADIOMICS):
        with pytest.raises(DataError, match=r"GiB of this machine\. Choose a coarser resampledPixelSpacing"):
            features(engine, *images(_voxels(), BALL), asked)


def _fuzz(*arguments: str) -> None:
    """Run the fuzzer in a process whose kernels check every index."""
    checked = {**os.environ, "NUMBA_BOUNDSCHECK": "1"}
    command = [sys.executable, "-m", "tests.native.fuzz", *arguments]
    done = subprocess.run(command, env=checked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def test_kernels_stay_within_their_arrays_on_a_few_random_cases() -> None:
    _fuzz("--cases", "12", "--seed", "1")


@pytest.mark.slow
def test_kernels_stay_within_their_arrays_on_many_random_cases() -> None:
    _fuzz("--cases", "600", "--seed", "2", "--oracle")


@pytest.mark.slow
def test_kernels_stay_within_their_arrays() -> None:
    """The same random cases in a process whose kernels check every index."""
    checked = {**os.environ, "NUMBA_BOUNDSCHECK": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "tests/native/test_engine.py",
    ]
    done = subprocess.run(command, env=checked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_what_no_tap_weighs_has_no_part_in_the_value_not_even_where_it_is_nan() -> None:
    # A NaN at the border, linear interpolation, a grid that leaves the image on one axis.
    case = draw(np.random.default_rng([2, 308]))
    assert np.isnan(case.voxels).any()
    assert case.asked.settings["interpolator"] == "sitkLinear"
    assert parity(*images(case.voxels, case.mask, case.spacing), case.asked, case.sampling).holds
