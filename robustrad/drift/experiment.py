"""The run: which arms there are, in which order they are fitted, what of them is there already."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from robustrad.core.written import make_folder
from robustrad.drift.archives import there
from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.combat_sizes import check_batch_sizes
from robustrad.drift.data import Codes, DriftData
from robustrad.drift.folds import outer_folds
from robustrad.drift.models.identity import model_identity
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.permutation import Permuted, judge
from robustrad.drift.service import ArmJob, DriftService, NullJob, lay_out
from robustrad.drift.stages import run_stages
from robustrad.drift.store import ArmStore, arm_key, data_identity
from robustrad.drift.survival.times import Survival

REFERENCE, SAME, MATRIX = "reference", "same_condition", "matrix"
_CHUNK = 5  # permutations per job

Job = ArmJob | NullJob


@dataclass(frozen=True)
class RunSettings:
    """How arms are made.

    Attributes
    ----------
    folds, repeats : int
        Outer folds, and their repeats.
    permutations : int
        Of the labels; 0 none.
    matrix : bool
        Score every training condition at every test condition.
    seed : int
        Of everything.
    """

    folds: int = 5
    repeats: int = 5
    permutations: int = 100
    matrix: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Fits:
    """What came of one model.

    Attributes
    ----------
    arms : tuple of ArmScores
        ``reference``, ``same_condition`` where there are conditions, and with a matrix ``matrix:...``.
    trained : tuple of ArmScores
        One per training condition, the reference first: whose selections compare over conditions.
    permuted : Permuted or None
        Its permutation test.
    """

    arms: tuple[ArmScores, ...]
    trained: tuple[ArmScores, ...]
    permuted: Permuted | None


class Plan:
    """The jobs of one model: reference and permutations, then the arms that take its hyperparameters."""

    def __init__(
        self, data: DriftData, spec: ModelSpec, settings: RunSettings, *, folds: Codes, identity: str
    ) -> None:
        self.data = data
        self.settings = settings
        about: dict[str, Any] = {"spec": asdict(spec), **self._model(spec.name)}
        first = self._arm(REFERENCE, spec, REFERENCE, about)
        self.reference = ArmJob(arm_key(first.as_dict(), identity, folds), first, spec)
        self.others = [self._other(spec, j, about, folds, identity) for j in range(1, len(data.conditions))]
        self.null = list(self._nulls(spec, about, identity))

    def collect(self, store: ArmStore) -> Fits:
        """Return what the store holds after all jobs ran."""
        reference = there(store.read(self.reference.key))
        trained = [reference, *(there(store.read(job.key)) for job in self.others)]
        arms = [reference]
        if self.others:
            arms.append(diagonal(trained, self._arm(SAME, self.reference.spec, "same", {})))
        if self.settings.matrix:
            arms += trained[1:]
        return Fits(tuple(arms), tuple(trained), self._judged(store))

    def _judged(self, store: ArmStore) -> Permuted | None:
        if not self.null:
            return None
        parts = [store.read_null(job.key) for job in self.null]
        aucs = np.concatenate([there(part) for part in parts])
        return judge(float(aucs[0]), aucs[1:], self.data)

    def _arm(self, name: str, spec: ModelSpec, train: str, about: dict[str, Any]) -> Arm:
        return Arm(name, spec.name, train, self.settings.seed, about)

    def _other(
        self, spec: ModelSpec, train: int, about: dict[str, Any], folds: Codes, identity: str
    ) -> ArmJob:
        condition = str(self.data.conditions["condition"].iloc[train])
        test = None if self.settings.matrix else (train,)
        arm = self._arm(f"{MATRIX}:{condition}", spec, condition, {**about, "test": test})
        key = arm_key({**arm.as_dict(), "tuned_by": self.reference.key}, identity, folds)
        return ArmJob(key, arm, spec, train, test, self.reference.key)

    def _nulls(self, spec: ModelSpec, about: dict[str, Any], identity: str) -> Iterator[NullJob]:
        if not self.settings.permutations:
            return
        numbers = list(range(-1, self.settings.permutations))
        for start in range(0, len(numbers), _CHUNK):
            chunk = tuple(numbers[start : start + _CHUNK])
            what = {**about, "permutations": chunk, "folds": self.settings.folds}
            key = arm_key(self._null(spec, what), identity)
            yield NullJob(key, spec, chunk, self.settings.seed, self.settings.folds)

    def _model(self, name: str) -> dict[str, Any]:
        """Return what the name of a model stands for: a change of it makes other arms."""
        return {"model": model_identity(name)}

    def _null(self, spec: ModelSpec, what: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Return what names the permutations that ``what`` tells of."""
        return {**what, "seed": self.settings.seed}


def run_models(
    data: DriftData,
    specs: Sequence[ModelSpec],
    settings: RunSettings,
    *,
    folder: Path,
    jobs: int = 1,
    progress: Callable[[int], Any] | None = None,
) -> list[Fits]:
    """Fit every arm of every model, taking from ``folder`` what is there, and return them.

    Parameters
    ----------
    data : DriftData
        Subjects.
    specs : sequence of ModelSpec
        Models.
    settings : RunSettings
        Folds, permutations, matrix, seed.
    folder : Path
        ``arms``: resume state.
    jobs : int
        Worker processes; 1 works in this process.
    progress : callable, optional
        Given the number of jobs, returns a context manager with a method ``step``.

    Raises
    ------
    DataError
        If a model cannot be fitted.
    """
    folds = outer_folds(data, n_splits=settings.folds, repeats=settings.repeats, seed=settings.seed)
    for spec in specs:
        if spec.combat and data.batch is not None:
            check_batch_sizes(data, data.outcome, folds, spec, seed=settings.seed)
    identity = data_identity(data)
    plans = [Plan(data, spec, settings, folds=folds, identity=identity) for spec in specs]
    return fit_plans(plans, data, folds, folder=folder, jobs=jobs, progress=progress)


def fit_plans(
    plans: Sequence[Plan],
    data: DriftData,
    folds: Codes,
    *,
    survival: Survival | None = None,
    folder: Path,
    jobs: int,
    progress: Callable[[int], Any] | None,
) -> list[Fits]:
    """Do the jobs of which ``folder`` does not hold the results, and return what came of each plan."""
    store = ArmStore(folder)
    first: list[Job] = [*(plan.reference for plan in plans), *(job for plan in plans for job in plan.null)]
    then: list[Job] = [job for plan in plans for job in plan.others]
    todo: list[list[Job]] = [[job for job in stage if not store.holds(job.key)] for stage in (first, then)]
    if any(todo):
        make_folder(folder)
        with tempfile.TemporaryDirectory(prefix="robustrad-drift-") as name:
            lay_out(data, folds, Path(name), survival=survival)
            setup = {"data": name, "arms": str(folder.resolve())}
            run_stages(DriftService, setup, todo, jobs=jobs, progress=progress)
    return [plan.collect(store) for plan in plans]


def diagonal(trained: Sequence[ArmScores], arm: Arm) -> ArmScores:
    """Return the arm that is trained and tested at the same condition: the diagonal of the others."""
    scores = np.stack([one.scores[:, :, j] for j, one in enumerate(trained)], axis=2)
    prints = tuple(mark for one in trained for mark in one.fingerprints)
    failed = {name: reason for one in trained for name, reason in one.untrained.items()}
    return replace(trained[0], arm=arm, scores=scores, fingerprints=prints, untrained=failed)
