"""Applying an operator, with its contract checked once for all of them."""

from __future__ import annotations

import math
import zlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustrad.core.geometry import carry_mask
from robustrad.perturb.base import InapplicableError, Perturbation, Stage, stage_of_setting
from robustrad.perturb.sample import Sample


class Skipped(NamedTuple):
    """An operator did not apply to a sample: a finding to record, not a failure.

    Attributes
    ----------
    reason : str
        Why, in words.
    """

    reason: str


class ContractError(Exception):
    """An operator broke what every perturbation promises: a bug of that operator.

    What is promised: the sample that it is given is not changed; only what belongs to its stage differs in
    the one that it returns; voxels are finite; image and mask fit their grid.
    """

    def __init__(self, operator: Perturbation, found: str) -> None:
        scalars = operator.model_dump_json(exclude={"kind"}, exclude_none=True)
        super().__init__(f"perturbation {operator.kind} {scalars}: {found}")


def apply(operator: Perturbation, sample: Sample, rng: np.random.Generator) -> Sample | Skipped:
    """Return the perturbed sample, or why the operator does not apply.

    Where an image operator declares another acquisition grid, the mask is carried over (linear, at least
    0.5). A mask without voxels is a reason to skip.

    Parameters
    ----------
    operator : Perturbation
        Calibrated for this sample.
    sample : Sample
        Image, mask and wishes so far.
    rng : numpy Generator
        The draw's own; a deterministic operator leaves it alone.

    Raises
    ------
    ContractError
        If the operator breaks its contract.
    """
    reason = operator.skip(sample)
    if reason is not None:
        return Skipped(reason)
    before = _checksums(sample)
    try:
        result = operator.apply(sample, rng)
    except InapplicableError as error:
        return Skipped(str(error))
    if _checksums(sample) != before:
        raise ContractError(operator, "it changed the sample that it was given")
    if not isinstance(result, Sample):
        raise ContractError(operator, f"it returned a {type(result).__name__}, not a Sample")
    foreign = _changed(sample, result) - _own(operator) or _foreign_settings(operator, sample, result)
    if foreign:
        raise ContractError(
            operator, f"at stage {operator.acts_at.value} it changed {', '.join(sorted(foreign))}"
        )
    if result.voxels.shape != result.grid.shape:
        raise ContractError(
            operator, f"voxels {result.voxels.shape} do not fit the grid {result.grid.shape} (z, y, x)"
        )
    if result.voxels is not sample.voxels:
        wrong = int(np.size(result.voxels) - np.isfinite(result.voxels).sum())
        if wrong:
            raise ContractError(operator, f"{wrong} of {result.voxels.size} voxels are not finite")
    if result.grid != sample.grid:
        result = result.with_mask(carry_mask(result.mask, sample.grid, result.grid))
    if result.mask.shape != result.grid.shape:
        raise ContractError(
            operator, f"mask {result.mask.shape} does not fit the grid {result.grid.shape} (z, y, x)"
        )
    wishes = (*(result.sampling.spacing_mm or (1.0,)), *result.sampling.shift, result.sampling.rotation_deg)
    if not all(map(math.isfinite, wishes)) or min(result.sampling.spacing_mm or (1.0,)) <= 0:
        raise ContractError(operator, f"the grid {result.sampling} cannot be laid")
    return _sealed(result, sample) if result.mask.any() else Skipped("no voxel is left in the mask")


def _own(operator: Perturbation) -> set[str]:
    """Return the parts of a sample that ``operator`` may change at its stage."""
    if operator.settings_only:
        return {"settings", "sampling"} if operator.acts_at is Stage.GRID else {"settings"}
    return {
        Stage.IMAGE: {"voxels", "grid"},
        Stage.MASK: {"mask"},
        Stage.GRID: {"sampling"},
        Stage.DISCRETIZE: {"settings"},
    }[operator.acts_at]


def _foreign_settings(operator: Perturbation, before: Sample, after: Sample) -> set[str]:
    """Return the changed settings that do not act where the operator does: there they would do nothing."""
    changed = {
        key
        for key in {*before.settings, *after.settings}
        if key not in before.settings or before.settings[key] != after.settings.get(key)
    }
    return {f"setting {key}" for key in changed if stage_of_setting(key) is not operator.acts_at}


def _changed(before: Sample, after: Sample) -> set[str]:
    """Return the names of the parts that differ."""
    names = {
        name
        for name in ("grid", "modality", "sampling", "settings")
        if getattr(before, name) != getattr(after, name)
    }
    for name in ("voxels", "mask"):
        old, new = getattr(before, name), getattr(after, name)
        same_place = old.__array_interface__ == new.__array_interface__
        if not same_place and not np.array_equal(old, new, equal_nan=name == "voxels"):
            names.add(name)
    return names


def _checksums(sample: Sample) -> tuple[int, ...]:
    """Return checksums of what an operator could change in place; sealed arrays need none."""
    arrays = [array for array in (sample.voxels, sample.mask) if _owner(array).flags.writeable]
    return (
        len(arrays),
        *(zlib.crc32(np.ascontiguousarray(array).data) for array in arrays),
        hash(repr(sorted(sample.settings.items()))),
    )


def _sealed(result: Sample, given: Sample) -> Sample:
    """Return ``result`` with the arrays that its operator made read-only down to their owners.

    The next operators then need no checksums of the whole image to be known to have left it alone.
    """
    for name in ("voxels", "mask"):
        owner = _owner(getattr(result, name))
        if owner is not _owner(getattr(given, name)):
            owner.flags.writeable = False
    return result


def _owner(array: NDArray[Any]) -> NDArray[Any]:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
