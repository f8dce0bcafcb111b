"""What can be told before anything runs: cases whose files cannot be used, bins that make no sense."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from robustrad.cases.case import Case, Cases
from robustrad.cases.check import check_case
from robustrad.core.errors import DataError, Problem, ProtocolError, RobustradError
from robustrad.core.identity import generator
from robustrad.extract.engine import Engine, RegionRefusedError
from robustrad.extract.levels import count_levels
from robustrad.extract.parameters import Settings
from robustrad.extract.settings import Verb, view
from robustrad.perturb.base import Stage
from robustrad.perturb.sample import Sample
from robustrad.protocol.model import Protocol
from robustrad.sweep.branch import open_reference, original_settings
from robustrad.sweep.tasks import case_ref

_LOOKED_AT = 5
_CONSTANT = "the ROI has one value"


def preflight(cases: Cases, protocol: Protocol, engine: Engine) -> list[str]:
    """Return notes on cases that cannot be used; raise if none can, or if no case has usable bins.

    Headers of all cases are opened. The gray levels of every bin setting of the protocol are counted on up
    to 5 usable cases, spread over the table: a width that leaves one level, or more than memory holds, in
    all of them is a mistake in the protocol; in some of them it is a skip of those.

    Raises
    ------
    DataError
        If no case can be used: all problems of all of them.
    ProtocolError
        If a bin setting is of no use.
    """
    problems: list[Problem] = []
    usable: list[Case] = []
    for case in cases:
        findings = check_case(case, source=cases.source, parameters=protocol.parameters)
        errors = [finding.problem for finding in findings if finding.severity == "error"]
        problems += errors
        if not errors:
            usable.append(case)
    if not usable:
        raise DataError.of(problems)
    _check_bins(usable, protocol, engine, cases.source)
    return [f"{problem} The case will have no features." for problem in problems]


def _check_bins(usable: list[Case], protocol: Protocol, engine: Engine, source: str) -> None:
    steps = np.linspace(0, len(usable) - 1, min(_LOOKED_AT, len(usable)))
    complaints: dict[str, list[str]] = {}
    for index in sorted({round(step) for step in steps}):
        looked = _reference_region(usable[index], protocol, engine, source)
        if looked is not None:
            sample, values = looked
            for name, settings in _bin_settings(protocol, sample):
                complaints.setdefault(name, []).append(_complaint(values, settings))
    problems = [
        Problem(
            f"protocol {protocol.name}, {name}",
            f"{told[0]} in every case looked at",
            "",
            "Look at images and masks." if set(told) == {_CONSTANT} else "Choose other bins.",
        )
        for name, told in complaints.items()
        if all(told)
    ]
    if problems:
        raise ProtocolError.of(problems)


def _reference_region(
    case: Case, protocol: Protocol, engine: Engine, source: str
) -> tuple[Sample, NDArray[np.floating]] | None:
    """Return the reference sample and its ROI's intensities; None where the task itself will tell why not."""
    try:
        ref = case_ref(case, source=source, modality="unknown", parameters=protocol.parameters)
        sample = open_reference(ref, protocol.parameters)
        prepared = engine.prepare(sample.grid.image(sample.voxels), view(protocol.parameters, Verb.PREPARE))
        mask = sitk.Cast(sample.grid.image(sample.mask), sitk.sitkUInt32)
        region = engine.region(
            prepared, mask, view(protocol.parameters, Verb.REGION), sampling=sample.sampling
        )
    except (RobustradError, RegionRefusedError):
        return None
    return sample, region.values


def _bin_settings(protocol: Protocol, sample: Sample) -> Iterator[tuple[str, Settings]]:
    yield "extraction", original_settings(view(protocol.parameters, Verb.LEVELS))
    for factor in protocol.factors:
        for level in factor.levels:
            if level.operator.acts_at is Stage.DISCRETIZE:
                settings = level.operator.apply(sample, generator("preflight")).settings
                overridden = protocol.parameters.overridden(settings)
                yield f"{factor.name}={level.name}", original_settings(view(overridden, Verb.LEVELS))


def _complaint(values: NDArray[np.floating], settings: Settings) -> str:
    try:
        levels = count_levels(values, settings)
    except RegionRefusedError as error:
        return str(error)
    if values.min() == values.max():
        return _CONSTANT
    return "one gray level" if levels < 2 else ""
