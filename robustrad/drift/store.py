"""The arms of a run as files of ``arms/``, so that an interrupted run resumes.

The key of an arm is a hash of everything that changes the content: the data, the folds, the arm with its
settings, the versions of what computes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustrad.core.identity import fingerprint
from robustrad.drift.archives import Archives
from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import Codes, DriftData, Floats
from robustrad.drift.models.spec import Tuned

_COMPUTING = ("robustrad", "numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class ArmStore(Archives):
    """Reads and writes the arms of one folder."""

    def holds(self, key: str) -> bool:
        """Return whether ``key`` is there and can be read."""
        return self.arrays(key) is not None

    def read(self, key: str) -> ArmScores | None:
        """Return the scores of ``key``; None where they are absent or torn."""
        found = self.arrays(key)
        return None if found is None else _scores(found)

    def write(self, key: str, scores: ArmScores) -> None:
        """Write the scores of an arm, whole or not at all."""
        about = {
            "arm": scores.arm.as_dict(),
            "fingerprints": scores.fingerprints,
            "frozen": scores.frozen,
            "tuned": [asdict(one) for one in scores.tuned],
            "untrained": scores.untrained,
            "isolated": [list(one.items()) for one in scores.isolated],
        }
        arrays = {
            "scores": scores.scores,
            "folds": scores.folds,
            "thresholds": scores.thresholds,
            "selected": scores.selected,
            "about": _text(about),
        }
        self.keep(key, arrays)

    def read_null(self, key: str) -> Floats | None:
        """Return the AUCs of permuted labels stored under ``key``."""
        found = self.arrays(key)
        return None if found is None else np.asarray(found["null"], dtype=np.float64)

    def write_null(self, key: str, null: Floats) -> None:
        """Write AUCs of permuted labels."""
        self.keep(key, {"null": null})


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
        untrained=about.get("untrained", {}),
        isolated=tuple({int(column): str(why) for column, why in one} for one in about["isolated"]),
    )


def _tuned(one: dict[str, Any]) -> Tuned:
    sigmoid = one["sigmoid"]
    return Tuned(one["params"], one["threshold"], None if sigmoid is None else tuple(sigmoid), one["auc"])


def _text(value: Any) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value, sort_keys=True).encode(), dtype=np.uint8)
