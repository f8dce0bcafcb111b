"""The pool: every job is answered, a deadly one is named, and no worker is left behind."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from robustrad.core.errors import EnvironmentUnusableError
from robustrad.workers.pool import Answer, run_pool
from tests.workers.processes import alive, wait_for, workers_of

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Number:
    value: int
    more: dict[str, Any] = field(default_factory=dict, hash=False)

    def message(self) -> dict[str, Any]:
        return {"value": self.value, **self.more}


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def answers(jobs: list[Number], *, workers: int = 2) -> list[Answer[Number]]:
    return list(run_pool("tests.workers.services:Echo", {"offset": 10}, jobs, workers=workers))


def test_every_job_is_answered_once_whatever_libraries_print() -> None:
    found = answers([Number(i) for i in range(7)])
    assert sorted(answer.job.value for answer in found) == list(range(7))
    assert all(a.value == {"value": a.job.value + 10, "threads": "1"} for a in found)


def test_no_jobs_need_no_workers() -> None:
    assert answers([]) == []


def test_a_job_that_kills_its_worker_once_is_done_the_second_time(tmp_path: Path) -> None:
    found = answers([Number(1), Number(2, {"die_once": str(tmp_path / "died")}), Number(3), Number(4)])
    assert sorted(a.job.value for a in found if a.value) == [1, 2, 3, 4]
    assert (tmp_path / "died").exists()


def test_a_job_that_kills_twice_is_answered_last_with_the_last_words() -> None:
    found = answers([Number(0, {"die": True}), Number(1), Number(2)])
    assert sorted(a.job.value for a in found if a.value) == [1, 2]
    assert found[-1].value is None
    assert found[-1].last_words == "worker process killed by signal 9: libraries may print\nlast words"


def test_closing_the_pool_early_ends_the_workers() -> None:
    running = run_pool(
        "tests.workers.services:Echo", {"offset": 0}, [Number(1), Number(2, {"sleep": 60})], workers=2
    )
    assert next(running).job.value == 1
    left = workers_of(os.getpid())
    running.close()
    assert wait_for(lambda: not any(alive(pid) for pid in left), 5)


@pytest.mark.parametrize("service", ["no.such.module:X", "tests.workers.services:Missing"])
def test_a_service_that_cannot_start_is_an_environment_error(service: str) -> None:
    with pytest.raises(EnvironmentUnusableError, match="cannot start"):
        list(run_pool(service, {}, [Number(1)], workers=1))


@pytest.mark.parametrize(("how_many", "recovers"), [(2, True), (100, False)])
def test_workers_killed_before_they_are_ready_are_replaced_a_few_times(
    tmp_path: Path, how_many: int, recovers: bool
) -> None:
    setup = {"offset": 0, "lost_starts": str(tmp_path), "how_many": how_many}
    running = run_pool("tests.workers.services:Echo", setup, [Number(i) for i in range(4)], workers=2)
    if recovers:
        assert sorted(answer.job.value for answer in running if answer.value) == [0, 1, 2, 3]
    else:
        with pytest.raises(EnvironmentUnusableError, match="killed by signal 9"):
            list(running)
