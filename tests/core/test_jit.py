"""Compiled kernels are kept per source, and only where there is a place for them."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from numba.core.errors import TypingError

from robustrad.core import jit
from robustrad.core import kept as cache
from robustrad.extract import native

NATIVE = Path(native.__file__).parent
ADD = """
from robustrad.core.jit import kernel
@kernel
def add(a, b):
    return a + b
print(add(1, 2))
"""
DOUBLE = """
import sys
import numpy as np
from robustrad.core.jit import bare
@bare
def double(a):
    for i in range(a.shape[0]):
        a[i] *= 2
a = np.array([1.0, 2.0])
double(a)
print(a, "scipy.linalg" in sys.modules)
"""
DOUBLED = """
import sys
import numpy as np
from robustrad.core.jit import kernel
@kernel
def doubled(a):
    return 2 * a
print(doubled(np.array([1.0, 2.0])), "scipy.linalg" in sys.modules)
"""


def _next(a: float) -> float:
    return a + 1


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
    assert jit.kernel(lambda a: a + 1)(1) == 2


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


def _run(script: Path, folder: Path) -> str:
    here = Path(__file__).resolve().parents[2]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(here), "ROBUSTRAD_CACHE": str(folder)}
    command = [sys.executable, str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ready_code_loads_nothing_that_only_compiling_needs(tmp_path: Path) -> None:
    script = tmp_path / "double.py"
    script.write_text(DOUBLE)
    assert _run(script, tmp_path) == "[2. 4.] True\n"
    assert _run(script, tmp_path) == "[2. 4.] False\n"


def test_ready_code_that_makes_arrays_works(tmp_path: Path) -> None:
    script = tmp_path / "doubled.py"
    script.write_text(DOUBLED)
    assert _run(script, tmp_path) == _run(script, tmp_path) == "[2. 4.] True\n"


def test_every_signature_has_files_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROBUSTRAD_CACHE", str(tmp_path))
    first, second = jit.kernel(_next), jit.kernel(_next)  # as two processes that know nothing of each other
    assert first(1) == 2
    assert second(1.5) == 2.5
    assert len(list(tmp_path.rglob("*.nbi"))) == len(list(tmp_path.rglob("*.nbc"))) == 2
    again = jit.kernel(_next)
    assert (again(1), again(1.5)) == (2, 2.5)
    assert sum(again.stats.cache_hits.values()) == 2


def test_code_that_was_cut_off_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROBUSTRAD_CACHE", str(tmp_path))
    assert jit.kernel(_next)(1) == 2
    for kept in tmp_path.rglob("*.nb[ic]"):
        for size in (kept.stat().st_size // 2, 0):
            os.truncate(kept, size)
            assert jit.kernel(_next)(1) == 2


def test_a_disk_that_takes_nothing_more_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("ROBUSTRAD_CACHE", str(tmp_path))
    monkeypatch.setattr(cache.IndexDataCacheFile, "_open_for_write", full)
    assert jit.kernel(_next)(1) == 2
    assert not list(tmp_path.rglob("*.nb[ic]"))


def test_compiling_pauses_the_garbage_collector_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROBUSTRAD_CACHE", str(tmp_path))
    monkeypatch.setattr(gc, "disable", lambda told=gc.disable: paused.append(told()))
    paused: list[None] = []
    assert jit.kernel(_next)(1) == 2
    assert len(paused) == 1
    assert gc.isenabled()
    with pytest.raises(TypingError):
        jit.kernel(_next)("no number")
    assert gc.isenabled()
    gc.collect()


def test_decorating_leaves_numbas_own_setting_alone(tmp_path: Path) -> None:
    script = tmp_path / "add.py"
    script.write_text(
        ADD.replace(
            "print", "from numba.core import config\nassert not config.CACHE_DIR, config.CACHE_DIR\nprint"
        )
    )
    assert _run(script, tmp_path) == "3\n"
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
