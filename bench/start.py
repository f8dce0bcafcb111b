"""The first extraction of a fresh process, with kernels kept on disk (warm) and with none (cold).

``python -m bench.start`` prints medians of processor time and of the wall clock, of two things: the whole
process from its start to the result (Python, numpy, SimpleITK, numba and all), and the call alone, once
numpy, SimpleITK and the case are there.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

CHILD = """
import time
from bench.cases import lesion
from bench.extraction import CONFIGURATIONS, extract
case = lesion(16.0)
clock, cpu = time.perf_counter(), time.process_time()
extract("native", CONFIGURATIONS["common"], case)
print(time.process_time(), time.process_time() - cpu, time.perf_counter() - clock)
"""


class Start(NamedTuple):
    """Seconds of one fresh process: of its processor, of the call's, and both by the wall clock."""

    cpu: float
    call_cpu: float
    wall: float
    call_wall: float


def main() -> int:
    """Print one line for warm starts and one for cold ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="fresh processes that find kernels")
    parser.add_argument("--cold", type=int, default=3, help="fresh processes that find none")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        warm = Path(folder) / "warm"
        started(warm)
        _tell("warm", [started(warm) for _ in range(chosen.repeats)])
        _tell("cold", [started(Path(folder) / f"cold-{n}") for n in range(chosen.cold)])
    return 0


def started(folder: Path) -> Start:
    """Return what one extraction cost in a process of its own that keeps its kernels in ``folder``."""
    environment = {**os.environ, "ROBUSTRAD_CACHE": str(folder)}
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    clock = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", CHILD], env=environment, capture_output=True, check=True)
    wall = time.perf_counter() - clock
    cpu, call_cpu, call_wall = map(float, done.stdout.split())
    return Start(cpu, call_cpu, wall, call_wall)


def _tell(name: str, starts: list[Start]) -> None:
    if starts:
        cpu, call_cpu, wall, call_wall = map(statistics.median, zip(*starts, strict=True))
        print(f"{name}: process {cpu:6.2f} s of processor, {wall:6.2f} s by the clock;", end=" ")
        print(f"call {call_cpu:6.2f} s of processor, {call_wall:6.2f} s by the clock ({len(starts)} runs)")


if __name__ == "__main__":
    sys.exit(main())
