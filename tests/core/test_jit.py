"""Compiled kernels are kept per source, and only where there is a place for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from robustrad.core import jit as cache
from robustrad.extract import native

NATIVE = Path(native.__file__).parent
ADD = """
from robustrad.core.jit import kernel
@kernel
def add(a, b):
    return a + b
print(add(1, 2))
"""


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.cache_folder.cache_clear()


def test_folder_is_made_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROBUSTRAD_CACHE", str(tmp_path / "here"))
    folder = cache.cache_folder(NATIVE)
    assert folder is not None
    assert folder.parent == tmp_path / "here"
    assert folder.is_dir()


def test_a_place_that_cannot_be_written_means_no_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("ROBUSTRAD_CACHE", str(tmp_path / "file"))
    assert cache.cache_folder(NATIVE) is None
    assert cache.kernel(lambda a: a + 1)(1) == 2


def test_folder_changes_with_any_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for source in NATIVE.glob("*.py"):
        shutil.copy(source, tmp_path / source.name)
    before = cache._identity(tmp_path)
    with (tmp_path / "glszm.py").open("a") as file:
        file.write("# another\n")
    assert cache._identity(tmp_path) != before


def test_folder_changes_with_the_bounds_check(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache._identity(NATIVE)
    monkeypatch.setattr(cache.numba_config, "BOUNDSCHECK", 1)
    assert cache._identity(NATIVE) != before


def test_decorating_leaves_numbas_own_setting_alone(tmp_path: Path) -> None:
    script = tmp_path / "add.py"
    script.write_text(
        ADD.replace(
            "print", "from numba.core import config\nassert not config.CACHE_DIR, config.CACHE_DIR\nprint"
        )
    )
    command = [sys.executable, str(script)]
    here = Path(__file__).resolve().parents[2]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(here), "ROBUSTRAD_CACHE": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "3\n", done.stderr
    assert list(tmp_path.glob("kernels-*/**/*.nbi"))


def test_surplus_folders_go_when_a_new_one_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROBUSTRAD_CACHE", str(tmp_path))
    now = time.time()
    for days in range(cache.KEPT_FOLDERS + 2):
        (tmp_path / f"kernels-{days}").mkdir()
        used = now - (cache.FRESH_DAYS + 1 + days) * 86400
        os.utime(tmp_path / f"kernels-{days}", (used, used))
    (tmp_path / "something-else").mkdir()
    folder = cache.cache_folder(NATIVE)
    assert folder is not None
    kept = {f"kernels-{days}" for days in range(cache.KEPT_FOLDERS)}
    assert {path.name for path in tmp_path.iterdir()} == kept | {folder.name, "something-else"}


def test_folders_of_long_ago_go_though_they_are_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROBUSTRAD_CACHE", str(tmp_path))
    (tmp_path / "kernels-old").mkdir()
    long_ago = time.time() - (cache.KEPT_DAYS + 1) * 86400
    os.utime(tmp_path / "kernels-old", (long_ago, long_ago))
    assert cache.cache_folder(NATIVE) is not None
    assert not (tmp_path / "kernels-old").exists()


def test_folders_in_use_stay_however_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROBUSTRAD_CACHE", str(tmp_path))
    for place in range(cache.KEPT_FOLDERS + 3):
        (tmp_path / f"kernels-{place}").mkdir()
    assert cache.cache_folder(NATIVE) is not None
    assert len(list(tmp_path.iterdir())) == cache.KEPT_FOLDERS + 4
