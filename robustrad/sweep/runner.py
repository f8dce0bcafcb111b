"""Run one task: rebuild it from its message, compute its branch, write its part."""

from __future__ import annotations

import traceback
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from robustrad.core.errors import StorageFullError
from robustrad.extract.engines import choose_engine
from robustrad.protocol.read import from_resolved
from robustrad.sweep.branch import Setup, run_branch
from robustrad.sweep.conditions import Condition, build_conditions
from robustrad.sweep.rows import FAILED, ConditionResult
from robustrad.sweep.store import Store
from robustrad.sweep.tasks import CaseRef, Task
from robustrad.workers.threads import single_threaded


class Outcome(NamedTuple):
    """What an executor tells of one task.

    Attributes
    ----------
    key : str
        The task.
    status : str
        ``done`` (its part is written), ``died`` (its worker died twice) or ``storage`` (it could not be
        written; the sweep must stop).
    counts : dict of str to int
        Conditions by status.
    detail : str
        For ``died`` and ``storage``: what happened.
    """

    key: str
    status: str
    counts: dict[str, int]
    detail: str = ""


class Runner:
    """Everything that tasks of one study share, made once per process from the folder and study.json.

    The service of a worker: ``{"folder": path, "study": content of study.json}``.
    """

    def __init__(self, setup: dict[str, Any]) -> None:
        study = setup["study"]
        protocol = from_resolved(study["protocol"])
        choice = choose_engine(study["engine"]["name"], protocol.parameters)
        conditions = build_conditions(protocol, definition=choice.engine.definition)
        self.setup = Setup(protocol.parameters, choice.engine, study["seed"], protocol.min_voxels)
        self.conditions: dict[str, Condition] = {condition.name: condition for condition in conditions}
        self.store = Store(Path(setup["folder"]))

    def task(self, message: dict[str, Any]) -> Task:
        """Return the task that ``message`` describes."""
        return Task(
            message["key"],
            CaseRef(**message["case"]),
            tuple(self.conditions[name] for name in message["conditions"]),
            tuple(message["supersedes"]),
        )

    def compute(self, task: Task) -> list[ConditionResult]:
        """Compute ``task`` on one thread; what escapes from it fails all its conditions."""
        try:
            with single_threaded():
                return run_branch(task, self.setup)
        except Exception as error:
            trace = "".join(traceback.format_exception(error))
            return failed(task, f"{type(error).__name__}: {error}", trace)

    def run(self, message: dict[str, Any]) -> dict[str, Any]:
        """Compute and write the task of ``message``; return its outcome as JSON."""
        task = self.task(message)
        results = self.compute(task)
        return write(self.store, task, results)._asdict()


def write(store: Store, task: Task, results: list[ConditionResult]) -> Outcome:
    """Write the part of ``task`` and tell what came of it."""
    counts = dict(Counter(result.status for result in results))
    try:
        store.write_part(task, results)
    except StorageFullError as error:
        return Outcome(task.key, "storage", {}, str(error))
    except OSError as error:
        return Outcome(task.key, "storage", {}, f"{store.folder}: cannot be written ({error})")
    return Outcome(task.key, "done", counts)


def failed(task: Task, reason: str, trace: str = "") -> list[ConditionResult]:
    """Return the results of a task of which nothing came."""
    return [ConditionResult(c.name, c.fingerprint, FAILED, reason, {}, {}, trace) for c in task.conditions]
