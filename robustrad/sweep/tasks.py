"""Tasks: one case with one image variant each, as plain JSON that any executor can run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from robustrad.cases.case import Case
from robustrad.cases.rules import Rules
from robustrad.core.identity import content_hash, fingerprint
from robustrad.extract.parameters import Parameters
from robustrad.perturb.base import Stage
from robustrad.sweep.conditions import Condition

ABSENT = "absent"


@dataclass(frozen=True)
class CaseRef:
    """What a task needs of a case: names, paths and the hash of what stands in the files.

    Attributes
    ----------
    case_id, modality : str
        Name and modality.
    image, mask : str
        Absolute paths.
    label : int
        Value of the ROI in the mask.
    where : str
        Table and row, for messages.
    content : str
        Hash over both files, label and modality; ``absent`` where a file cannot be read.
    """

    case_id: str
    modality: str
    image: str
    mask: str
    label: int
    where: str
    content: str


@dataclass(frozen=True)
class Task:
    """One unit of work: opens one image, walks its branch of the tree, writes one part.

    Attributes
    ----------
    key : str
        Identity: contents of the case and fingerprints of the conditions.
    case : CaseRef
        The case.
    conditions : tuple of Condition
        Conditions that share one image variant.
    supersedes : tuple of str
        Parts that this one replaces (they hold failed rows that are computed again).
    """

    key: str
    case: CaseRef
    conditions: tuple[Condition, ...]
    supersedes: tuple[str, ...] = ()

    def message(self) -> dict[str, Any]:
        """Return the task as JSON for a worker, which knows the study's conditions by name."""
        return {
            "key": self.key,
            "case": asdict(self.case),
            "conditions": [condition.name for condition in self.conditions],
            "supersedes": list(self.supersedes),
        }


def case_ref(case: Case, *, source: str, modality: str, parameters: Parameters) -> CaseRef:
    """Return the reference to ``case``; reads both files to hash them."""
    label = Rules.of(parameters.settings).label_of(case)
    try:
        files = [content_hash(Path(case.image)), content_hash(Path(case.mask))]
    except OSError:
        files = [ABSENT]
    content = ABSENT if files == [ABSENT] else fingerprint([*files, label, modality])
    return CaseRef(
        case.case_id,
        modality,
        str(case.image),
        str(case.mask),
        label,
        f"{source} {case.place}",
        content,
    )


def build_tasks(case: CaseRef, conditions: Iterable[Condition]) -> tuple[Task, ...]:
    """Return the tasks of ``case`` for ``conditions``, one per image variant, in order of appearance."""
    variants: dict[str, list[Condition]] = {}
    for condition in conditions:
        variant = fingerprint([step.record for step in condition.steps_of(Stage.IMAGE)])
        variants.setdefault(variant, []).append(condition)
    return tuple(Task(_key(case, group), case, tuple(group)) for group in variants.values())


def _key(case: CaseRef, conditions: list[Condition]) -> str:
    return fingerprint([case.case_id, case.content, sorted(c.fingerprint for c in conditions)])
