"""Results as files, one per remedy, scope and repeat or assignment: an interrupted run resumes arm by arm.

As in :mod:`robustrad.drift.store`: a file is there, whole, or it is not; one that cannot be read counts as
absent; nothing is pickled.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.core.written import write_bytes
from robustrad.drift.sites.new_site import NewSiteResult
from robustrad.drift.sites.results import Result

_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


@dataclass(frozen=True)
class ResultStore:
    """Reads and writes the files of one folder."""

    folder: Path

    def path(self, key: str) -> Path:
        """Return the file of ``key``."""
        return self.folder / f"{key}.npz"

    def read(self, key: str) -> Result | None:
        """Return the result of ``key``; None where it is absent or torn."""
        found = self._read(key)
        if found is None or "fold" not in found:
            return None
        return Result(
            scores=found["scores"],
            fold=found["fold"].astype(np.intp),
            selected=found["selected"],
            lost=found["lost"],
            status=found["status"],
            fingerprints=found["fingerprints"],
            seconds=float(found["seconds"]),
            agreement=float(found["agreement"]),
            batch_effect=float(found["batch_effect"]),
            batch_classifier=float(found["batch_classifier"]),
        )

    def read_new_site(self, key: str) -> NewSiteResult | None:
        """Return the new-site result of ``key``; None where it is absent or torn."""
        found = self._read(key)
        if found is None or "sites" not in found:
            return None
        return NewSiteResult(
            tuple(found["sites"].tolist()),
            tuple(found["sizes"].tolist()),
            found["scores"],
            found["status"],
            found["lost"],
            found["seconds"],
        )

    def write(self, key: str, result: Result | NewSiteResult) -> None:
        """Write a result, whole or not at all."""
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {name: np.asarray(value) for name, value in asdict(result).items()}
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_bytes(buffer.getvalue(), self.path(key))

    def _read(self, key: str) -> dict[str, NDArray[Any]] | None:
        if not self.path(key).is_file():
            return None
        try:
            content = io.BytesIO(self.path(key).read_bytes())
            with np.load(content, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except _BROKEN:
            return None
