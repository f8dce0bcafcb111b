"""What `robustrad sweep` and `robustrad status` do and tell."""

from __future__ import annotations

import math
import re
import shlex
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from robustrad.core.errors import RobustradError
from robustrad.core.told import Told
from robustrad.sweep.estimate import estimate
from robustrad.sweep.folder import check_folder
from robustrad.sweep.merged import changed_note, read_merged, some
from robustrad.sweep.prepare import EngineName, Sweep, prepare_sweep
from robustrad.sweep.progress import duration
from robustrad.sweep.run import ExecutorName, Shard, plan_sweep, run_sweep
from robustrad.sweep.status import Status, study_status
from robustrad.sweep.store import Store


@dataclass(frozen=True)
class SweepRequest:
    """The arguments of `robustrad sweep`, as typed."""

    cases: Path
    out: Path
    protocol: str | None
    params: str | None
    engine: EngineName
    jobs: int | None
    executor: ExecutorName
    seed: int
    retry_failed: bool
    limit: int | None
    shard: str | None


def sweep_command(request: SweepRequest) -> tuple[int, Told]:
    """Run the sweep; return the exit code (1 if a unit failed) and what came of it."""
    shard = read_shard(request.shard)
    ready = _prepare(request)
    study = run_sweep(
        ready,
        request.out,
        jobs=request.jobs,
        executor=request.executor,
        retry_failed=request.retry_failed,
        limit=request.limit,
        shard=shard,
        progress=True,
        resume=_again(request),
    )
    data = {**asdict(study), "folder": str(study.folder)}
    if study.missing:
        others = "; run the other shards." if shard else "."
        text = f"{study.folder}: {study.missing} units are still missing{others}"
        text = "\n".join([text, *study.notes])
        return _failed_so_far(study.folder), Told(text, data)
    text = f"{study.folder}: {study.ok} ok, {study.skipped} skipped, {study.failed} failed."
    if study.skipped or study.failed:
        text += f"\nWhy: robustrad status {study.folder} --failed"
    text = "\n".join([text, *study.notes, *study.disparities, f"Next: robustrad stability {study.folder}"])
    return (1 if study.failed or study.disparities else 0), Told(text, data)


def dry_run_text(request: SweepRequest) -> tuple[int, Told]:
    """Count what the sweep would do, time one task, write nothing."""
    shard = read_shard(request.shard)
    ready = _prepare(request)
    store = Store(request.out)
    check_folder(ready, store)
    _, plan = plan_sweep(ready, store, retry_failed=request.retry_failed, limit=request.limit, shard=shard)
    changed = changed_note(plan, store.index() if store.parts_dir.is_dir() else [], read_merged(request.out))
    cost = estimate(ready, plan, jobs=request.jobs)
    counts = f"{cost.cases} cases x {cost.conditions} conditions = {cost.units} units"
    lines = [
        f"protocol {ready.protocol.name}, engine {ready.record['engine']['name']}, seed {request.seed}",
        f"{counts}; {cost.missing} to do, in {cost.tasks} tasks",
        *([changed] if changed else []),
    ]
    if not math.isnan(cost.seconds):
        timed = f"{cost.timed_case}: {cost.timed_units} units in {cost.timed_seconds:.2f} s"
        lines += [
            f"about {duration(cost.seconds)} with {cost.jobs} workers, from one timed task ({timed})",
            f"about {cost.megabytes:.1f} MB of parts",
        ]
    data = {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in asdict(cost).items()}
    return 0, Told("\n".join(lines), data)


def status_text(folder: Path, *, failed: bool) -> Told:
    """Tell what ``folder`` holds; with ``failed`` every unit without features and its reason."""
    found = study_status(folder)
    done = ", ".join(f"{count} {name}" for name, count in sorted(found.counts.items()))
    lines = [
        f"{folder}: {found.cases} cases x {found.conditions} conditions = {found.units} units: {done}",
        _merged_line(found),
    ]
    if failed:
        lines += _trouble_lines(found)
    elif found.troubles:
        lines.append(f"Why: robustrad status {folder} --failed")
    unfinished = found.counts.get("missing") or found.rows < found.units or found.older
    if unfinished:
        lines.append(f"To go on: {found.resume or 'the command that made this study, again.'}")
    return Told("\n".join(lines), asdict(found))


def _merged_line(found: Status) -> str:
    """Say whether features.parquet holds what the parts hold."""
    if not found.merged:
        return "features.parquet is not written yet"
    told = []
    if found.rows < found.units:
        told.append(f"features.parquet holds {found.rows} of these {found.units} units.")
    if found.older:
        told.append(f"features.parquet is of older files of {some(list(found.older))}.")
    return " ".join(told) or "features.parquet is there"


def _trouble_lines(found: Status) -> list[str]:
    """Return a line per case and reason, with its conditions: a broken file is told once."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for t in found.troubles:
        groups.setdefault((t.case_id, t.status, t.reason), []).append(t.condition)
    return [
        f"{case}  {_conditions(names, found.conditions)}  {status}: {reason}"
        for (case, status, reason), names in groups.items()
    ]


def _conditions(names: list[str], of: int) -> str:
    if len(names) == of > 1:
        return f"all {of} conditions"
    return names[0] if len(names) == 1 else f"{len(names)} conditions ({', '.join(names)})"


def _again(request: SweepRequest) -> str:
    """Return the command of ``request`` for the whole study: without limit, shard and retry."""
    words = ["robustrad", "sweep", str(request.cases), str(request.out)]
    for name, value, usual in (
        ("--protocol", request.protocol, None),
        ("--params", request.params, None),
        ("--engine", request.engine, "auto"),
        ("-j", request.jobs, None),
        ("--executor", request.executor, "processes"),
        ("--seed", request.seed, 0),
    ):
        words += [] if value == usual else [name, str(value)]
    return shlex.join(words)


def read_shard(text: str | None) -> Shard | None:
    """Return ``(i, n)`` of ``I/N``.

    Raises
    ------
    RobustradError
        If it is not of that form, or i is not in 1..n.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise RobustradError("--shard", repr(text), "I/N with 1 <= I <= N, such as 2/3")
    return int(match[1]), int(match[2])


def _prepare(request: SweepRequest) -> Sweep:
    ready = prepare_sweep(
        request.cases,
        protocol=request.protocol,
        params=request.params,
        engine=request.engine,
        seed=request.seed,
    )
    for note in ready.notes:
        print(f"robustrad: {note}", file=sys.stderr)
    return ready


def _failed_so_far(folder: Path) -> int:
    return 1 if study_status(folder).counts.get("failed") else 0
