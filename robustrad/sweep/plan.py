"""The plan: which case x condition units a sweep wants, which are there, which tasks are left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from robustrad.sweep.conditions import Condition
from robustrad.sweep.store import Part
from robustrad.sweep.tasks import CaseRef, Task, build_tasks

Unit = tuple[str, str, str]  # case_id, content, fingerprint of the condition


@dataclass(frozen=True)
class Plan:
    """What is wanted and what is left to do.

    Attributes
    ----------
    cases : tuple of CaseRef
        All cases wanted, in table order.
    conditions : tuple of Condition
        All conditions, the reference first.
    done : dict of (case_id, content, fingerprint) to Part
        Units that are there, and where.
    tasks : tuple of Task
        What is left, in case order.
    """

    cases: tuple[CaseRef, ...]
    conditions: tuple[Condition, ...]
    done: dict[Unit, Part]
    tasks: tuple[Task, ...]

    @property
    def missing(self) -> int:
        """Number of units that are not there."""
        return sum(len(task.conditions) for task in self.tasks)


def build_plan(
    cases: Iterable[CaseRef],
    conditions: tuple[Condition, ...],
    parts: Iterable[Part],
    *,
    retry_failed: bool = False,
) -> Plan:
    """Return the plan for ``cases`` and ``conditions``, given the ``parts`` that are there.

    Parameters
    ----------
    cases : iterable of CaseRef
        Cases in table order.
    conditions : tuple of Condition
        Conditions, the same for all cases.
    parts : iterable of Part
        What the study folder holds.
    retry_failed : bool
        Whether parts that hold a failed row count as absent, to be replaced.
    """
    listed = tuple(cases)
    done, broken = _sort_out(parts, retry_failed=retry_failed)
    tasks: list[Task] = []
    for case in listed:
        left = [c for c in conditions if (case.case_id, case.content, c.fingerprint) not in done]
        tasks.extend(_replacing(task, broken[case.case_id]) for task in build_tasks(case, left))
    return Plan(listed, conditions, done, tuple(tasks))


def _sort_out(
    parts: Iterable[Part], *, retry_failed: bool
) -> tuple[dict[Unit, Part], defaultdict[str, list[Part]]]:
    done: dict[Unit, Part] = {}
    broken: defaultdict[str, list[Part]] = defaultdict(list)
    for part in parts:
        if retry_failed and part.failed:
            broken[part.case_id].append(part)
            continue
        for identity in part.conditions:
            unit = (part.case_id, part.content, identity)
            if unit not in done or identity in done[unit].failed:
                done[unit] = part
    return done, broken


def _replacing(task: Task, broken: list[Part]) -> Task:
    wanted = {condition.fingerprint for condition in task.conditions}
    old = [part.path.stem for part in broken if wanted & set(part.failed)]
    return Task(task.key, task.case, task.conditions, tuple(sorted(old)))
