"""What a sweep needs, read and checked before anything is computed or written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from robustrad.cases.case import Case, Cases
from robustrad.cases.table import load_cases
from robustrad.cases.together import (
    modalities_of,
    modality_problems,
    protocol_problem,
    the_one,
    unknown_note,
)
from robustrad.core.errors import DataError, ProtocolError
from robustrad.extract.engines import choose_engine
from robustrad.extract.names import imageless_note
from robustrad.protocol.builtin import protocol_for
from robustrad.protocol.model import Protocol
from robustrad.protocol.read import load_protocol
from robustrad.sweep.conditions import Condition, build_conditions
from robustrad.sweep.identity import study_record
from robustrad.sweep.preflight import preflight
from robustrad.sweep.tasks import CaseRef, case_ref

EngineName = Literal["auto", "native", "native-shared", "pyradiomics"]


@dataclass(frozen=True)
class Sweep:
    """A sweep that is ready to run: everything has been read and checked, nothing computed.

    Attributes
    ----------
    cases : Cases
        All cases of the table.
    protocol : Protocol
        The protocol as resolved.
    conditions : tuple of Condition
        What it spells out.
    record : dict
        Content of study.json.
    notes : tuple of str
        What the user should know: the engine chosen, cases that cannot be used.
    modalities : dict of str to str
        Modality of each case.
    """

    cases: Cases
    protocol: Protocol
    conditions: tuple[Condition, ...]
    record: dict[str, Any]
    notes: tuple[str, ...]
    modalities: dict[str, str]

    def ref(self, case: Case) -> CaseRef:
        """Return what a task needs of ``case``."""
        return case_ref(
            case,
            source=self.cases.source,
            modality=self.modalities[case.case_id],
            parameters=self.protocol.parameters,
        )


def prepare_sweep(
    cases: Cases | str | os.PathLike[str],
    *,
    protocol: str | os.PathLike[str] | None = None,
    params: str | os.PathLike[str] | None = None,
    engine: EngineName = "auto",
    seed: int = 0,
) -> Sweep:
    """Read and check everything that a sweep needs; parameters as in :func:`robustrad.sweep.run.sweep`."""
    table = cases if isinstance(cases, Cases) else load_cases(Path(cases))
    modalities = modalities_of(table)
    chosen = load_protocol(protocol or protocol_for(the_one(modalities)), params=params)
    _refuse_pooling(table, modalities, chosen)
    choice = choose_engine(engine, chosen.parameters)
    told = (choice.note, unknown_note(table, modalities), imageless_note(chosen.parameters))
    notes = [note for note in told if note]
    notes += preflight(table, chosen, choice.engine)
    return Sweep(
        table,
        chosen,
        build_conditions(chosen, definition=choice.engine.definition),
        study_record(chosen, choice.engine, seed=seed),
        tuple(notes),
        modalities,
    )


def _refuse_pooling(cases: Cases, modalities: dict[str, str], protocol: Protocol) -> None:
    problems = list(modality_problems(cases, modalities))
    if problems:
        raise DataError.of(problems)
    other = protocol_problem(cases, modalities, protocol)
    if other:
        raise ProtocolError.of([other])
