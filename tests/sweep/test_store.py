"""The study folder: parts are whole or absent, failures are recorded and removed, leftovers are cleaned."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from robustrad.core.errors import StorageFullError, StudyError
from robustrad.sweep import store as store_module
from robustrad.sweep.conditions import Condition
from robustrad.sweep.rows import FAILED, OK, ConditionResult, from_table, to_table
from robustrad.sweep.store import Store
from robustrad.sweep.tasks import CaseRef, Task

CASE = CaseRef("LUNG/ü 1", "CT", "/i.nii", "/m.nii", 1, "cases.csv row 2", "c0ffee")


def condition(name: str) -> Condition:
    return Condition(name, "f", "l", "acquisition", 1.0, None, 0, (), f"fp-{name}")


def task(key: str = "k1", *names: str, supersedes: tuple[str, ...] = ()) -> Task:
    return Task(key, CASE, tuple(condition(name) for name in names or ("a", "b")), supersedes)


def ok(name: str, value: float = 1.5) -> ConditionResult:
    strength = {"strength_rmse": 0.25, "strength_noise_estimator": "hh1"}
    return ConditionResult(name, f"fp-{name}", OK, "", {"original_firstorder_Mean": value}, strength)


def bad(name: str) -> ConditionResult:
    return ConditionResult(name, f"fp-{name}", FAILED, "boom", {}, {}, "Traceback\n  boom")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "OUT")
    made.create()
    return made


def test_results_survive_the_way_through_a_part(store: Store) -> None:
    results = [ok("a", float("nan")), ok("b", 1 / 3)]
    store.write_part(task(), results)
    (part,) = store.index()
    assert (part.case_id, part.content, part.conditions, part.failed) == (
        CASE.case_id,
        "c0ffee",
        ("fp-a", "fp-b"),
        (),
    )
    found = store.read_part(part)
    assert found["fp-b"] == results[1]
    assert (
        found["fp-a"].features["original_firstorder_Mean"]
        != found["fp-a"].features["original_firstorder_Mean"]
    )


def test_equal_tasks_write_equal_bytes(store: Store) -> None:
    path = store.parts_dir / "k1.parquet"
    store.write_part(task(), [ok("a"), ok("b")])
    first = path.read_bytes()
    store.write_part(task(), [ok("a"), ok("b")])
    assert path.read_bytes() == first


def test_a_table_of_no_results_has_the_schema() -> None:
    assert from_table(to_table("x", [])) == {}


def test_a_failure_is_recorded_with_its_traceback_and_removed_by_success(store: Store) -> None:
    store.write_part(task(), [ok("a"), bad("b")])
    record = json.loads((store.failures_dir / "k1.json").read_text())
    assert record["failed"] == [{"condition": "b", "reason": "boom", "traceback": ["Traceback", "  boom"]}]
    store.write_part(task(), [ok("a"), ok("b")])
    assert not (store.failures_dir / "k1.json").exists()


def test_a_part_that_supersedes_others_removes_them(store: Store) -> None:
    store.write_part(task("old"), [ok("a"), bad("b")])
    store.write_part(task("new", "a", "b", "c", supersedes=("old",)), [ok("a"), ok("b"), ok("c")])
    assert [part.path.stem for part in store.index()] == ["new"]
    assert list(store.failures_dir.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PAR1 torn", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_a_part_that_cannot_be_read_counts_as_absent(store: Store, content: bytes) -> None:
    (store.parts_dir / "k1.parquet").write_bytes(content)
    assert store.index() == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_leaves_the_old_part_and_no_temporary_file(
    store: Store, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    store.write_part(task(), [ok("a"), ok("b")])
    before = (store.parts_dir / "k1.parquet").read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(code, "full")

    monkeypatch.setattr(store_module.os, "fsync", full)
    with pytest.raises(StorageFullError, match="run the same command again"):
        store.write_part(task(), [ok("a", 7.0), ok("b")])
    assert (store.parts_dir / "k1.parquet").read_bytes() == before
    assert not list(store.folder.rglob("*.tmp"))


def test_leftovers_of_dead_processes_go_and_those_of_living_ones_stay(store: Store) -> None:
    host = store_module._host()
    dead = store.parts_dir / f".k.parquet.{host}.4194303.tmp"
    alive = store.parts_dir / f".k.parquet.{host}.{os.getpid()}.tmp"
    elsewhere = store.parts_dir / ".k.parquet.another-host.1.tmp"
    for path in (dead, alive, elsewhere):
        path.touch()
    store.sweep_leftovers()
    assert [path.exists() for path in (dead, alive, elsewhere)] == [False, True, True]


def test_a_folder_that_cannot_be_made_is_a_study_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StudyError, match="not writable"):
        Store(tmp_path / "file" / "OUT").create()


def test_study_json_that_is_not_json_names_the_file(store: Store) -> None:
    (store.folder / "study.json").write_text("{")
    with pytest.raises(StudyError, match=r"study\.json"):
        store.read_json("study.json")
