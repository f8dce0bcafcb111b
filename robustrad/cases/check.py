"""Checking cases before anything runs: all problems of all cases, each with what to do.

The header pass opens both headers and reads the mask (label, extent); it sees a NIfTI file that was cut off,
but not voxels that are damaged in the middle. ``voxels=True`` reads the image as well: checksums, NaN, units,
gray levels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import SimpleITK as sitk

from robustrad.cases.case import Case, Cases
from robustrad.cases.files import Header, read_header, read_image
from robustrad.cases.modality import modality_of
from robustrad.cases.open import broken_in_roi, open_volume
from robustrad.cases.rules import Rules
from robustrad.cases.structure import (
    flat_problem,
    grid_problem,
    header_problems,
    one_channel,
    region_problems,
)
from robustrad.cases.values import Severity, broken_elsewhere, value_problems
from robustrad.core.errors import DataError, Problem
from robustrad.extract.parameters import Parameters


class Finding(NamedTuple):
    """One problem of one case.

    Attributes
    ----------
    case : Case
        The case.
    severity : str
        ``error``: no features can be computed; ``warning``: they can, but look at it first.
    problem : Problem
        Where, what was found, what was expected, what to do.
    """

    case: Case
    severity: Severity
    problem: Problem


def check_cases(cases: Cases, *, voxels: bool = False, parameters: Parameters | None = None) -> list[Finding]:
    """Check every case; a case that breaks the check itself is a finding and stops no other.

    Parameters
    ----------
    cases : Cases
        What to check.
    voxels : bool
        Read the images too.
    parameters : Parameters, optional
        Their bins, ``correctMask``, ``geometryTolerance`` and ``minimumROIDimensions`` are respected.

    Returns
    -------
    list of Finding
        In the order of the cases; empty if all is well.
    """
    findings: list[Finding] = []
    for case in cases:
        try:
            findings += check_case(case, source=cases.source, voxels=voxels, parameters=parameters)
        except Exception as error:  # the boundary around one case: recorded, and on to the next
            problem = Problem(
                f"{cases.source} {case.place}", f"the check failed ({type(error).__name__}: {error})"
            )
            findings.append(Finding(case, "error", problem))
    return findings


def check_case(
    case: Case, *, source: str = "", voxels: bool = False, parameters: Parameters | None = None
) -> list[Finding]:
    """Check one case as ``check_cases`` does; ``source`` is the table's name for the messages."""
    found = list(_files(case, parameters))
    if voxels and not any(severity == "error" for severity, _ in found):
        found += _voxels(case, parameters)
    return [
        Finding(case, severity, problem._replace(where=f"{source} {problem.where}".strip()))
        for severity, problem in found
    ]


def _files(case: Case, parameters: Parameters | None) -> Iterator[tuple[Severity, Problem]]:
    rules = Rules.of(parameters.settings if parameters else None)
    headers: dict[str, Header] = {}
    for name, path in (("image", case.image), ("mask", case.mask)):
        where = f"{case.place}, {name}"
        try:
            header = read_header(path, where=where)
        except DataError as error:
            yield from _errors(error.problems)
            continue
        channel = rules.channel if name == "mask" else None
        problems = list(header_problems(header, where, channel=channel))
        yield from _errors(problems)
        if not problems:
            headers[name] = header
    image, mask = headers.get("image"), headers.get("mask")
    if image and mask and image.grid and mask.grid:
        problem = grid_problem(image.grid, mask.grid, case.place, tolerance=rules.tolerance)
        if problem and rules.correct_mask:
            yield "warning", problem._replace(todo="correctMask is set: the mask is resampled.")
        elif problem:
            yield "error", problem
    if case.image == case.mask:
        yield "error", Problem(case.place, "image and mask are the same file", "a mask of its own", "")
    elif mask:
        yield from _errors(_mask(case, rules, parameters))


def _mask(case: Case, rules: Rules, parameters: Parameters | None) -> list[Problem]:
    where = f"{case.place}, mask"
    try:
        mask = one_channel(read_image(case.mask, where=where).image, rules.channel)
    except DataError as error:
        return list(error.problems)
    label = rules.label_of(case)
    problems = list(region_problems(mask, label, where, dimensions=rules.dimensions))
    flat = flat_problem(mask, label, where, parameters) if parameters and not problems else None
    return [*problems, *([flat] if flat else [])]


def _voxels(case: Case, parameters: Parameters | None) -> Iterator[tuple[Severity, Problem]]:
    settings = parameters.settings if parameters else None
    try:
        opened, broken = open_volume(case, settings=settings, where=case.place)
    except DataError as error:
        yield from _errors(error.problems)
        return
    if problem := broken_in_roi(opened, broken, case.place):
        yield "error", problem
        return
    image = np.asarray(sitk.GetArrayViewFromImage(opened.image))
    inside = np.asarray(sitk.GetArrayViewFromImage(opened.mask)) == 1
    if broken is not None:
        yield broken_elsewhere(broken, image, f"{case.place}, image", parameters=parameters)
    yield from value_problems(image, inside, modality_of(case), case.place, parameters=parameters)
    if opened.grid.spacing == (1.0, 1.0, 1.0):
        yield (
            "warning",
            Problem(
                f"{case.place}, image",
                "the spacing is 1x1x1 mm",
                "the scanner's voxel size",
                "Right for images resampled to 1 mm; else the header was lost on conversion.",
            ),
        )


def _errors(problems: Iterable[Problem]) -> Iterator[tuple[Severity, Problem]]:
    for problem in problems:
        yield "error", problem
