"""One look at one case under one protocol: the reference, and every level of every factor."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from robustrad.core.errors import ProtocolError, nearest
from robustrad.extract.parameters import Parameters
from robustrad.perturb.sample import Sample
from robustrad.preview.frame import Frame
from robustrad.preview.lens import Lens, Shot
from robustrad.preview.window import Window, window_of
from robustrad.protocol.model import Factor, Level, Protocol
from robustrad.sweep.branch import Setup, open_reference, run_branch
from robustrad.sweep.conditions import REFERENCE, build_conditions
from robustrad.sweep.rows import ConditionResult
from robustrad.sweep.tasks import CaseRef, build_tasks

SEED = 0  # that of `robustrad sweep` without --seed: the first draw shown is the study's own
MOST_LEVELS = 5  # side by side; more stand in further lines


@dataclass(frozen=True)
class Cell:
    """One picture of a row, or why there is none.

    Attributes
    ----------
    condition, level : str
        Names.
    severity : float or None
        Declared severity, with the sign of signed levels.
    status, reason : str
        As in ``features.parquet``.
    strength : mapping
        What the sweep measures, by column.
    shot : Shot or None
        The picture; None unless the status is ``ok``.
    """

    condition: str
    level: str
    severity: float | None
    status: str
    reason: str
    strength: Mapping[str, float | str] = field(default_factory=dict)
    shot: Shot | None = None


@dataclass(frozen=True)
class Row:
    """One factor: its levels by severity and sign, in even lines of at most five."""

    factor: Factor
    lines: tuple[tuple[Cell, ...], ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All levels."""
        return tuple(cell for line in self.lines for cell in line)


@dataclass(frozen=True)
class Look:
    """Everything that a preview draws.

    Attributes
    ----------
    case_id, protocol, modality : str
        What was looked at.
    sample : Sample
        The reference.
    frame : Frame
        Slice and crop of all pictures.
    window : Window
        Gray values of all pictures.
    reference : Cell
        The unperturbed case.
    rows : tuple of Row
        A row per factor, in protocol order.
    """

    case_id: str
    protocol: str
    modality: str
    sample: Sample
    frame: Frame
    window: Window
    reference: Cell
    rows: tuple[Row, ...]


def look_at(case: CaseRef, protocol: Protocol, *, factor: str | None = None) -> Look:
    """Perturb ``case`` by every level of ``protocol``, one factor at a time, and take the pictures.

    Of random levels the first draw of a study with seed 0 is shown. Factorial protocols and
    chains are shown one factor at a time: their combinations are too many to look at.

    Parameters
    ----------
    case : CaseRef
        The case.
    protocol : Protocol
        The protocol.
    factor : str, optional
        Only this one.

    Raises
    ------
    DataError
        If the case cannot be used.
    ProtocolError
        If there is no such factor.
    """
    shown = _narrowed(protocol, factor)
    sample = open_reference(case, shown.parameters)
    frame = Frame.of(sample)
    lens = Lens(sample, frame)
    conditions = [c for c in build_conditions(shown, definition=lens.definition) if c.draw <= 1]
    setup = Setup(shown.parameters, lens, SEED, shown.min_voxels)
    results = [result for task in build_tasks(case, conditions) for result in run_branch(task, setup)]
    found = {result.condition: result for result in results}
    levels = {(c.factor, c.level): found[c.name] for c in conditions}
    return Look(
        case_id=case.case_id,
        protocol=protocol.name,
        modality=case.modality,
        sample=sample,
        frame=frame,
        window=window_of(sample, frame),
        reference=_cell(REFERENCE, None, levels[REFERENCE, REFERENCE], lens),
        rows=tuple(_row(f, {name: levels[f.name, name] for name in _names(f)}, lens) for f in shown.factors),
    )


def signed_severity(level: Level) -> float | None:
    """Return the severity with the level's sign; None where none is declared."""
    return None if level.severity is None else level.severity * (level.sign or 1)


def _narrowed(protocol: Protocol, factor: str | None) -> Protocol:
    """Return what is looked at: one factor at a time, and of the extraction the unfiltered image alone."""
    factors = protocol.factors
    if factor is not None:
        factors = tuple(f for f in factors if f.name == factor)
        if not factors:
            known = [f.name for f in protocol.factors]
            where = f"--factor of protocol {protocol.name}"
            raise ProtocolError(where, f"unknown factor {factor!r}", "", nearest(factor, known))
    given = protocol.parameters
    parameters = Parameters(given.settings, {"Original": given.image_types.get("Original", {})}, {})
    return replace(protocol, design="one_at_a_time", chains=None, factors=factors, parameters=parameters)


def _names(factor: Factor) -> list[str]:
    return [level.name for level in factor.levels]


def _row(factor: Factor, results: Mapping[str, ConditionResult], lens: Lens) -> Row:
    lines = _lines(factor.levels)
    return Row(
        factor,
        tuple(
            tuple(_cell(level.name, signed_severity(level), results[level.name], lens) for level in line)
            for line in lines
        ),
    )


def _cell(level: str, severity: float | None, result: ConditionResult, lens: Lens) -> Cell:
    return Cell(
        result.condition,
        level,
        severity,
        result.status,
        result.reason,
        result.strength,
        lens.shot(result),
    )


def _lines(levels: Iterable[Level]) -> list[tuple[Level, ...]]:
    """Order levels by signed severity, undeclared ones last; too many for a line are parted evenly.

    Where the halves are the two signs, both run from the least severity on, so that the same stand together.
    """
    ordered = sorted(levels, key=lambda level: (level.severity is None, signed_severity(level) or 0.0))
    if len(ordered) <= MOST_LEVELS:
        return [tuple(ordered)]
    negative = [level for level in reversed(ordered) if (signed_severity(level) or 0.0) < 0]
    if 2 * len(negative) == len(ordered):
        ordered = [*negative, *ordered[len(negative) :]]
    else:
        ordered.sort(key=lambda level: (level.severity is None, level.severity or 0.0, level.sign or 0))
    count = math.ceil(len(ordered) / MOST_LEVELS)
    ends = [round(number * len(ordered) / count) for number in range(count + 1)]
    return [tuple(ordered[first:last]) for first, last in pairwise(ends)]
