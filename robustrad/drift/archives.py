"""Results as files of arrays, so that an interrupted run resumes.

``<key>.npz`` is there, whole, or it is not: it is written under a temporary name and renamed. A file that
cannot be read counts as absent. Nothing is pickled.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from robustrad.core.written import make_folder, write_bytes

Arrays = dict[str, NDArray[Any]]
T = TypeVar("T")

_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Archives:
    """Reads and writes the files of one folder."""

    folder: Path

    def path(self, key: str) -> Path:
        """Return the file of ``key``."""
        return self.folder / f"{key}.npz"

    def arrays(self, key: str) -> Arrays | None:
        """Return what is stored under ``key``; None where it is absent or torn."""
        if not self.path(key).is_file():
            return None
        try:
            with self.path(key).open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except _BROKEN:
            return None

    def keep(self, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write arrays, whole or not at all."""
        buffer = io.BytesIO()
        named: dict[str, Any] = dict(arrays)
        np.savez_compressed(buffer, allow_pickle=False, **named)
        make_folder(self.folder)
        write_bytes(buffer.getvalue(), self.path(key))


def there(found: T | None) -> T:
    """Return what a store has read; it is a bug if it is absent, or somebody else took the file away."""
    if found is None:
        raise RuntimeError("a result that was computed is not in its folder any more")
    return found
