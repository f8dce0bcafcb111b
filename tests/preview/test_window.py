"""The right window, and scales that end at round numbers."""

from __future__ import annotations

import pytest

from robustrad.perturb.sample import Sample
from robustrad.preview.frame import Frame
from robustrad.preview.window import Window, rounded_up, window_for, window_of
from tests.preview.lesions import GRID, lesion


def window(sample: Sample) -> Window:
    return window_of(sample, Frame.of(sample))


def test_pet_is_shown_from_zero_to_the_lesions_highest_value_rounded_up() -> None:
    assert window(lesion(inside=4.3))[:3] == (0.0, 5.0, "gray_r")


def test_a_hot_spot_does_not_hide_the_rest_of_a_pet_lesion() -> None:
    sample = lesion(inside=4.3)
    voxels = sample.voxels.copy()
    voxels[10, 22, 28] = 40.0
    assert window(sample.with_image(voxels)).high == 10.0


def test_ct_is_shown_in_soft_tissue_or_in_lung() -> None:
    assert window(lesion(modality="CT", background=50.0, inside=40.0))[:2] == (-160.0, 240.0)
    assert window(lesion(modality="CT", background=-820.0, inside=40.0))[:2] == (-1350.0, 150.0)
    assert window(lesion(modality="CT", background=-1000.0, inside=40.0)).high == 240.0  # air, not lung


def test_images_without_units_are_shown_by_percentiles_and_rescaled_ones_by_their_own() -> None:
    sample = lesion(modality="MR", background=100.0, inside=900.0)
    usual = window(sample)
    assert (usual.low, usual.high) == (100.0, 900.0)
    frame = Frame.of(sample)
    assert window_for(frame.cut(sample.voxels * 1.2, GRID), usual) is usual
    scaled = window_for(frame.cut((sample.voxels - 500.0) / 400.0, GRID), usual)
    assert (scaled.low, scaled.high) == (-1.0, 1.0)


@pytest.mark.parametrize(("value", "top"), [(7.2, 8.0), (0.97, 1.0), (10.0, 10.0), (0.031, 0.04), (0.0, 1.0)])
def test_scales_end_at_round_numbers(value: float, top: float) -> None:
    assert rounded_up(value) == pytest.approx(top)
