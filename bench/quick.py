"""``make bench``: engines side by side, medians of interleaved repeats in one process on one thread.

Times are processor time: on one thread that is what the clock of a quiet machine would show, and what other
processes take does not count. ``python -m bench.quick`` takes synthetic lesions; ``--real`` those of
ROBUSTRAD_DATA.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median

from bench import extraction, stability, sweep
from bench.cases import Case, lesion, real_case
from robustrad.workers.threads import single_threaded

REAL = (
    *("brain1", "breast1", "STS_019/PET", "STS_001/PET", "STS_009/PET"),
    *("STS_019/CT", "STS_042/CT", "STS_050/CT", "STS_001/CT"),
)
Tasks = dict[str, Callable[[], object]]


def interleaved(tasks: Tasks, *, repeats: int) -> dict[str, float]:
    """Return the median processor time of every task in seconds; one run of each in turn."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for name, task in tasks.items():
        if name.startswith("native"):
            task()  # compile
    for _ in range(repeats):
        for name, task in tasks.items():
            start = time.process_time()
            task()
            times[name].append(time.process_time() - start)
    return {name: median(values) for name, values in times.items()}


def main() -> int:
    """Print the table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--real", nargs="*", metavar="CASE", help="real cases, e.g. STS_019/PET; none: all nine"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--sweep", nargs="*", type=float, metavar="MM", default=[32.0], help="lesions to sweep"
    )
    chosen = parser.parse_args()
    with single_threaded():
        for name, case in _cases(chosen.real):
            _row(f"common configuration, {name}", _engines(case), chosen.repeats)
        scan = lesion(6.0, size_xy=512, slices=48)
        _row("common configuration, small lesion in 512 x 512 x 48", _engines(scan), chosen.repeats)
        _row("six bin widths, lesion of 32 mm", _bin_widths(lesion(16.0)), chosen.repeats)
        for diameter in chosen.sweep:
            seconds = interleaved(_sweep(lesion(diameter / 2)), repeats=1)
            title = f"36 conditions, lesion of {diameter:g} mm"
            _tell(title, seconds["native"], seconds["pyradiomics"])
            _tell(f"{title}, same work on both sides", seconds["native"], seconds["pyradiomics sweep"])
        icc = stability.Icc()
        icc.setup()
        seconds = interleaved({"icc": icc.time_icc}, repeats=50)["icc"]
        print(f"rr.icc, 1,200 features x 30 subjects x 10 conditions: {1000 * seconds:.1f} ms")
    return 0


def _cases(real: list[str] | None) -> list[tuple[str, Case]]:
    if real is None:
        return [(f"lesion of {2 * radius:g} mm", lesion(radius)) for radius in extraction.RADII_MM.values()]
    return [(name, real_case(name)) for name in (real or REAL)]


def _engines(case: Case) -> Tasks:
    common = extraction.CONFIGURATIONS["common"]
    return {name: partial(extraction.extract, name, common, case) for name in ("native", "pyradiomics")}


def _bin_widths(case: Case) -> Tasks:
    common = extraction.CONFIGURATIONS["common"]
    alone = [common.overridden({"binWidth": width}) for width in extraction.BIN_WIDTHS]
    return {
        "native": partial(extraction.at_bin_widths, "native", common, case),
        "pyradiomics": lambda: [extraction.extract("pyradiomics", each, case) for each in alone],
    }


def _sweep(case: Case) -> Tasks:
    # The loop only extracts, from images that are ready; the sweep by PyRadiomics' engine reads, perturbs,
    # measures strength and shares along the tree as the native one does.
    branch, theirs = sweep.Sweep36(), sweep.Sweep36()
    common = extraction.CONFIGURATIONS["common"]
    branch.prepare("native", common, case)
    theirs.prepare("pyradiomics", common, case)
    samples = branch.samples()
    return {
        "native": lambda: branch.time_sweep("native", "common"),
        "pyradiomics": lambda: sweep.pyradiomics_loop(samples),
        "pyradiomics sweep": lambda: theirs.time_sweep("pyradiomics", "common"),
    }


def _row(title: str, tasks: Tasks, repeats: int) -> None:
    seconds = interleaved(tasks, repeats=repeats)
    _tell(title, seconds["native"], seconds["pyradiomics"])


def _tell(title: str, native: float, pyradiomics: float) -> None:
    print(
        f"{title:<60} native {1000 * native:9.1f} ms   "
        f"pyradiomics {1000 * pyradiomics:10.1f} ms   {pyradiomics / native:6.1f} x",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
