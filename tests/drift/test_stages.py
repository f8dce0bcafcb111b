"""Stages of jobs: their order, their progress, and what is told when a job fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from robustrad.core.errors import DataError, EnvironmentUnusableError
from robustrad.drift.stages import run_stages
from tests.drift.stage_services import Note, Notes


class Counter:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def __call__(self, total: int) -> Counter:
        self.told.append(total)
        return self

    def __enter__(self) -> Counter:
        return self

    def __exit__(self, *about: object) -> None:
        self.told.append("end")

    def step(self) -> None:
        self.told.append("step")


def run(folder: Path, *stages: list[Note], jobs: int = 1, progress: Counter | None = None) -> None:
    run_stages(Notes, {"folder": str(folder)}, stages, jobs=jobs, progress=progress)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stage_begins_when_the_one_before_is_done(tmp_path: Path, jobs: int) -> None:
    shown = Counter()
    first = [Note("a"), Note("b"), Note("c")]
    run(tmp_path, first, [], [Note("d", ("a", "b", "c")), Note("e", ("a",))], jobs=jobs, progress=shown)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c", "d", "e"]
    assert shown.told == [5, *["step"] * 5, "end"]


def test_where_nothing_is_to_be_done_no_progress_is_shown(tmp_path: Path) -> None:
    shown = Counter()
    run(tmp_path, [], progress=shown)
    assert shown.told == []


def test_what_a_user_can_mend_is_told_and_ends_the_run(tmp_path: Path) -> None:
    shown = Counter()
    with pytest.raises(DataError, match=r"a column: nothing; expected numbers\. Fill it\."):
        run(tmp_path, [Note("a"), Note("mendable"), Note("b")], progress=shown)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert shown.told == [3, "step", "end"]


def test_what_the_machine_lacks_keeps_its_exit_code(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnusableError) as caught:
        run(tmp_path, [Note("lacking")])
    assert caught.value.exit_code == 3


def test_a_bug_is_not_told_as_a_problem_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run(tmp_path, [Note("bug")])


def test_a_job_that_kills_its_worker_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="worker process: died twice on one job"):
        run(tmp_path, [Note("deadly"), Note("a")], jobs=2)
