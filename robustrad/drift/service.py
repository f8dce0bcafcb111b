"""What a worker process does for a drift run: it fits one arm, or runs some permutations, and stores them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from robustrad.core.errors import DataError
from robustrad.drift.arms import Arm
from robustrad.drift.crossval import cross_validate, untrained
from robustrad.drift.data import Codes, DriftData, drift_data
from robustrad.drift.endpoints import endpoint_of, followed
from robustrad.drift.models.spec import ModelSpec, of_any_size
from robustrad.drift.models.stability import patient_stability
from robustrad.drift.permutation import permuted_statistics
from robustrad.drift.stages import outcome_of
from robustrad.drift.store import ArmStore
from robustrad.drift.survival.times import Survival


@dataclass(frozen=True)
class ArmJob:
    """Fit one arm.

    Attributes
    ----------
    key : str
        Where its scores go.
    arm : Arm
        Its name and settings.
    spec : ModelSpec
        Its model.
    train : int
        Condition of the training rows.
    test : tuple of int, optional
        Conditions to score; None all.
    tuned_by : str, optional
        Key of the arm whose hyperparameters it takes.
    """

    key: str
    arm: Arm
    spec: ModelSpec
    train: int = 0
    test: tuple[int, ...] | None = None
    tuned_by: str | None = None

    def message(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"what": "arm", **asdict(self)}


@dataclass(frozen=True)
class NullJob:
    """Run the pipeline on the labels of some permutations; -1 is the true labels.

    Attributes
    ----------
    key : str
        Where the AUCs (or C) go.
    spec : ModelSpec
        Its model.
    numbers : tuple of int
        Which permutations.
    seed, n_splits : int
        See :func:`robustrad.drift.permutation.permuted_auc`.
    """

    key: str
    spec: ModelSpec
    numbers: tuple[int, ...]
    seed: int
    n_splits: int

    def message(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"what": "null", **asdict(self)}


class DriftService:
    """Serves jobs; made once per process.

    Parameters
    ----------
    setup : dict
        ``data``: folder that :func:`lay_out` wrote; ``arms``: folder of the store.
    """

    def __init__(self, setup: dict[str, Any]) -> None:
        self.data, self.folds, survival = take_up(Path(setup["data"]))
        self.endpoint = endpoint_of(self.data, survival)
        self.store = ArmStore(Path(setup["arms"]))
        self.stability = patient_stability(self.data)

    def run(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do one job; what a user can mend comes back as text, anything else ends the process."""
        work = self._arm if message["what"] == "arm" else self._null
        return outcome_of(lambda: work(message), model=message["spec"]["name"])

    def _arm(self, message: dict[str, Any]) -> None:
        by = message["tuned_by"]
        found = None if by is None else self.store.read(by)
        if by is not None and found is None:
            raise RuntimeError(f"no arm {by}: it is fitted before those that take its hyperparameters")
        arm = Arm(**message["arm"])
        try:
            scores = cross_validate(
                self.data,
                spec_from(message["spec"]),
                self.folds,
                arm=arm,
                train=message["train"],
                test=message["test"],
                tuned=None if found is None else found.tuned,
                stability=self.stability,
                endpoint=self.endpoint,
            )
        except DataError as error:
            if found is None:
                raise
            # A model that cannot be trained under one condition says nothing of the others.
            scores = untrained(self.data, found, arm, train=message["train"], error=error)
        self.store.write(message["key"], scores)

    def _null(self, message: dict[str, Any]) -> None:
        null = permuted_statistics(
            self.data,
            of_any_size(spec_from(message["spec"])),
            message["numbers"],
            message["seed"],
            n_splits=message["n_splits"],
            stability=self.stability,
            endpoint=self.endpoint,
        )
        self.store.write_null(message["key"], null)


def spec_from(fields: dict[str, Any]) -> ModelSpec:
    """Return the specification that became JSON."""
    pairs = tuple((str(name), value) for name, value in fields["combat_settings"])
    return ModelSpec(**{**fields, "combat_settings": pairs})


class LaidOut(NamedTuple):
    """What the workers work on."""

    data: DriftData
    folds: Codes
    survival: Survival | None


def lay_out(data: DriftData, folds: Codes, folder: Path, *, survival: Survival | None = None) -> None:
    """Write what the workers need of ``data``; they map it, so that it is in memory once."""
    np.save(folder / "values.npy", data.values)
    np.save(folder / "folds.npy", folds)
    if data.volume is not None:
        np.save(folder / "volume.npy", data.volume)
    outcome = data.outcome
    if survival is not None:
        np.savez(folder / "survival.npz", time=survival.time, event=survival.event)
        # Data have both classes, and here everybody may have had the event: it stands in survival.npz.
        outcome = np.arange(len(data.subjects), dtype=np.intp) % 2
    about = {
        "outcome": outcome.tolist(),
        "groups": data.groups.tolist(),
        "subjects": data.subjects,
        "features": data.features,
        "batch": None if data.batch is None else data.batch.tolist(),
        "volume_name": data.volume_name,
        "conditions": json.loads(data.conditions.to_json(orient="split", index=False)),
    }
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")


def take_up(folder: Path) -> LaidOut:
    """Return what :func:`lay_out` wrote; with follow-up, the outcome of the data is the event."""
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    conditions = pd.DataFrame(about["conditions"]["data"], columns=about["conditions"]["columns"])
    data = drift_data(
        np.load(folder / "values.npy", mmap_mode="r"),
        about["outcome"],
        features=about["features"],
        subjects=about["subjects"],
        groups=about["groups"],
        batch=about["batch"],
        conditions=conditions,
    )
    volume = folder / "volume.npy"
    sizes = np.load(volume) if volume.is_file() else None
    data = replace(data, volume=sizes, volume_name=about["volume_name"])
    survival = _follow_up(folder / "survival.npz")
    data = data if survival is None else followed(data, survival)
    return LaidOut(data, np.load(folder / "folds.npy").astype(np.intp), survival)


def _follow_up(path: Path) -> Survival | None:
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as saved:
        return Survival(saved["time"], saved["event"])
