"""The sweep itself: prepare the folder, plan, run what is left, merge."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from robustrad.cases.case import Cases
from robustrad.core.errors import StorageFullError
from robustrad.sweep import executors
from robustrad.sweep.finish import finish
from robustrad.sweep.folder import check_folder, write_study
from robustrad.sweep.merged import changed_note, read_merged
from robustrad.sweep.plan import Plan, build_plan
from robustrad.sweep.prepare import EngineName, Sweep, prepare_sweep
from robustrad.sweep.progress import Progress
from robustrad.sweep.runner import Outcome, failed, write
from robustrad.sweep.store import Store
from robustrad.sweep.study import RESUME, Study
from robustrad.sweep.tasks import Task
from robustrad.workers.interrupt import interruptible

ExecutorName = Literal["processes", "serial"]
Shard = tuple[int, int]


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
    refs = [ready.ref(case) for case in listed]
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
    write_study(ready, store)
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
