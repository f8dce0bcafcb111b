"""Gray levels as PyRadiomics forms them, and differences where images overlap."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from robustrad.core.geometry import Grid
from robustrad.perturb.sample import Sample
from robustrad.preview.pictures import difference, gray_levels, within

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from radiomics import imageoperations


@pytest.mark.parametrize(
    "settings", [{"binWidth": 0.25}, {"binWidth": 25}, {"binCount": 32}, {"binCount": 7}]
)
@pytest.mark.parametrize("offset", [0.0, -40.0])
def test_gray_levels_are_those_of_pyradiomics(settings: dict[str, Any], offset: float) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(offset, 30.0 if "binWidth" in settings and settings["binWidth"] == 25 else 2.0, 500)
    inside = np.ones(values.shape, dtype=bool)
    expected, _ = imageoperations.binImage(values.copy(), inside, **settings)
    np.testing.assert_array_equal(gray_levels(values, values, settings), expected)


@pytest.mark.parametrize(
    "settings",
    [
        {"resegmentRange": [2.0, 6.0], "resegmentMode": "absolute"},
        {"resegmentRange": [0.3, 0.8], "resegmentMode": "relative"},
        {"resegmentRange": [1.5], "resegmentMode": "sigma"},
    ],
)
def test_what_resegmentation_keeps_is_found_from_the_values_that_are_left(settings: dict[str, Any]) -> None:
    rng = np.random.default_rng(1)
    voxels, mask = rng.normal(4.0, 2.0, (6, 7, 8)), rng.random((6, 7, 8)) < 0.7
    image, roi = sitk.GetImageFromArray(voxels), sitk.GetImageFromArray(mask.astype(np.uint8))
    kept = sitk.GetArrayFromImage(imageoperations.resegmentMask(image, roi, **settings)) > 0
    assert 0 < kept.sum() < mask.sum()
    np.testing.assert_array_equal(mask & within(voxels, voxels[kept]), kept)


def test_images_on_another_grid_are_compared_where_they_overlap() -> None:
    grid = Grid((30, 20, 10), (2.0, 2.0, 2.0))
    coarse = grid.with_spacing((2.0, 2.0, 5.0), (30, 20, 4))
    ramps = [
        np.broadcast_to(
            g.points(np.indices(g.shape).reshape(3, -1).T.astype(float))[:, 2].reshape(g.shape), g.shape
        )
        for g in (grid, coarse)
    ]
    reference = Sample(ramps[0], ramps[0] > 0, grid)
    apart = difference(reference, ramps[1], coarse)
    assert np.isfinite(apart).any()
    assert np.nanmax(np.abs(apart[1:8])) < 1e-9  # a linear ramp is the same on every grid
