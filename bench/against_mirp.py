"""The native engine against mirp at its nearest configuration, on real cases.

``python -m bench.against_mirp --mirp-python PYTHON [CASE ...]``, where PYTHON has mirp installed (in an
environment of its own: its pins are not ours, and its license, EUPL, is why nothing here depends on it).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import SimpleITK as sitk

from bench.cases import Case, real_case
from bench.extraction import CONFIGURATIONS, extract
from robustrad.workers.threads import single_threaded

CASES = ("brain1", "STS_019/CT", "STS_042/CT")
PINNED = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def main() -> int:
    """Print a row for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirp-python", required=True, metavar="PYTHON")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("cases", nargs="*", default=CASES)
    chosen = parser.parse_args()
    if subprocess.run([chosen.mirp_python, "-c", "import mirp"], check=False, capture_output=True).returncode:
        print(f"{chosen.mirp_python} has no mirp: {chosen.mirp_python} -m pip install mirp", file=sys.stderr)
        return 3
    for name in chosen.cases:
        case = real_case(name)
        native, theirs = _native(case), _mirp(chosen.mirp_python, case, chosen.repeats)
        print(
            f"{name:<14} native {1000 * native['cpu']:8.1f} ms ({native['features']} features)   "
            f"mirp {1000 * theirs['cpu']:10.1f} ms ({theirs['features']} features)   "
            f"{theirs['cpu'] / native['cpu']:7.1f} x of processor time, "
            f"{theirs['wall'] / native['wall']:.1f} x of wall clock",
            flush=True,
        )
    return 0


def _native(case: Case) -> dict[str, float]:
    wall, cpu = [], []
    with single_threaded():
        count = len(extract("native", CONFIGURATIONS["common"], case))  # compiles
        for _ in range(5):
            start = time.perf_counter(), time.process_time()
            extract("native", CONFIGURATIONS["common"], case)
            wall.append(time.perf_counter() - start[0])
            cpu.append(time.process_time() - start[1])
    return {"wall": median(wall), "cpu": median(cpu), "features": count}


def _mirp(python: str, case: Case, repeats: int) -> dict[str, float]:
    worker = Path(__file__).with_name("mirp_worker.py")
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, name)) for name in ("image.nii.gz", "mask.nii.gz")]
        for image, path in zip(case, paths, strict=True):
            sitk.WriteImage(image, path)
        command = [python, str(worker), *paths, str(repeats)]
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, **PINNED}, check=False
        )
    if done.returncode:
        raise RuntimeError(f"mirp failed: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
