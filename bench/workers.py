"""Two worker processes against one, and the peak memory of a worker of each engine.

``python -m bench.workers`` sweeps a synthetic cohort by one and by two workers: wall clock tells on a quiet
machine, processor time on any (equal sums mean that a second worker costs nothing). ``--case STS_019/CT``
takes a real lesion for the memory.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import SimpleITK as sitk
import yaml

from bench import sweep
from bench.cases import Case, lesion, real_case
from bench.extraction import CONFIGURATIONS
from robustrad.sweep.executors import processes
from robustrad.sweep.prepare import prepare_sweep
from robustrad.sweep.run import plan_sweep
from robustrad.sweep.store import Store


class Cost(NamedTuple):
    """What a run cost: seconds of wall clock and of the workers' processors, MB of the largest worker."""

    wall: float
    cpu: float
    peak: float


def main() -> int:
    """Print both comparisons; every run in a process of its own, whose children are its workers alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", help="a real lesion for the memory; default a synthetic one")
    parser.add_argument("--cases", type=int, default=8, help="size of the cohort")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        cost = run(*chosen.one)
        print(" ".join(map(repr, cost)))
        return 0
    _speed(chosen.cases)
    _memory(chosen.case)
    return 0


def _speed(cases: int) -> None:
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        table = write_cohort(Path(folder), [lesion(12.0)] * cases)
        for jobs in (1, 2):
            costs[jobs] = _alone("native", jobs, table)
    one, two = costs[1], costs[2]
    print(f"one worker    {one.wall:7.1f} s wall clock, {one.cpu:7.1f} s of processor")
    print(f"two workers   {two.wall:7.1f} s wall clock, {two.cpu:7.1f} s of processor")
    print(f"wall clock {one.wall / two.wall:.2f} x; by processor time at best {2 * one.cpu / two.cpu:.2f} x")


def _memory(name: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = write_cohort(Path(folder), [real_case(name) if name else lesion(16.0)])
        for engine in ("native", "native-shared", "pyradiomics"):
            print(f"peak memory of a worker, {engine:<14}{_alone(engine, 1, table).peak:8.0f} MB")


def _alone(engine: str, jobs: int, table: Path) -> Cost:
    with tempfile.TemporaryDirectory() as out:
        command = [
            sys.executable,
            "-m",
            "bench.workers",
            "--one",
            engine,
            str(jobs),
            str(table),
            f"{out}/OUT",
        ]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    wall, cpu, peak = map(float, told.split())
    return Cost(wall, cpu, peak)


def run(engine: str, jobs: str, table: str, out: str) -> Cost:
    """Sweep the 36 conditions over ``table``; parity is not watched, for PyRadiomics' time is not asked."""
    chosen = Path(table).with_name("protocol.yaml")
    ready = prepare_sweep(table, protocol=chosen, engine=engine)  # type: ignore[arg-type]
    store = Store(Path(out))
    store.create()
    store.write_json("study.json", ready.record)
    plan, _ = plan_sweep(ready, store)
    start = time.perf_counter()
    for outcome in processes(store.folder, ready.record, plan.tasks, jobs=int(jobs)):
        assert outcome.counts.get("ok") == 18, outcome
    wall = time.perf_counter() - start
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, spent.ru_utime + spent.ru_stime, spent.ru_maxrss / 1024)


def write_cohort(folder: Path, cases: list[Case]) -> Path:
    """Write ``cases``, their table and the protocol of 36 conditions at 1 mm; return the table."""
    spelled = sweep.spelled(CONFIGURATIONS["common"])
    (folder / "protocol.yaml").write_text(yaml.safe_dump(spelled, sort_keys=False))
    table = folder / "cases.csv"
    with table.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["case_id", "image", "mask"])
        for number, pair in enumerate(cases):
            names = [f"{number}_{what}.nii.gz" for what in ("image", "mask")]
            for image, name in zip(pair, names, strict=True):
                sitk.WriteImage(image, str(folder / name))
            writer.writerow([f"case{number}", *names])
    return table


if __name__ == "__main__":
    sys.exit(main())
