"""Writing where nothing can be written: an error that says so, never a traceback of the tidying up."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from robustrad.core.errors import DataError, StorageFullError, StudyError
from robustrad.core.written import make_folder, remove_file, write_text
from robustrad.extract.parameters import Parameters
from robustrad.extract.table import write_features


@pytest.fixture
def read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a file system mounted for reading answers, to root as well: even to removing what is not there."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    for name in ("write_bytes", "open", "unlink", "mkdir", "replace"):
        monkeypatch.setattr(Path, name, refuse)
    return tmp_path


def test_a_read_only_file_system_is_told(read_only: Path) -> None:
    told = "Read-only file system"
    with pytest.raises(StudyError, match=told):
        write_text("text", read_only / "file.txt")
    with pytest.raises(DataError, match=told):
        write_features(read_only / "file.csv", [], parameters=Parameters())
    with pytest.raises(StudyError, match=told):
        make_folder(read_only / "folder")
    with pytest.raises(StudyError, match=told):
        remove_file(read_only / "file.txt")


def test_a_full_disk_is_told_and_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageFullError):
        write_text("text", tmp_path / "file.txt")
    with pytest.raises(StorageFullError):
        write_features(tmp_path / "file.csv", [], parameters=Parameters())
    assert list(tmp_path.iterdir()) == []
