from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError
from robustrad.perturbations.pet.resolution import PetResolution

from tests.perturb_pet.phantoms import applied, fitted_fwhm, pet, point


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (4.0, 4.0, 4.0), (4.1, 4.1, 3.0), (5.5, 5.5, 3.3)])
@pytest.mark.parametrize(("native", "target"), [(5.0, 5.5), (5.0, 7.0), (6.0, 9.0), (4.5, 12.0)])
def test_a_point_gets_the_target_fwhm(native, target, spacing):
    before = point(native, spacing)
    after = applied(PetResolution(native_fwhm_mm=native, target_fwhm_mm=target), before).voxels
    for axis, step in enumerate(spacing[::-1]):
        others = tuple({0, 1, 2} - {axis})
        assert fitted_fwhm(before.voxels.sum(axis=others), step) == pytest.approx(native, rel=1e-4)
        assert fitted_fwhm(after.sum(axis=others), step) == pytest.approx(target, rel=0.02)


def test_a_fine_point_falls_to_half_at_half_the_target_fwhm():
    profile = applied(
        PetResolution(native_fwhm_mm=5.0, target_fwhm_mm=8.0), point(5.0, (0.75, 0.75, 0.75), 56)
    ).voxels.max(axis=(0, 1))
    peak = int(profile.argmax())
    # The parabola through the logarithms of the three highest is the Gaussian itself.
    bend = np.diff(np.log(profile[peak - 1 : peak + 2]), 2)[0]
    assert 0.75 * math.sqrt(-8.0 * math.log(2.0) / bend) == pytest.approx(8.0, rel=0.02)


def test_activity_is_kept():
    before = pet(np.random.default_rng(3).gamma(2.0, size=(9, 12, 14)), (4.1, 4.1, 3.0))
    after = applied(PetResolution(native_fwhm_mm=5.0, target_fwhm_mm=8.0), before)
    assert after.voxels.sum() == pytest.approx(before.voxels.sum(), rel=1e-12)


def test_the_native_resolution_changes_nothing():
    sample = point(6.0, (4.0, 4.0, 4.0))
    assert applied(PetResolution(native_fwhm_mm=6.0, target_fwhm_mm=6.0), sample) is sample


def test_a_target_below_the_native_resolution_is_refused():
    with pytest.raises(ValidationError, match="target_fwhm_mm 4 is below native_fwhm_mm 6"):
        PetResolution(native_fwhm_mm=6.0, target_fwhm_mm=4.0)
