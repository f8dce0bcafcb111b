"""What `robustrad sweep` and `robustrad status` do and tell."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from robustrad.core.errors import RobustradError
from robustrad.core.told import Told
from robustrad.sweep.estimate import estimate
from robustrad.sweep.progress import duration
from robustrad.sweep.run import (
    EngineName,
    ExecutorName,
    Shard,
    Sweep,
    check_folder,
    plan_sweep,
    prepare_sweep,
    run_sweep,
)
from robustrad.sweep.status import study_status
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
    )
    data = {**asdict(study), "folder": str(study.folder)}
    if study.missing:
        text = f"{study.folder}: {study.missing} units are still missing; run the other shards."
        return _failed_so_far(study.folder), Told(text, data)
    text = f"{study.folder}: {study.ok} ok, {study.skipped} skipped, {study.failed} failed."
    if study.skipped or study.failed:
        text += f"\nWhy: robustrad status {study.folder} --failed"
    text = "\n".join([text, *study.disparities, f"Next: robustrad stability {study.folder}"])
    return (1 if study.failed or study.disparities else 0), Told(text, data)


def dry_run_text(request: SweepRequest) -> tuple[int, Told]:
    """Count what the sweep would do, time one task, write nothing."""
    shard = read_shard(request.shard)
    ready = _prepare(request)
    store = Store(request.out)
    check_folder(ready, store)
    _, plan = plan_sweep(ready, store, retry_failed=request.retry_failed, limit=request.limit, shard=shard)
    cost = estimate(ready, plan, jobs=request.jobs)
    counts = f"{cost.cases} cases x {cost.conditions} conditions = {cost.units} units"
    lines = [
        f"protocol {ready.protocol.name}, engine {ready.record['engine']['name']}, seed {request.seed}",
        f"{counts}; {cost.missing} to do, in {cost.tasks} tasks",
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
        "features.parquet is there" if found.merged else "features.parquet is not written yet",
    ]
    if failed:
        lines += [f"{t.case_id}  {t.condition}  {t.status}: {t.reason}" for t in found.troubles]
    elif found.troubles:
        lines.append(f"Why: robustrad status {folder} --failed")
    return Told("\n".join(lines), asdict(found))


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
