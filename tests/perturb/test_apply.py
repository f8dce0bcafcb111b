"""The contract is checked after every apply; every way to break it is caught and named."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import pytest

from robustrad.perturb.apply import ContractError, Skipped, apply
from robustrad.perturb.base import InapplicableError, Perturbation, Stage
from robustrad.perturb.sample import Sample
from tests.perturb.shapes import ball, sample_of

RNG = np.random.default_rng(0)


def operator(deed, at=Stage.IMAGE, reason=None):
    class Custom(Perturbation):
        """An operator made for one test."""

        kind: Literal["custom"] = "custom"
        stage: ClassVar[Stage] = at
        amount: float = 2.0

        def skip(self, sample):
            del sample
            return reason

        def apply(self, sample, rng):
            del rng
            return deed(sample)

    return Custom()


def plain():
    return sample_of(ball((9, 10, 11), 3.0), np.random.default_rng(1).normal(size=(9, 10, 11)))


def in_place(sample):
    """Write through to the array under the read-only view."""
    sample.voxels.base[0, 0, 0] += 1.0
    return sample


def swap_in_place(sample):
    under = sample.voxels.base
    under[0, 0, 0], under[0, 0, 1] = under[0, 0, 1], under[0, 0, 0]
    return sample


def with_nan(sample):
    voxels = sample.voxels.copy()
    voxels[1, 2, 3] = np.nan
    voxels[0, 0, 0] = np.inf
    return sample.with_image(voxels)


BROKEN = {
    "changed in place": (in_place, Stage.IMAGE, "changed the sample"),
    "swapped in place": (swap_in_place, Stage.IMAGE, "changed the sample"),
    "no sample": (lambda s: s.voxels, Stage.IMAGE, "returned a ndarray"),
    "not finite": (with_nan, Stage.IMAGE, "2 of 990 voxels are not finite"),
    "cropped without a grid": (lambda s: s.with_image(s.voxels[1:]), Stage.IMAGE, "do not fit the grid"),
    "mask by an image operator": (lambda s: s.with_mask(~s.mask), Stage.IMAGE, "stage image it changed mask"),
    "image by a mask operator": (lambda s: s.with_image(s.voxels + 1), Stage.MASK, "changed voxels"),
    "grid by a mask operator": (
        lambda s: s.with_image(s.voxels, grid=replace(s.grid, origin=(1.0, 0.0, 0.0))),
        Stage.MASK,
        "changed grid",
    ),
    "mask of another shape": (lambda s: s.with_mask(s.mask[1:]), Stage.MASK, "mask (8, 10, 11) does not fit"),
    "settings by a grid operator": (
        lambda s: s.with_settings({"binWidth": 2}), Stage.GRID, "stage grid it changed settings",
    ),
    "sampling by a level operator": (
        lambda s: s.with_sampling(rotation_deg=1.0), Stage.DISCRETIZE, "changed sampling",
    ),
    "modality": (lambda s: replace(s, modality="CT"), Stage.IMAGE, "changed modality"),
    "grid that cannot be laid": (
        lambda s: s.with_sampling(spacing_mm=(0.0, 1.0, 1.0)), Stage.GRID, "cannot be laid",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_contract_is_named_with_the_operator_and_its_scalars(name):
    deed, stage, told = BROKEN[name]
    with pytest.raises(ContractError) as caught:
        apply(operator(deed, stage), plain(), RNG)
    assert told in str(caught.value)
    assert str(caught.value).startswith('perturbation custom {"amount":2.0}: ')


def test_read_only_arrays_refuse_naive_writes():
    def naive(sample):
        sample.voxels[0] = 0.0
        return sample

    with pytest.raises(ValueError, match="read-only"):
        apply(operator(naive), plain(), RNG)


def test_skip_comes_before_the_deed():
    def never(sample):
        raise AssertionError

    assert apply(operator(never, reason="12 voxels left"), plain(), RNG) == Skipped("12 voxels left")


def test_what_only_the_draw_can_tell_is_a_skip_too():
    def never(sample):
        raise InapplicableError("16 draws break the mask")

    assert apply(operator(never), plain(), RNG) == Skipped("16 draws break the mask")


def test_empty_mask_is_a_skip():
    emptied = apply(operator(lambda s: s.with_mask(np.zeros_like(s.mask)), Stage.MASK), plain(), RNG)
    assert emptied == Skipped("no voxel is left in the mask")


def test_changed_acquisition_grid_carries_the_mask_over():
    sample = sample_of(ball((24, 24, 24), 8.0))

    def halve(sample):
        grid = sample.grid.with_spacing((2.0, 2.0, 2.0), (12, 12, 12))
        return sample.with_image(sample.voxels[::2, ::2, ::2], grid=grid)

    result = apply(operator(halve), sample, RNG)
    assert isinstance(result, Sample)
    assert result.mask.shape == (12, 12, 12)
    assert result.mask.sum() * 8 == pytest.approx(sample.mask.sum(), rel=0.1)


def test_mask_lost_with_the_grid_is_a_skip():
    tiny = np.zeros((24, 24, 24), dtype=bool)
    tiny[11, 11, 11] = True

    def halve(sample):
        grid = sample.grid.with_spacing((4.0, 4.0, 4.0), (6, 6, 6))
        return sample.with_image(sample.voxels[::4, ::4, ::4], grid=grid)

    assert isinstance(apply(operator(halve), sample_of(tiny), RNG), Skipped)


def test_sample_returned_as_it_came_passes():
    sample = plain()
    assert apply(operator(lambda s: s), sample, RNG) is sample
