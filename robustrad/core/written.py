"""Files that appear whole or not at all, and errors that say why they could not be written."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from robustrad.core.errors import StorageFullError, StudyError

if TYPE_CHECKING:
    import pandas as pd

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What a full disk, or a full quota, answers."""


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    r"""Write ``frame`` as CSV: ``\n`` line ends, the shortest digits that read back as the same float.

    The file appears whole or not at all; the same frame gives the same bytes.

    Parameters
    ----------
    frame : DataFrame
        Rows and columns in their order; the index is left out. Missing values become empty fields.
    path : Path
        File; its folder exists.
    """
    return write_text(csv_text(frame), path)


def csv_text(frame: pd.DataFrame) -> str:
    """Return ``frame`` as :func:`write_csv` writes it."""
    return frame.to_csv(index=False, lineterminator="\n")


def write_text(text: str, path: Path) -> Path:
    """Write ``text`` as UTF-8; the file appears whole or not at all."""
    return write_bytes(text.encode(), path)


def write_bytes(content: bytes, path: Path) -> Path:
    """Write ``content``; the file appears whole or not at all.

    Raises
    ------
    StorageFullError
        If the disk is full.
    StudyError
        If the file cannot be written.
    """
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        if error.errno in FULL:
            raise StorageFullError(
                str(path), "the disk is full", "", "Free some space and repeat."
            ) from error
        raise StudyError(str(path), f"cannot be written ({error.strerror})", "a writable folder") from error
    return path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file that takes the place of ``path`` at the end, or goes where that fails."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):  # a folder that cannot be written cannot be tidied either
            temporary.unlink(missing_ok=True)
        raise


def make_folder(path: Path) -> Path:
    """Make ``path`` and what leads to it, if it is not there.

    Raises
    ------
    StudyError
        If it cannot be made.
    """
    with _told(path, "made"):
        path.mkdir(parents=True, exist_ok=True)
    return path


def remove_file(path: Path) -> None:
    """Remove ``path`` if it is there.

    Raises
    ------
    StudyError
        If it cannot be removed.
    """
    with _told(path, "replaced"):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _told(path: Path, done: str) -> Iterator[None]:
    """Turn what the file system refuses into an error that says what could not be done."""
    try:
        yield
    except OSError as error:
        raise StudyError(str(path), f"cannot be {done} ({error.strerror})", "a writable folder") from error
