from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from robustrad.demo.phantom import (
    FINE_GRID,
    FINE_MM,
    FOLD,
    GRID,
    NECROSIS_UPTAKE,
    Lesion,
    Phantom,
    make_phantom,
)

PLAIN = Lesion(voxels=1500, uptake_suv=8.0, strength=0.0, correlation_mm=5.0, necrosis_fraction=0.0)


def inside(phantom: Phantom) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return the fine voxels that lie in the mask with one image voxel to spare."""
    core = ndimage.binary_erosion(phantom.mask, np.ones((3, 3, 3)))
    return np.asarray(core.repeat(FOLD, 0).repeat(FOLD, 1).repeat(FOLD, 2))


def test_the_fine_grid_covers_the_same_space() -> None:
    corner = np.asarray(GRID.origin) - np.asarray(GRID.spacing) / 2
    np.testing.assert_allclose(np.asarray(FINE_GRID.origin) - np.asarray(FINE_GRID.spacing) / 2, corner)
    assert FINE_GRID.size == tuple(FOLD * size for size in GRID.size)


def test_an_even_lesion_has_its_uptake_and_its_volume() -> None:
    """Voxels half way between tissue and tumor and up are as many as the mask's, to 2 %."""
    phantom = make_phantom(PLAIN, seed=0, patient=0)
    np.testing.assert_allclose(phantom.activity[inside(phantom)], 8.0, rtol=1e-12)
    milliliters = (phantom.activity > 4.4).sum() * FINE_MM**3 / 1000
    assert phantom.mask.sum() == PLAIN.voxels
    assert milliliters == pytest.approx(PLAIN.voxels * GRID.voxel_volume / 1000, rel=0.02)


@pytest.mark.parametrize("strength", [0.15, 0.4, 0.6])
def test_strength_is_the_sd_of_log_activity_and_the_mean_stays(strength: float) -> None:
    lesion = PLAIN._replace(strength=strength, voxels=3500)
    activity = make_phantom(lesion, seed=0, patient=1).activity
    values = activity[inside(make_phantom(lesion, seed=0, patient=1))]
    assert np.log(values).std() == pytest.approx(strength, rel=0.06)  # the rim is left out
    assert values.mean() == pytest.approx(8.0, rel=0.06)


@pytest.mark.parametrize("fraction", [0.05, 0.3])
def test_necrosis_takes_its_share(fraction: float) -> None:
    lesion = PLAIN._replace(necrosis_fraction=fraction, voxels=3500)
    activity = make_phantom(lesion, seed=0, patient=2).activity
    core = np.isclose(activity, NECROSIS_UPTAKE * 8.0, rtol=1e-9)
    expected = fraction * lesion.voxels * FOLD**3
    assert core.sum() == pytest.approx(expected, rel=0.1)  # where it reaches the rim it is diluted
    assert core.sum() <= round(expected)


def test_a_longer_correlation_is_smoother() -> None:
    def roughness(length: float) -> float:
        phantom = make_phantom(PLAIN._replace(strength=0.3, correlation_mm=length), seed=0, patient=3)
        where = inside(phantom)
        both = where & np.roll(where, 1, 2)
        log = np.log(phantom.activity)
        return float(np.abs(log - np.roll(log, 1, 2))[both].mean())

    assert roughness(3.5) > 1.3 * roughness(5.0) > 1.3**2 * roughness(7.5) > 0


def test_tissue_is_soft_tissue_and_an_organ() -> None:
    activity = make_phantom(PLAIN, seed=0, patient=0).activity
    tissue = activity[activity < 4]
    assert tissue.min() > 0.2
    assert 0.6 < np.percentile(tissue, 30) < 1.0


def test_body_and_texture_pattern_belong_to_seed_and_patient() -> None:
    one = make_phantom(PLAIN, seed=0, patient=0)
    assert np.array_equal(one.activity, make_phantom(PLAIN, seed=0, patient=0).activity)
    for seed, patient in ((0, 1), (1, 0)):
        assert not np.array_equal(one.mask, make_phantom(PLAIN, seed=seed, patient=patient).mask)
