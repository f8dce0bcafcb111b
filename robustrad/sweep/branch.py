"""One branch of the tree: image variant -> masks -> grids -> discretizations of one case.

What conditions share is computed once. A skip or a failure at a node holds for everything below it and for
nothing beside it.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from robustrad.cases.case import Case
from robustrad.cases.open import open_case
from robustrad.core.errors import RobustradError
from robustrad.core.geometry import voxels_of
from robustrad.core.identity import canonical_json, generator
from robustrad.extract.engine import Engine, Region, RegionRefusedError
from robustrad.extract.levels import count_levels
from robustrad.extract.parameters import Parameters, Settings
from robustrad.extract.settings import Verb, view
from robustrad.perturb.apply import Skipped, apply
from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.sample import Sample
from robustrad.perturb.strength import image_strength, mask_strength
from robustrad.sweep.conditions import Condition, Step
from robustrad.sweep.rows import FAILED, OK, SKIPPED, ConditionResult
from robustrad.sweep.tasks import CaseRef, Task

Strength = dict[str, float | str]


@dataclass(frozen=True)
class Setup:
    """What all tasks of a study share.

    Attributes
    ----------
    parameters : Parameters
        Extraction parameters of the reference.
    engine : Engine
        The engine of the study.
    seed : int
        Seed of the study.
    min_voxels : int
        Smallest ROI on the analysis grid.
    """

    parameters: Parameters
    engine: Engine
    seed: int
    min_voxels: int


def run_branch(task: Task, setup: Setup) -> list[ConditionResult]:
    """Compute all conditions of ``task``, in its order. Never raises for what the case's files contain."""
    found = {result.fingerprint: result for result in _image(task, setup)}
    return [found[condition.fingerprint] for condition in task.conditions]


def _image(task: Task, setup: Setup) -> Iterator[ConditionResult]:
    conditions = task.conditions
    with _Guard(conditions) as guard:
        reference = open_reference(task.case, setup.parameters)
        sample, calibrated = _perturb(reference, conditions[0].steps_of(Stage.IMAGE), task.case, setup)
        strength: Strength = {**calibrated, **image_strength(reference, sample)}
        parameters = view(setup.parameters.overridden(sample.settings), Verb.PREPARE)
        prepared = setup.engine.prepare(sample.grid.image(sample.voxels), parameters)
    if guard.results:
        yield from guard.results
        return
    for steps, group in _branches(conditions, Stage.MASK):
        yield from _mask(_Node(task.case, setup, reference, sample, strength), prepared, steps, group)


@dataclass(frozen=True)
class _Node:
    """A place in the tree: the sample so far, and what was measured on the way."""

    case: CaseRef
    setup: Setup
    reference: Sample
    sample: Sample
    strength: Strength

    def below(self, sample: Sample, strength: Strength) -> _Node:
        return replace(self, sample=sample, strength=strength)

    def after(self, steps: tuple[Step, ...]) -> tuple[Sample, Strength]:
        return _perturb(self.sample, steps, self.case, self.setup)


def _mask(
    node: _Node, prepared: object, steps: tuple[Step, ...], conditions: list[Condition]
) -> Iterator[ConditionResult]:
    with _Guard(conditions, node.strength) as guard:
        sample, calibrated = node.after(steps)
        strength = {**node.strength, **calibrated, **mask_strength(node.reference, sample)}
    if guard.results:
        yield from guard.results
        return
    below = node.below(sample, strength)
    for grid_steps, group in _branches(conditions, Stage.GRID):
        yield from _grid(below, prepared, grid_steps, group)


def _grid(
    node: _Node, prepared: object, steps: tuple[Step, ...], conditions: list[Condition]
) -> Iterator[ConditionResult]:
    setup = node.setup
    strength = dict(node.strength)
    with _Guard(conditions, strength) as guard:
        sample, calibrated = node.after(steps)
        strength |= calibrated
        mask = sitk.Cast(sample.grid.image(sample.mask), sitk.sitkUInt32)
        parameters = view(setup.parameters.overridden(sample.settings), Verb.REGION)
        region = setup.engine.region(prepared, mask, parameters, sampling=sample.sampling)
        left = region.values.size
        strength["strength_roi_voxels"] = float(left)
        if left < setup.min_voxels:
            raise RegionRefusedError(
                f"{left} voxels left on the analysis grid, fewer than {setup.min_voxels}"
            )
    if guard.results:
        yield from guard.results
        return
    below = node.below(sample, strength)
    for level_steps, group in _branches(conditions, Stage.DISCRETIZE):
        yield from _levels(below, region, level_steps, group)


def _levels(
    node: _Node, region: Region, steps: tuple[Step, ...], conditions: list[Condition]
) -> Iterator[ConditionResult]:
    strength = dict(node.strength)
    with _Guard(conditions, strength) as guard:
        sample, calibrated = node.after(steps)
        strength |= calibrated
        parameters = view(node.setup.parameters.overridden(sample.settings), Verb.LEVELS)
        bins = count_levels(region.values, original_settings(parameters))
        strength["strength_bins"] = float(bins)
        if bins < 2:
            one = region.values.min() == region.values.max()
            told = "the ROI has one value" if one else f"one gray level at {_binning(parameters)}"
            raise RegionRefusedError(f"{told}: textures are not defined")
        features = node.setup.engine.features(region, parameters)
    if guard.results:
        yield from guard.results
        return
    for condition in conditions:
        yield ConditionResult(condition.name, condition.fingerprint, OK, "", features, strength)


def open_reference(case: CaseRef, parameters: Parameters) -> Sample:
    """Return the unperturbed sample of ``case``: float64 voxels and a boolean mask on one grid.

    Raises
    ------
    DataError
        If a file cannot be used.
    """
    settings = view(parameters, Verb.CASE).settings
    row = Case(
        case.case_id, Path(case.image), Path(case.mask), case.label, columns={"label": str(case.label)}
    )
    image, mask, grid = open_case(row, settings=settings, where=case.where)
    inside = np.asarray(sitk.GetArrayViewFromImage(mask)) > 0
    voxels = voxels_of(image)
    for array in (voxels, inside):
        array.flags.writeable = False  # so that ``apply`` needs no checksums to know them unchanged
    return Sample(voxels, inside, grid, case.modality)


def _perturb(sample: Sample, steps: tuple[Step, ...], case: CaseRef, setup: Setup) -> tuple[Sample, Strength]:
    """Return the sample after ``steps``, and the scalars that were calibrated for this case."""
    calibrated: Strength = {}
    for step in steps:
        identity = (setup.seed, case.case_id, step.factor, step.position)
        operator = step.operator
        concrete = operator
        if type(operator).calibrate is not Perturbation.calibrate:
            own = generator(*identity, "calibrate", canonical_json(operator.record()))
            concrete = operator.calibrate(sample, own)
            calibrated |= _calibrated(operator, concrete)
        outcome = apply(concrete, sample, generator(*identity, step.draw))
        _refuse(outcome.reason if isinstance(outcome, Skipped) else None)
        sample = outcome if isinstance(outcome, Sample) else sample
    return sample, calibrated


def _refuse(reason: str | None) -> None:
    if reason:
        raise RegionRefusedError(reason)


def _calibrated(requested: Perturbation, concrete: Perturbation) -> Strength:
    """Return what calibration changed: the scalars asked for, and those found for this case."""
    before, after = requested.record(), concrete.record()
    return {
        f"strength_{said}_{requested.kind}_{name}": float(value)
        for said, record, other in (("requested", before, after), ("calibrated", after, before))
        for name, value in record.items()
        if value != other.get(name) and isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def _branches(
    conditions: Iterable[Condition], stage: Stage
) -> Iterator[tuple[tuple[Step, ...], list[Condition]]]:
    """Group ``conditions`` by their steps at ``stage``, whatever their order."""

    def key(condition: Condition) -> str:
        return ",".join(step.identity for step in condition.steps_of(stage))

    for _, members in groupby(sorted(conditions, key=key), key):
        group = list(members)
        yield group[0].steps_of(stage), group


def original_settings(parameters: Parameters) -> Settings:
    """Return the settings of the unfiltered image, whose own win over the common ones."""
    return {**parameters.settings, **parameters.image_types.get("Original", {})}


def _binning(parameters: Parameters) -> str:
    settings = original_settings(parameters)
    chosen = [f"{key} {settings[key]}" for key in ("binCount", "binWidth") if key in settings]
    return ", ".join(chosen) or "PyRadiomics' default binWidth 25"


class _Guard:
    """The boundary around one node: what goes wrong inside becomes the result of all its conditions."""

    def __init__(self, conditions: Iterable[Condition], strength: Strength | None = None) -> None:
        self._conditions = conditions
        self._strength = strength if strength is not None else {}
        self.results: list[ConditionResult] = []

    def __enter__(self) -> _Guard:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        if not isinstance(error, Exception):
            return False
        if isinstance(error, RegionRefusedError):
            self._record(SKIPPED, str(error), "")
        elif isinstance(error, RobustradError):
            self._record(FAILED, str(error), "")
        else:
            told = f"{type(error).__name__}: {error}"
            self._record(FAILED, told, "".join(traceback.format_exception(error)))
        return True

    def _record(self, status: str, reason: str, trace: str) -> None:
        self.results = [
            ConditionResult(c.name, c.fingerprint, status, reason, {}, self._strength, trace)
            for c in self._conditions
        ]
