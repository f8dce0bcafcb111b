"""The arms of a run as files, so that an interrupted run resumes.

``arms/<key>.npz`` is there, whole, or it is not: it is written under a temporary name and renamed. The key
is a hash of everything that changes the content: the data, the folds, the arm with its settings, the
versions of what computes. A file that cannot be read counts as absent. Nothing is pickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from robustrad.core.identity import fingerprint
from robustrad.core.written import write_bytes
from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.models.spec import Tuned

T = TypeVar("T")
_COMPUTING = ("robustrad", "numpy", "scipy", "scikit-learn")
_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


@dataclass(frozen=True)
class ArmStore:
    """Reads and writes the files of one folder."""

    folder: Path

    def path(self, key: str) -> Path:
        """Return the file of ``key``."""
        return self.folder / f"{key}.npz"

    def holds(self, key: str) -> bool:
        """Return whether ``key`` is there and can be read."""
        return self._read(key) is not None

    def read(self, key: str) -> ArmScores | None:
        """Return the scores of ``key``; None where they are absent or torn."""
        found = self._read(key)
        return None if found is None else _scores(found)

    def write(self, key: str, scores: ArmScores) -> None:
        """Write the scores of an arm, whole or not at all."""
        about = {
            "arm": scores.arm.as_dict(),
            "fingerprints": scores.fingerprints,
            "frozen": scores.frozen,
            "tuned": [asdict(one) for one in scores.tuned],
            "isolated": [list(one.items()) for one in scores.isolated],
        }
        self._write(
            key,
            scores=scores.scores,
            folds=scores.folds,
            thresholds=scores.thresholds,
            selected=scores.selected,
            about=_text(about),
        )

    def read_null(self, key: str) -> Floats | None:
        """Return the AUCs of permuted labels stored under ``key``."""
        found = self._read(key)
        return None if found is None else np.asarray(found["null"], dtype=np.float64)

    def write_null(self, key: str, null: Floats) -> None:
        """Write AUCs of permuted labels."""
        self._write(key, null=null)

    def _read(self, key: str) -> dict[str, NDArray[Any]] | None:
        if not self.path(key).is_file():
            return None
        try:
            with self.path(key).open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except _BROKEN:
            return None

    def _write(self, key: str, **arrays: NDArray[Any]) -> None:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_bytes(buffer.getvalue(), self.path(key))


def there(found: T | None) -> T:
    """Return what a store has read; it is a bug if it is absent, or somebody else took the file away."""
    if found is None:
        raise RuntimeError("a result that was computed is not in its folder any more")
    return found


def data_identity(data: DriftData) -> str:
    """Return a hash of everything in ``data`` that a model can see."""
    digest = hashlib.sha256()
    arrays = (data.values, data.groups, data.outcome)
    for array in arrays:
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    batch = None if data.batch is None else data.batch.tolist()
    words = [data.subjects, data.features, data.conditions["condition"].tolist(), batch]
    roles = ["" if role is None else str(role) for role in data.conditions["role"]]
    digest.update(json.dumps([*words, roles]).encode())
    return digest.hexdigest()


def arm_key(about: dict[str, Any], data: str, folds: Codes | None = None) -> str:
    """Return the key of what ``about`` says, on the data of that identity."""
    return fingerprint(
        {
            "about": about,
            "data": data,
            "folds": None if folds is None else hashlib.sha256(folds.astype("<i8").tobytes()).hexdigest(),
            "versions": {name: version(name) for name in _COMPUTING},
        }
    )


def _scores(found: dict[str, NDArray[Any]]) -> ArmScores:
    about = json.loads(bytes(found["about"]).decode())
    return ArmScores(
        arm=Arm(**about["arm"]),
        scores=found["scores"],
        folds=found["folds"].astype(np.intp),
        thresholds=found["thresholds"],
        selected=found["selected"],
        fingerprints=tuple(about["fingerprints"]),
        frozen=about["frozen"],
        tuned=tuple(_tuned(one) for one in about["tuned"]),
        isolated=tuple({int(column): str(why) for column, why in one} for one in about["isolated"]),
    )


def _tuned(one: dict[str, Any]) -> Tuned:
    sigmoid = one["sigmoid"]
    return Tuned(one["params"], one["threshold"], None if sigmoid is None else tuple(sigmoid), one["auc"])


def _text(value: Any) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value, sort_keys=True).encode(), dtype=np.uint8)
