"""What a worker process does for a drift run: it fits one arm, or runs some permutations, and stores them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from robustrad.core.errors import RobustradError
from robustrad.drift.arms import Arm
from robustrad.drift.crossval import cross_validate
from robustrad.drift.data import Codes, DriftData, drift_data
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.models.stability import patient_stability
from robustrad.drift.permutation import permuted_aucs
from robustrad.drift.store import ArmStore


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
        Where the AUCs go.
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
        self.data, self.folds = take_up(Path(setup["data"]))
        self.store = ArmStore(Path(setup["arms"]))
        self.stability = patient_stability(self.data)

    def run(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do one job; what a user can mend comes back as text, anything else ends the process."""
        try:
            (self._arm if message["what"] == "arm" else self._null)(message)
        except RobustradError as error:
            return {"key": message["key"], "problems": [tuple(problem) for problem in error.problems]}
        return {"key": message["key"], "problems": []}

    def _arm(self, message: dict[str, Any]) -> None:
        by = message["tuned_by"]
        found = None if by is None else self.store.read(by)
        if by is not None and found is None:
            raise RuntimeError(f"no arm {by}: it is fitted before those that take its hyperparameters")
        scores = cross_validate(
            self.data,
            spec_from(message["spec"]),
            self.folds,
            arm=Arm(**message["arm"]),
            train=message["train"],
            test=message["test"],
            tuned=None if found is None else found.tuned,
            stability=self.stability,
        )
        self.store.write(message["key"], scores)

    def _null(self, message: dict[str, Any]) -> None:
        null = permuted_aucs(
            self.data,
            spec_from(message["spec"]),
            message["numbers"],
            message["seed"],
            n_splits=message["n_splits"],
            stability=self.stability,
        )
        self.store.write_null(message["key"], null)


def spec_from(fields: dict[str, Any]) -> ModelSpec:
    """Return the specification that became JSON."""
    pairs = tuple((str(name), value) for name, value in fields["combat_settings"])
    return ModelSpec(**{**fields, "combat_settings": pairs})


def lay_out(data: DriftData, folds: Codes, folder: Path) -> None:
    """Write what the workers need of ``data``; they map it, so that it is in memory once."""
    np.save(folder / "values.npy", data.values)
    np.save(folder / "folds.npy", folds)
    about = {
        "outcome": data.outcome.tolist(),
        "groups": data.groups.tolist(),
        "subjects": data.subjects,
        "features": data.features,
        "batch": None if data.batch is None else data.batch.tolist(),
        "conditions": json.loads(data.conditions.to_json(orient="split", index=False)),
    }
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")


def take_up(folder: Path) -> tuple[DriftData, Codes]:
    """Return the data and folds that :func:`lay_out` wrote."""
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
    return data, np.load(folder / "folds.npy").astype(np.intp)
