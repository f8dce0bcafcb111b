"""What a worker process does for a survival run: it fits one arm, or runs some permutations, and stores."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robustrad.core.errors import RobustradError
from robustrad.drift.arms import Arm
from robustrad.drift.data import Codes, DriftData
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.models.stability import patient_stability
from robustrad.drift.service import lay_out, spec_from, take_up
from robustrad.drift.store import ArmStore
from robustrad.drift.survival.crossval import cross_validate_survival, permuted_c
from robustrad.drift.survival.times import Survival


@dataclass(frozen=True)
class SurvivalJob:
    """Fit one arm, or with ``numbers`` run the pipeline on the follow-up of some permutations.

    Attributes
    ----------
    key : str
        Where the result goes.
    arm : Arm
        Its name and settings; it brings the seed.
    spec : ModelSpec
        Its model.
    train : int
        Condition of the training rows.
    test : tuple of int, optional
        Conditions to score; None all.
    tuned_by : str, optional
        Key of the arm whose hyperparameters it takes.
    numbers : tuple of int
        Permutations; empty for an arm.
    n_splits : int
        Folds of the permutations.
    """

    key: str
    arm: Arm
    spec: ModelSpec
    train: int = 0
    test: tuple[int, ...] | None = None
    tuned_by: str | None = None
    numbers: tuple[int, ...] = ()
    n_splits: int = 5

    def message(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


class SurvivalService:
    """Serves jobs; made once per process.

    Parameters
    ----------
    setup : dict
        ``data``: folder that :func:`lay_out_survival` wrote; ``arms``: folder of the store.
    """

    def __init__(self, setup: dict[str, Any]) -> None:
        folder = Path(setup["data"])
        self.data, self.folds = take_up(folder)
        with np.load(folder / "survival.npz", allow_pickle=False) as saved:
            self.survival = Survival(saved["time"], saved["event"])
        self.store = ArmStore(Path(setup["arms"]))
        self.stability = patient_stability(self.data)

    def run(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do one job; what a user can mend comes back as text, anything else ends the process."""
        try:
            (self._null if message["numbers"] else self._arm)(message)
        except RobustradError as error:
            problems = [tuple(problem) for problem in error.problems]
            return {"key": message["key"], "problems": problems, "exit_code": error.exit_code}
        return {"key": message["key"], "problems": [], "exit_code": 0}

    def _arm(self, message: dict[str, Any]) -> None:
        by = message["tuned_by"]
        found = None if by is None else self.store.read(by)
        if by is not None and found is None:
            raise RuntimeError(f"no arm {by}: it is fitted before those that take its hyperparameters")
        scores = cross_validate_survival(
            self.data,
            self.survival,
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
        found = permuted_c(
            self.data,
            self.survival,
            spec_from(message["spec"]),
            message["numbers"],
            message["arm"]["seed"],
            n_splits=message["n_splits"],
            stability=self.stability,
        )
        self.store.write_null(message["key"], found)


def lay_out_survival(data: DriftData, survival: Survival, folds: Codes, folder: Path) -> None:
    """Write what the workers need."""
    lay_out(data, folds, folder)
    np.savez(folder / "survival.npz", time=survival.time, event=survival.event)
