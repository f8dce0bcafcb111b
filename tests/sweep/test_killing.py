"""Killing a sweep, its group or a worker at random moments: the same command completes it."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workers.processes import alive, wait_for, workers_of

COMMAND = (sys.executable, "-m", "robustrad", "sweep", "--engine", "pyradiomics")
KILLS = ("main", "group", "worker")


def start(cohort: Path, out: Path, protocol: Path) -> subprocess.Popen[bytes]:
    arguments = [*COMMAND, str(cohort), str(out), "--protocol", str(protocol), "-j", "2"]
    return subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


@pytest.fixture(scope="module")
def undisturbed(
    cohort: Path, protocol_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bytes, float]:
    out = tmp_path_factory.mktemp("whole") / "OUT"
    begin = time.monotonic()
    process = start(cohort, out, protocol_file)
    process.communicate()
    assert process.returncode == 0
    return (out / "features.parquet").read_bytes(), time.monotonic() - begin


def kill_once(which: str, process: subprocess.Popen[bytes], moment: random.Random) -> list[int]:
    """Kill as asked; return the workers that must be gone soon."""
    workers = workers_of(process.pid)
    if which == "main":
        os.kill(process.pid, signal.SIGKILL)
    elif which == "group":
        os.killpg(process.pid, signal.SIGKILL)
    elif workers:
        os.kill(moment.choice(workers), signal.SIGKILL)
        return []
    return workers


def run_killed(
    cohort: Path, protocol: Path, out: Path, which: str, seed: int, whole: tuple[bytes, float]
) -> None:
    expected, seconds = whole
    moment = random.Random(f"{which}{seed}")
    process = start(cohort, out, protocol)
    time.sleep(moment.uniform(0.0, 1.1 * seconds))
    left = kill_once(which, process, moment) if process.poll() is None else []
    _, told = process.communicate()
    assert wait_for(lambda: not any(alive(pid) for pid in left), 10), "workers outlived the main process"
    if which == "worker":
        assert process.returncode == 0, told.decode()
    for path in (out / "parts").glob("[!.]*.parquet"):
        assert path.read_bytes()[-4:] == b"PAR1"
    again = start(cohort, out, protocol)
    _, told = again.communicate()
    assert again.returncode == 0, told.decode()
    assert (out / "features.parquet").read_bytes() == expected
    assert not list(out.rglob("*.tmp"))


def run_with(
    code: str, cohort: Path, out: Path, protocol: Path, *options: str
) -> subprocess.CompletedProcess[bytes]:
    """Sweep with ``code`` run first in every process."""
    site = out.with_name("site")
    site.mkdir()
    (site / "sitecustomize.py").write_text(code)
    return subprocess.run(
        [*COMMAND, str(cohort), str(out), "--protocol", str(protocol), *options],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(site)},
    )


@pytest.mark.parametrize("which", KILLS)
def test_a_killed_sweep_completes_with_the_same_bytes(
    cohort: Path, protocol_file: Path, tmp_path: Path, undisturbed: tuple[bytes, float], which: str
) -> None:
    run_killed(cohort, protocol_file, tmp_path / "OUT", which, 0, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("which", KILLS)
@pytest.mark.parametrize("seed", range(1, 21))
def test_a_sweep_killed_at_twenty_random_moments_completes_with_the_same_bytes(
    cohort: Path, protocol_file: Path, tmp_path: Path, undisturbed: tuple[bytes, float], which: str, seed: int
) -> None:
    run_killed(cohort, protocol_file, tmp_path / "OUT", which, seed, undisturbed)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_sweep_ends_its_workers_and_prints_the_command_that_resumes(
    cohort: Path,
    protocol_file: Path,
    tmp_path: Path,
    undisturbed: tuple[bytes, float],
    signum: int,
    code: int,
) -> None:
    out = tmp_path / "OUT"
    process = start(cohort, out, protocol_file)
    assert wait_for(lambda: any((out / "parts").glob("[!.]*.parquet")))
    workers = workers_of(process.pid)
    process.send_signal(signum)
    _, told = process.communicate()
    assert process.returncode == code
    assert wait_for(lambda: not any(alive(pid) for pid in workers), 5)
    resume = re.search(r"robustrad sweep .*", told.decode())
    assert resume is not None, told.decode()
    again = subprocess.run([sys.executable, "-m", *resume[0].split()], capture_output=True, check=False)
    assert again.returncode == 0, again.stderr.decode()
    assert (out / "features.parquet").read_bytes() == undisturbed[0]


def test_a_task_that_kills_its_worker_twice_is_failed_and_the_others_are_done(
    cohort: Path, protocol_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "OUT"
    code = (
        "import os, sys\n"
        "if 'robustrad.workers.worker' in ' '.join(sys.orig_argv):\n"
        "    from robustrad.sweep import runner\n"
        "    branch = runner.run_branch\n"
        "    def deadly(task, setup):\n"
        "        if task.case.case_id == 'case3' and task.conditions[0].name == 'reference':\n"
        "            print('last words', file=sys.stderr, flush=True)\n"
        "            os.kill(os.getpid(), 9)\n"
        "        return branch(task, setup)\n"
        "    runner.run_branch = deadly\n"
    )
    run = run_with(code, cohort, out, protocol_file, "-j", "2")
    assert run.returncode == 1, run.stderr.decode()
    (record,) = [json.loads(path.read_text()) for path in (out / "failures").iterdir()]
    assert record["case_id"] == "case3"
    assert "killed its worker twice" in record["failed"][0]["reason"]
    assert "signal 9: last words" in record["failed"][0]["reason"]
    import pandas as pd

    table = pd.read_parquet(out / "features.parquet")
    assert set(table.loc[table["status"] == "failed", "case_id"]) == {"case3"}


def test_a_worker_that_cannot_start_is_an_environment_error(
    cohort: Path, protocol_file: Path, tmp_path: Path
) -> None:
    code = (
        "import sys\n"
        "if 'robustrad.workers.worker' in ' '.join(sys.orig_argv):\n"
        "    sys.exit('no such library')\n"
    )
    run = run_with(code, cohort, tmp_path / "OUT", protocol_file)
    assert run.returncode == 3
    assert b"no such library" in run.stderr
