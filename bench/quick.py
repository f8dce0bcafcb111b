"""``make bench``: what each benchmark costs here and now, medians of interleaved repeats on one thread."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from statistics import median

REPEATS = 5


def interleaved(tasks: dict[str, Callable[[], object]], *, repeats: int = REPEATS) -> dict[str, float]:
    """Return the median seconds of every task; one run of each in turn, so that noise falls on all alike."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    for _ in range(repeats):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            times[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def main() -> int:
    """Print a table: seconds, and ratios to the first line of each group."""
    from bench import extraction, stability
    from robustrad.workers.threads import single_threaded

    with single_threaded():
        for size, radius in extraction.RADII_MM.items():
            image, mask = extraction.lesion(radius)
            tasks = {
                f"pyradiomics engine, {name}, {size}": lambda p=p, i=image, m=mask: extraction.extract(
                    "pyradiomics", p, i, m
                )
                for name, p in extraction.CONFIGURATIONS.items()
            }
            _print(interleaved(tasks))
        bench = stability.Icc()
        bench.setup()
        _print(interleaved({"rr.icc, 1,200 features x 30 subjects x 10 conditions": bench.time_icc}))
    return 0


def _print(seconds: dict[str, float]) -> None:
    first = next(iter(seconds.values()))
    for name, value in seconds.items():
        print(f"{name:<60} {1000 * value:10.1f} ms {value / first:8.2f} x")


if __name__ == "__main__":
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
        os.environ.setdefault(variable, "1")
    sys.exit(main())
