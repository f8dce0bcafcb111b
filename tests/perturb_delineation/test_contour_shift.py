"""The displaced contour: as strong as asked for, without bias, one contour on every grid."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import ndimage

from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.displacement import draw_waves, field, field_at
from robustrad.perturb.registry import find
from robustrad.perturb.surface import dice
from tests.perturb_delineation.lesions import (
    CT,
    ISOTROPIC,
    OBLIQUE,
    PET,
    dices,
    distances,
    draws,
    dumbbell,
    of,
    pieces,
    ratios,
    sphere,
)

ContourShift = find("contour_shift", where="tests")
TWO = (2.0, 2.0, 2.0)


def calibrated(sample, seed=1, **scalars):
    return ContourShift(**scalars).calibrate(sample, np.random.default_rng(seed))


@pytest.mark.parametrize("target", [0.95, 0.9, 0.8])
@pytest.mark.parametrize(
    ("radius", "spacing"), [(6.0, ISOTROPIC), (6.0, TWO), (12.0, CT), (15.0, PET), (30.0, PET)], ids=str
)
def test_mean_dice_meets_the_target_at_every_size(radius, spacing, target):
    sample = sphere(radius, spacing=spacing)
    assert sample.mask.sum() >= 64
    operator = calibrated(sample, target_dice=target)
    assert operator.attained_dice == pytest.approx(target, abs=0.005)
    assert dices(sample, draws(operator, sample, 20)).mean() == pytest.approx(target, abs=0.02)


@pytest.mark.parametrize("target", [0.95, 0.9, 0.8])
@pytest.mark.parametrize(("radius", "spacing"), [(6.0, ISOTROPIC), (12.0, TWO), (20.0, PET)], ids=str)
def test_mean_volume_is_kept(radius, spacing, target):
    """Displaced without correction, the ball would grow by 3 (amplitude / radius)^2: up to 10 % here."""
    sample = sphere(radius, spacing=spacing)
    operator = calibrated(sample, target_dice=target)
    found = ratios(sample, draws(operator, sample, 250))
    assert found.std() / math.sqrt(len(found)) < 0.009
    assert found.mean() == pytest.approx(1.0, abs=0.02)


def test_volume_of_single_draws_varies():
    sample = sphere(12.0, spacing=TWO)
    found = ratios(sample, draws(calibrated(sample, target_dice=0.9), sample, 20))
    assert found.std() > 0.03


@pytest.mark.parametrize("count", [1, 7, 19, 33])
def test_of_few_voxels_the_attainable_dice_is_reported(count):
    """A mask of few voxels may not reach the target: what its 16 draws reached is what is told."""
    mask = np.zeros((15, 15, 15), dtype=bool)
    order = np.argsort(np.linalg.norm(np.indices(mask.shape) - 7.0, axis=0).ravel(), kind="stable")
    mask.ravel()[order[:count]] = True
    sample = of(mask)
    operator = calibrated(sample, target_dice=0.95)
    if operator.amplitude_mm is None:
        assert "vanish or break apart" in operator.skip(sample)
        return
    found = dices(sample, draws(operator, sample, 60))
    tolerance = 4 * found.std() * math.sqrt(1 / 16 + 1 / 60)
    assert operator.attained_dice == pytest.approx(found.mean(), abs=tolerance + 0.005)


@pytest.mark.parametrize("amplitude", [1.0, 2.0])
def test_surface_moves_by_the_rms_asked_for(amplitude):
    """On a fine ball the radius in every direction is measured by the crossing of the mask's edge."""
    sample = sphere(20.0)
    radii = distances(sample.grid, (30.0, -20.0, 7.0))
    operator = calibrated(sample, amplitude_mm=amplitude)
    squares = []
    for mask in draws(operator, sample, 6):
        edge = mask & ~ndimage.binary_erosion(mask)
        beside = ndimage.binary_dilation(mask) & ~mask
        moves = np.concatenate([radii[edge], radii[beside]]) - 20.0
        squares.append(np.mean(moves**2) - 0.4**2)  # edge voxels lie 0.4 mm (SD) about the surface
    assert math.sqrt(np.mean(squares)) == pytest.approx(amplitude, rel=0.1)


@pytest.mark.parametrize("direction", [(1.0, 0, 0, 0, 1, 0, 0, 0, 1), OBLIQUE], ids=["axial", "oblique"])
@pytest.mark.parametrize("seed", [1, 2])
def test_one_draw_is_one_contour_on_every_grid(seed, direction):
    """Voxels of a third of the size: every third center is a coarse one, where both masks can be compared."""
    coarse = sphere(20.0, spacing=TWO, direction=direction)
    x, y, z = coarse.grid.size
    fine_grid = coarse.grid.with_spacing((2 / 3, 2 / 3, 2 / 3), (3 * x, 3 * y, 3 * z))
    operator = calibrated(coarse, amplitude_mm=2.0)
    fine_mask = distances(fine_grid, (30.0, -20.0, 7.0)) <= 20.0
    np.testing.assert_array_equal(fine_mask[1::3, 1::3, 1::3], coarse.mask)
    fine = type(coarse)(np.zeros(fine_mask.shape), fine_mask, fine_grid, "PT")
    one, other = (draws(operator, sample, 1, seed=seed)[0] for sample in (coarse, fine))
    assert dice(one, other[1::3, 1::3, 1::3]) > 0.97
    assert dice(one, coarse.mask) < 0.94  # the draw did move it


def test_a_draw_does_not_depend_on_the_orientation_of_the_array():
    """The same ball on an axial and on an oblique grid: the same places in the patient are inside."""
    axial, oblique = sphere(15.0, room=2.0), sphere(15.0, room=2.0, direction=OBLIQUE)
    operator = calibrated(axial, amplitude_mm=1.5)
    one, other = (draws(operator, sample, 1)[0] for sample in (axial, oblique))
    points = np.argwhere(one | ndimage.binary_dilation(one, iterations=3)).astype(float)
    world = axial.grid.points(points)
    steps = (world - oblique.grid.origin) @ np.array(OBLIQUE).reshape(3, 3) / oblique.grid.spacing
    there = other[tuple(np.rint(steps[:, ::-1]).astype(int).T)]
    here = one[tuple(points.astype(int).T)]
    assert dice(here, there) > 0.97


def test_amplitudes_share_one_field():
    """Twice the amplitude moves the same parts outwards."""
    sample = sphere(20.0, spacing=TWO)
    weak, strong = (draws(calibrated(sample, amplitude_mm=a), sample, 1)[0] for a in (1.0, 2.0))
    outwards, more = weak & ~sample.mask, strong & ~sample.mask
    assert (outwards & more).sum() > 0.85 * outwards.sum()


def test_correlation_length_sets_how_smooth_the_contour_is():
    sample = sphere(20.0)
    flips = []
    for length in (3.0, 6.0, 15.0):
        mask = draws(calibrated(sample, amplitude_mm=1.0, correlation_mm=length), sample, 1)[0]
        flips.append(sum(int(np.diff(mask, axis=axis).sum()) for axis in range(3)) / mask.sum() ** (2 / 3))
    assert flips == sorted(flips, reverse=True)


def test_the_field_has_the_covariance_it_claims():
    rng = np.random.default_rng(0)
    points = np.array([[0.0, 0, 0], [3, 0, 0], [0, 4, 3], [0, 0, 10]]) + np.array([400.0, -300.0, 1200.0])
    values = np.array(
        [
            field_at(draw_waves(rng), points, center=(380.0, -310.0, 1190.0), correlation_mm=5.0)
            for _ in range(4000)
        ]
    )
    found = values.T @ values / len(values)
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    np.testing.assert_allclose(found, np.exp(-(apart**2) / 50.0), atol=0.06)
    assert abs(values.mean()) < 0.05


def test_the_field_in_a_box_is_the_field_at_its_points():
    grid = sphere(6.0, spacing=CT, direction=OBLIQUE).grid
    waves = draw_waves(np.random.default_rng(1))
    box = (slice(1, 6, 2), slice(2, 9), slice(3, 8, 3))
    places = np.stack([axis.ravel() for axis in np.mgrid[box]], axis=1).astype(float)
    found = field(waves, grid, box=box, center=(29.0, -20.0, 8.0), correlation_mm=7.0)
    expected = field_at(waves, grid.points(places), center=(29.0, -20.0, 8.0), correlation_mm=7.0)
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-4)


def test_a_lesion_in_one_piece_stays_in_one_piece():
    sample = of(dumbbell(bridge=4))
    for mask in draws(calibrated(sample, amplitude_mm=1.0, correlation_mm=4.0), sample, 12):
        assert pieces(mask) == 1


def test_a_bridge_that_no_draw_leaves_whole_is_refused_with_the_reason():
    """Of 18 mm of bridge some millimeter moves inwards in every draw: its displacements are independent."""
    sample = of(dumbbell(bridge=1))
    operator = calibrated(sample, amplitude_mm=0.5, correlation_mm=1.0)
    found = apply(operator, sample, np.random.default_rng(1))
    assert isinstance(found, Skipped)
    assert "break apart" in found.reason
    assert "16 draws in a row" in found.reason
    uncalibrated = calibrated(sample, target_dice=0.8)
    assert uncalibrated.amplitude_mm is None
    assert "break apart" in uncalibrated.skip(sample)


def test_displacement_as_deep_as_the_lesion_is_skipped():
    sample = sphere(6.0)
    found = apply(calibrated(sample, amplitude_mm=7.0), sample, np.random.default_rng(0))
    assert isinstance(found, Skipped)
    assert "would vanish" in found.reason


def test_mask_without_a_surface_is_skipped():
    sample = of(np.ones((5, 6, 7), dtype=bool))
    for scalars in ({"amplitude_mm": 1.0}, {"target_dice": 0.9}):
        assert "no surface" in calibrated(sample, **scalars).skip(sample)


def test_mask_at_the_image_border_is_displaced_only_where_it_has_a_surface():
    mask = np.zeros((20, 30, 30), dtype=bool)
    mask[:, 10:20, :] = True  # a slab through the whole image
    sample = of(mask)
    for moved in draws(calibrated(sample, amplitude_mm=1.0), sample, 3):
        assert moved[:, 15, :].all()
        assert not np.array_equal(moved, mask)


def test_calibrated_scalars_are_stored():
    sample = sphere(12.0, spacing=TWO)
    operator = calibrated(sample, target_dice=0.9)
    assert operator.target_dice is None
    assert operator.correlation_mm == pytest.approx(4.0, rel=0.05)
    assert calibrated(sample, target_dice=1.0).amplitude_mm == 0.0


@pytest.mark.parametrize(
    "scalars",
    [{}, {"amplitude_mm": 1.0, "target_dice": 0.9}, {"amplitude_mm": -1.0}, {"target_dice": 0.2},
     {"target_dice": 1.1}, {"amplitude_mm": 1.0, "correlation_mm": 0.0}],
)  # fmt: skip
def test_contradictory_scalars_are_refused(scalars):
    with pytest.raises(ValidationError):
        ContourShift(**scalars)
