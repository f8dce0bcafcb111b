"""The survival arms of a run: which there are, what of them is there already, and their fitting."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from robustrad.core.errors import EnvironmentUnusableError, Problem, RobustradError
from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import Codes, DriftData
from robustrad.drift.experiment import MATRIX, REFERENCE, SAME, RunSettings, diagonal
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.permutation import Permuted, judge
from robustrad.drift.store import ArmStore, arm_key, data_identity
from robustrad.drift.survival.crossval import survival_folds
from robustrad.drift.survival.estimators import choose_survival, require_survival
from robustrad.drift.survival.fit import check_selector
from robustrad.drift.survival.service import SurvivalJob, SurvivalService, lay_out_survival
from robustrad.drift.survival.times import Survival
from robustrad.workers.pool import run_pool

_CHUNK = 5  # permutations per job

T = TypeVar("T")


@dataclass(frozen=True)
class SurvivalFits:
    """What came of one model.

    Attributes
    ----------
    arms : tuple of ArmScores
        ``reference``, ``same_condition`` where there are conditions, and with a matrix ``matrix:...``; scores
        are risks, thresholds the cut-offs between high and low risk.
    permuted : Permuted or None
        Its permutation test: ``auc`` is the C.
    """

    arms: tuple[ArmScores, ...]
    permuted: Permuted | None


def survival_arms(
    data: DriftData,
    survival: Survival,
    specs: Sequence[ModelSpec],
    settings: RunSettings,
    *,
    folder: Path,
    jobs: int = 1,
    progress: Callable[[int], Any] | None = None,
) -> list[SurvivalFits]:
    """Fit every arm of every survival model, taking from ``folder`` what is there, and return them.

    Parameters as :func:`robustrad.drift.experiment.run_models`; ``survival`` belongs to the subjects of
    ``data``, whose outcome is not used.

    Raises
    ------
    DataError
        If a model cannot be fitted.
    EnvironmentUnusableError
        Without scikit-survival.
    """
    for spec in specs:
        choose_survival(spec.name)
        check_selector(spec)
    require_survival()
    store = ArmStore(folder)
    folds = survival_folds(
        survival, data, n_splits=settings.folds, repeats=settings.repeats, seed=settings.seed
    )
    identity = _identity(data, survival)
    plans = [_Plan(data, spec, settings, folds=folds, identity=identity) for spec in specs]
    first = [job for plan in plans for job in (plan.reference, *plan.null)]
    then = [job for plan in plans for job in plan.others]
    todo = [[job for job in stage if not store.holds(job.key)] for stage in (first, then)]
    with tempfile.TemporaryDirectory(prefix="robustrad-survival-") as name:
        if any(todo):
            folder.mkdir(parents=True, exist_ok=True)
            lay_out_survival(data, survival, folds, Path(name))
            setup = {"data": name, "arms": str(folder.resolve())}
            _run(setup, todo, jobs=jobs, progress=progress)
    return [plan.collect(store) for plan in plans]


class _Plan:
    """The jobs of one model: reference and permutations, then the arms that take its hyperparameters."""

    def __init__(
        self, data: DriftData, spec: ModelSpec, settings: RunSettings, *, folds: Codes, identity: str
    ) -> None:
        self.data = data
        self.settings = settings
        choice = choose_survival(spec.name)
        about: dict[str, Any] = {
            "spec": asdict(spec),
            "model": {"fixed": choice.fixed, "grid": choice.grid},
            "scikit-survival": version("scikit-survival"),
        }
        arm = self._arm(REFERENCE, spec, REFERENCE, about)
        self.reference = SurvivalJob(arm_key(arm.as_dict(), identity, folds), arm, spec)
        self.others = [self._other(spec, j, about, folds, identity) for j in range(1, len(data.conditions))]
        self.null = list(self._nulls(spec, about, identity))

    def collect(self, store: ArmStore) -> SurvivalFits:
        """Return what the store holds after all jobs ran."""
        trained = [_there(store.read(job.key)) for job in (self.reference, *self.others)]
        arms = [trained[0]]
        if self.others:
            arms.append(diagonal(trained, self._arm(SAME, self.reference.spec, "same", {})))
        if self.settings.matrix:
            arms += trained[1:]
        if not self.null:
            return SurvivalFits(tuple(arms), None)
        found = np.concatenate([_there(store.read_null(job.key)) for job in self.null])
        return SurvivalFits(tuple(arms), judge(float(found[0]), found[1:], self.data))

    def _arm(self, name: str, spec: ModelSpec, train: str, about: dict[str, Any]) -> Arm:
        return Arm(name, spec.name, train, self.settings.seed, about)

    def _other(
        self, spec: ModelSpec, train: int, about: dict[str, Any], folds: Codes, identity: str
    ) -> SurvivalJob:
        condition = str(self.data.conditions["condition"].iloc[train])
        test = None if self.settings.matrix else (train,)
        arm = self._arm(f"{MATRIX}:{condition}", spec, condition, {**about, "test": test})
        key = arm_key({**arm.as_dict(), "tuned_by": self.reference.key}, identity, folds)
        return SurvivalJob(key, arm, spec, train, test, self.reference.key)

    def _nulls(self, spec: ModelSpec, about: dict[str, Any], identity: str) -> Iterator[SurvivalJob]:
        numbers = list(range(-1, self.settings.permutations)) if self.settings.permutations else []
        for start in range(0, len(numbers), _CHUNK):
            chunk = tuple(numbers[start : start + _CHUNK])
            what = {**about, "permutations": chunk, "folds": self.settings.folds}
            arm = self._arm("permuted", spec, REFERENCE, what)
            key = arm_key(arm.as_dict(), identity)
            yield SurvivalJob(key, arm, spec, numbers=chunk, n_splits=self.settings.folds)


def _identity(data: DriftData, survival: Survival) -> str:
    digest = hashlib.sha256(data_identity(data).encode())
    digest.update(survival.time.astype("<f8").tobytes() + survival.event.astype("u1").tobytes())
    return digest.hexdigest()


def _run(
    setup: dict[str, Any],
    stages: Sequence[Sequence[SurvivalJob]],
    *,
    jobs: int,
    progress: Callable[[int], Any] | None,
) -> None:
    total = sum(len(stage) for stage in stages)
    shown = progress(total) if progress is not None else None
    if shown is not None:
        shown.__enter__()
    try:
        for stage in stages:
            for answer in _answers(setup, stage, jobs=min(jobs, len(stage))):
                if answer["problems"]:
                    kind = EnvironmentUnusableError if answer["exit_code"] == 3 else RobustradError
                    raise kind.of(Problem(*problem) for problem in answer["problems"])
                if shown is not None:
                    shown.step()
    finally:
        if shown is not None:
            shown.__exit__(None, None, None)


def _answers(setup: dict[str, Any], stage: Sequence[SurvivalJob], *, jobs: int) -> Iterator[dict[str, Any]]:
    if not stage:
        return
    if jobs <= 1:
        with threadpool_limits(1):
            service = SurvivalService(setup)
            yield from (service.run(job.message()) for job in stage)
        return
    for answer in run_pool("robustrad.drift.survival.service:SurvivalService", setup, stage, workers=jobs):
        if answer.value is None:
            told = ("worker process", f"died twice on one job: {answer.last_words}", "", "")
            yield {"problems": [told], "exit_code": 2}
        else:
            yield answer.value


def _there(found: T | None) -> T:
    if found is None:
        raise RuntimeError("an arm that was fitted is not in its folder any more")
    return found
