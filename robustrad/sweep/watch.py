"""Parity is watched, not promised: a random sample of units is computed again by PyRadiomics itself.

Only for studies of another engine. Which units are looked at depends on the study's seed and on what they
are, so the same study looks at the same units however it was run. Where the engine defines filtered images in
its own way, only shape and the unfiltered image are compared, and the record says so.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from robustrad.core.identity import canonical_json
from robustrad.extract.engine import PYRADIOMICS_DEFINITION
from robustrad.extract.engines import choose_engine
from robustrad.extract.parity import RELATIVE, compare
from robustrad.sweep.conditions import Condition
from robustrad.sweep.plan import Plan
from robustrad.sweep.rows import OK, ConditionResult
from robustrad.sweep.runner import Runner
from robustrad.sweep.store import Store
from robustrad.sweep.tasks import CaseRef, Task, build_tasks
from robustrad.workers.pool import run_pool

ONE_IN, AT_LEAST = 200, 3
ORACLE = "pyradiomics"
UNFILTERED = "original_"


@dataclass(frozen=True)
class Watched:
    """A unit to compute again.

    Attributes
    ----------
    task : Task
        The one condition of its case.
    result : ConditionResult
        What the study holds of it.
    """

    task: Task
    result: ConditionResult

    def message(self) -> dict[str, Any]:
        """Return the task for a worker."""
        return self.task.message()

    @property
    def unit(self) -> str:
        """Its name, for people."""
        return f"{self.task.case.case_id}, {self.result.condition}"


class Oracle(Runner):
    """The service of a worker: computes tasks as ``Runner`` does, by PyRadiomics, and writes nothing."""

    def __init__(self, setup: dict[str, Any]) -> None:
        super().__init__(setup)
        engine = choose_engine(ORACLE, self.setup.parameters).engine
        self.setup = replace(self.setup, engine=engine)

    def run(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return status, reason and features of the one condition of ``message``."""
        (result,) = self.compute(self.task(message))
        features = {name: repr(value) for name, value in result.features.items()}
        return {"status": result.status, "reason": result.reason, "features": features}


def watch_parity(plan: Plan, store: Store, study: dict[str, Any], *, jobs: int | None) -> dict[str, Any]:
    """Compute a sample of the finished ``plan`` again; return the record for study.json.

    Parameters
    ----------
    plan : Plan
        A plan of which nothing is missing.
    store : Store
        Its folder.
    study : dict
        Content of study.json.
    jobs : int or None
        Worker processes; None: in this process.

    Returns
    -------
    dict
        ``units`` looked at, ``compared`` (``all`` features, or the ``unfiltered`` ones), ``worst`` relative
        difference per feature class (of features near zero too), ``tolerance``, and ``exceeded``: every
        feature beyond it, with its unit and both values.
    """
    watched = _sample(plan, store, study["seed"])
    setup = {"folder": str(store.folder), "study": study}
    record: dict[str, Any] = {
        "oracle": ORACLE,
        "units": sorted(one.unit for one in watched),
        "compared": "all" if study["engine"]["definition"] == PYRADIOMICS_DEFINITION else "unfiltered",
        "tolerance": RELATIVE,
        "worst": {},
        "exceeded": [],
    }
    if jobs is None:
        oracle = Oracle(setup)
        answers: Iterable[tuple[Watched, dict[str, Any] | None]] = (
            (one, oracle.run(one.message())) for one in watched
        )
    else:
        pool = run_pool("robustrad.sweep.watch:Oracle", setup, watched, workers=jobs)
        answers = ((answer.job, answer.value) for answer in pool)
    for one, value in sorted(answers, key=lambda pair: pair[0].unit):
        _note(record, one, value)
    return record


def exceeded_text(record: dict[str, Any]) -> list[str]:
    """Return a line for every feature beyond the tolerance, for people."""
    return [
        f"parity: {each['feature']} of {each['unit']} is {each['study']}, PyRadiomics says {each['oracle']}"
        for each in record["exceeded"]
    ]


def sample_size(units: int) -> int:
    """Return how many of ``units`` are computed again."""
    return max(AT_LEAST, math.ceil(units / ONE_IN))


def _sample(plan: Plan, store: Store, seed: int) -> list[Watched]:
    units = [(case, condition) for case in plan.cases for condition in plan.conditions]
    wanted = sample_size(len(units))
    picked: list[Watched] = []
    for case, condition in sorted(units, key=lambda unit: _lot(seed, *unit)):
        part = plan.done[case.case_id, case.content, condition.fingerprint]
        result = store.read_part(part)[condition.fingerprint]
        if result.status == OK:
            (task,) = build_tasks(case, [condition])
            picked.append(Watched(task, replace(result, condition=condition.name)))
        if len(picked) == wanted:
            break
    return picked


def _lot(seed: int, case: CaseRef, condition: Condition) -> str:
    identity = canonical_json(["parity", seed, case.case_id, condition.fingerprint])
    return hashlib.sha256(identity.encode()).hexdigest()


def _note(record: dict[str, Any], one: Watched, value: dict[str, Any] | None) -> None:
    if value is None or value["status"] != OK:
        told = "its worker died" if value is None else f"{value['status']}: {value['reason']}"
        record["exceeded"].append({"unit": one.unit, "feature": "all", "study": OK, "oracle": told})
        return
    prefix = UNFILTERED if record["compared"] == "unfiltered" else ""
    ours = {name: each for name, each in one.result.features.items() if name.startswith(prefix)}
    oracle = {name: float(text) for name, text in value["features"].items() if name.startswith(prefix)}
    found = compare(ours, oracle)
    for name, worst in sorted(found.worst.items()):
        if math.isfinite(worst):  # an infinite one is among the differences
            record["worst"][name] = max(record["worst"].get(name, 0.0), worst)
    for each in found.differences:
        record["exceeded"].append(
            {"unit": one.unit, "feature": each.feature, "study": repr(each.a), "oracle": repr(each.b)}
        )
    for name in found.missing:
        record["exceeded"].append(
            {
                "unit": one.unit,
                "feature": name,
                "study": "missing" if name in oracle else "there",
                "oracle": "",
            }
        )
