"""What a sweep would cost: counts, time from one timed task, disk from the size of its part."""

from __future__ import annotations

import io
import os
import time
from dataclasses import dataclass

import pyarrow.parquet as pq

from robustrad.sweep.plan import Plan
from robustrad.sweep.prepare import Sweep
from robustrad.sweep.rows import to_table
from robustrad.sweep.runner import Runner


@dataclass(frozen=True)
class Estimate:
    """The cost of what is left to do.

    Attributes
    ----------
    cases, conditions, units, missing, tasks : int
        Counts: units are case x condition; missing ones are left to do, in so many tasks.
    seconds : float
        Wall time with ``jobs`` workers, from one timed task; NaN when nothing is left.
    megabytes : float
        Disk for parts, from the size of that task's part.
    timed_case : str
        The case that was timed.
    timed_seconds : float
        Time of the timed task.
    timed_units : int
        Its conditions.
    jobs : int
        Workers assumed.
    """

    cases: int
    conditions: int
    units: int
    missing: int
    tasks: int
    seconds: float
    megabytes: float
    timed_case: str
    timed_seconds: float
    timed_units: int
    jobs: int


def estimate(ready: Sweep, plan: Plan, *, jobs: int | None = None) -> Estimate:
    """Run one task without writing anything and scale it up.

    The task is the middle one of what is left; its time per condition is taken for all.
    """
    cores = jobs or os.cpu_count() or 1
    counts = (
        len(plan.cases),
        len(plan.conditions),
        len(plan.cases) * len(plan.conditions),
        plan.missing,
        len(plan.tasks),
    )
    if not plan.tasks:
        return Estimate(*counts, float("nan"), 0.0, "", float("nan"), 0, cores)
    task = plan.tasks[len(plan.tasks) // 2]
    runner = Runner({"folder": ".", "study": ready.record})
    start = time.perf_counter()
    results = runner.compute(task)
    took = time.perf_counter() - start
    buffer = io.BytesIO()
    pq.write_table(to_table(task.case.case_id, results), buffer)
    per_unit = plan.missing / len(task.conditions)
    return Estimate(
        *counts,
        took * per_unit / min(cores, len(plan.tasks)),
        buffer.tell() * per_unit / 1e6,
        task.case.case_id,
        took,
        len(task.conditions),
        cores,
    )
