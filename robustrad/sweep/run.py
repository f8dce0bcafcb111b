"""The sweep itself: prepare the folder, plan, run what is left, merge."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from robustrad.core.errors import DataError, ProtocolError, StorageFullError, StudyError
from robustrad.extract.engines import choose_engine
from robustrad.extract.names import imageless_note
from robustrad.protocol.builtin import protocol_for
from robustrad.protocol.model import Protocol
from robustrad.protocol.read import load_protocol
from robustrad.sweep import executors
from robustrad.sweep.conditions import Condition, build_conditions
from robustrad.sweep.identity import check_same_study, study_record
from robustrad.sweep.merge import merge
from robustrad.sweep.merged import changed_note, read_merged, with_those_before
from robustrad.sweep.plan import Plan, build_plan
from robustrad.sweep.preflight import preflight
from robustrad.sweep.progress import Progress
from robustrad.sweep.runner import Outcome, failed, write
from robustrad.sweep.store import Store
from robustrad.sweep.study import CASES, CONDITIONS, RESUME, STUDY, Study
from robustrad.sweep.tasks import CaseRef, Task, case_ref
from robustrad.sweep.watch import ORACLE, exceeded_text, watch_parity
from robustrad.workers.interrupt import interruptible

ExecutorName = Literal["processes", "serial"]
EngineName = Literal["auto", "native", "native-shared", "pyradiomics"]
Shard = tuple[int, int]


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


def sweep(
    cases: Cases | str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    protocol: str | os.PathLike[str] | None = None,
    params: str | os.PathLike[str] | None = None,
    engine: EngineName = "auto",
    jobs: int | None = None,
    executor: ExecutorName = "processes",
    seed: int = 0,
    retry_failed: bool = False,
    limit: int | None = None,
    shard: Shard | None = None,
    progress: bool = False,
) -> Study:
    """Run a protocol over cases and leave a study folder; the same call again resumes.

    Parameters
    ----------
    cases : Cases or path
        The cases, or a table of them (CSV or TSV).
    out : path
        The study folder; it is made, or it must hold the same study.
    protocol : str or path, optional
        Built-in name or YAML file; default the built-in one of the modality, else ``quick``.
    params : str or path, optional
        PyRadiomics parameter file that replaces the protocol's ``extraction``.
    engine : {"auto", "native", "native-shared", "pyradiomics"}
        Who computes the features; ``auto`` chooses once for the study. ``native-shared`` is another
        definition of the filtered images (``robustrad.extract.shared_filters``).
    jobs : int, optional
        Worker processes; default the number of CPU cores.
    executor : {"processes", "serial"}
        Worker processes, or this process.
    seed : int
        Seed of the study; results depend on it, on nothing of how the sweep is run.
    retry_failed : bool
        Compute the tasks again that hold a failed row.
    limit : int, optional
        Only the first cases of the table.
    shard : tuple of int, optional
        ``(i, n)``: the i-th of n shards, 1-based, by case.
    progress : bool
        Report progress on stderr.

    Returns
    -------
    Study
        The folder; ``missing`` is not zero when other shards are still to run.

    Raises
    ------
    RobustradError
        If cases, protocol or folder cannot be used (nothing has run then), or the disk is full.
    """
    ready = prepare_sweep(cases, protocol=protocol, params=params, engine=engine, seed=seed)
    return run_sweep(
        ready,
        Path(out),
        jobs=jobs,
        executor=executor,
        retry_failed=retry_failed,
        limit=limit,
        shard=shard,
        progress=progress,
    )


def prepare_sweep(
    cases: Cases | str | os.PathLike[str],
    *,
    protocol: str | os.PathLike[str] | None = None,
    params: str | os.PathLike[str] | None = None,
    engine: EngineName = "auto",
    seed: int = 0,
) -> Sweep:
    """Read and check everything that a sweep needs; parameters as in ``sweep``."""
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


def plan_sweep(
    ready: Sweep,
    store: Store,
    *,
    retry_failed: bool = False,
    limit: int | None = None,
    shard: Shard | None = None,
) -> tuple[Plan, Plan]:
    """Return the plan of the whole study (within ``limit``) and the one of this run (within ``shard``)."""
    listed = ready.cases.rows[:limit]
    refs = [_ref(case, ready) for case in listed]
    parts = store.index() if store.parts_dir.is_dir() else []
    whole = build_plan(refs, ready.conditions, parts, retry_failed=retry_failed)
    if shard is None:
        return whole, whole
    mine, of = shard
    return whole, build_plan(refs[mine - 1 :: of], ready.conditions, parts, retry_failed=retry_failed)


def run_sweep(
    ready: Sweep,
    out: Path,
    *,
    jobs: int | None = None,
    executor: ExecutorName = "processes",
    retry_failed: bool = False,
    limit: int | None = None,
    shard: Shard | None = None,
    progress: bool = False,
    resume: str = "",
) -> Study:
    """Run a prepared sweep; parameters as in ``sweep``, and the command that resumes it, for ``status``."""
    store = Store(out)
    check_folder(ready, store)
    store.create()
    store.sweep_leftovers()
    _write_study(ready, store)
    if resume:
        store.write_bytes(RESUME, f"{resume}\n".encode())
    whole, mine = plan_sweep(ready, store, retry_failed=retry_failed, limit=limit, shard=shard)
    changed = changed_note(mine, store.index(), read_merged(out))
    if changed and progress:
        print(f"robustrad: {changed}", file=sys.stderr)
    with interruptible():
        try:
            _run(mine, ready, store, jobs=jobs, executor=executor, progress=progress)
            study = finish(whole, ready, store, jobs=None if executor == "serial" else jobs or _cores())
            return replace(study, notes=(*([changed] if changed else []), *study.notes))
        finally:
            store.sweep_leftovers()


def check_folder(ready: Sweep, store: Store) -> None:
    """Raise StudyError if the folder holds something else than this study."""
    folder = store.folder
    if folder.exists() and not folder.is_dir():
        raise StudyError(str(folder), "a file", "a folder", "Choose another OUT.")
    if not (folder / STUDY).is_file():
        if folder.is_dir() and (any((folder / "parts").glob("*")) or (folder / "parts").is_file()):
            raise StudyError(str(folder), "has parts but no study.json", "a study", "Choose another OUT.")
        return
    with (folder / CONDITIONS).open(encoding="utf-8", newline="") as stream:
        old_names = {row["condition"]: row["fingerprint"] for row in csv.DictReader(stream)}
    new_names = {condition.name: condition.fingerprint for condition in ready.conditions}
    check_same_study(
        str(folder), store.read_json(STUDY), ready.record, old_names=old_names, new_names=new_names
    )


def finish(plan: Plan, ready: Sweep, store: Store, *, jobs: int | None) -> Study:
    """If all parts of ``plan`` are there, watch parity and merge; return the study either way.

    Cases of the table beyond ``plan`` (a ``limit``) that ``features.parquet`` held stay in it; where their
    parts do not hold all conditions it is left alone.
    """
    parts = store.index()
    store.forget_failures(parts, {case.case_id: case.content for case in plan.cases})
    now = build_plan(plan.cases, plan.conditions, parts)
    if now.missing:
        return Study(store.folder, missing=now.missing)
    now, notes = with_those_before(
        now, ready.cases, store.index(), read_merged(store.folder), ref=lambda case: _ref(case, ready)
    )
    if now.missing:
        return Study(store.folder, missing=now.missing, notes=notes)
    if ready.record["engine"]["name"] == ORACLE:
        return replace(merge(now, store), notes=notes)
    parity = watch_parity(now, store, ready.record, jobs=jobs)
    store.write_json(STUDY, {**ready.record, "parity": parity})
    return replace(merge(now, store), disparities=tuple(exceeded_text(parity)), notes=notes)


def _cores() -> int:
    return os.cpu_count() or 1


def _run(
    plan: Plan, ready: Sweep, store: Store, *, jobs: int | None, executor: ExecutorName, progress: bool
) -> None:
    tasks = {task.key: task for task in plan.tasks}
    if executor == "serial":
        outcomes: Iterator[Outcome] = executors.serial(store.folder, ready.record, plan.tasks)
    else:
        outcomes = executors.processes(store.folder, ready.record, plan.tasks, jobs=jobs or _cores())
    with Progress(len(tasks), plan.missing, show=progress) as bar:
        for outcome in outcomes:
            written = _bury(tasks[outcome.key], outcome, store) if outcome.status == "died" else outcome
            if written.status == "storage":
                raise StorageFullError(written.detail)
            bar.step(failed=written.counts.get("failed", 0))


def _bury(task: Task, outcome: Outcome, store: Store) -> Outcome:
    return write(store, task, failed(task, f"killed its worker twice: {outcome.detail}"))


def _write_study(ready: Sweep, store: Store) -> None:
    store.write_bytes(CASES, _cases_csv(ready.cases))
    store.write_bytes(CONDITIONS, _conditions_csv(ready.conditions))
    if not store.holds(STUDY, ready.record):
        store.write_json(STUDY, ready.record)


def _cases_csv(cases: Cases) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(cases.header)
    writer.writerows([case.columns.get(name, "") for name in cases.header] for case in cases)
    return text.getvalue().encode()


def _conditions_csv(conditions: tuple[Condition, ...]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["condition", "factor", "level", "role", "severity", "sign", "draw", "fingerprint"])
    for c in conditions:
        severity = "" if c.severity is None else repr(float(c.severity))
        sign = "" if c.sign is None else c.sign
        writer.writerow([c.name, c.factor, c.level, c.role, severity, sign, c.draw, c.fingerprint])
    return text.getvalue().encode()


def _ref(case: Case, ready: Sweep) -> CaseRef:
    return case_ref(
        case,
        source=ready.cases.source,
        modality=ready.modalities[case.case_id],
        parameters=ready.protocol.parameters,
    )


def _refuse_pooling(cases: Cases, modalities: dict[str, str], protocol: Protocol) -> None:
    problems = list(modality_problems(cases, modalities))
    if problems:
        raise DataError.of(problems)
    other = protocol_problem(cases, modalities, protocol)
    if other:
        raise ProtocolError.of([other])
