"""What makes two runs the same study: protocol, parameters, seed, engine and versions; nothing else.

``CHANGES_RESULTS`` and ``RUNTIME_ONLY`` together name every argument of a sweep; a test fails when a new one
is in neither.
"""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

from robustrad.core.errors import Problem, StudyError
from robustrad.core.identity import canonical_json
from robustrad.extract.engine import Engine
from robustrad.protocol.model import Protocol

SCHEMA_VERSION = 1
CHANGES_RESULTS = frozenset({"protocol", "params", "engine", "seed"})
RUNTIME_ONLY = frozenset({"cases", "out", "jobs", "executor", "retry_failed", "limit", "shard", "progress"})
_COMPUTE = ("robustrad", "numpy", "scipy", "SimpleITK", "pyradiomics-bhklab", "PyWavelets")


def study_record(protocol: Protocol, engine: Engine, *, seed: int) -> dict[str, Any]:
    """Return the content of study.json."""
    distributions = [*_COMPUTE, *(["numba"] if engine.name.startswith("native") else [])]
    return {
        "schema": SCHEMA_VERSION,
        "protocol": protocol.resolved(),
        "seed": seed,
        "engine": {"name": engine.name, "definition": engine.definition},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in distributions}},
    }


def check_same_study(
    folder: str,
    old: dict[str, Any],
    new: dict[str, Any],
    *,
    old_names: dict[str, str],
    new_names: dict[str, str],
) -> None:
    """Raise unless ``new`` is the study that ``folder`` holds, or the same grown by levels or draws.

    Parameters
    ----------
    folder : str
        The folder, for the message.
    old, new : dict
        Records of the study that is there, and of the one that is asked for.
    old_names, new_names : dict of str to str
        Condition names and their fingerprints.

    Raises
    ------
    StudyError
        Naming everything that differs.
    """
    problems = [
        Problem(folder, f"its study has {key} {_short(old.get(key))}", f"{key} {_short(new[key])}")
        for key in ("schema", "seed", "engine")
        if _differ(old.get(key), new[key])
    ]
    problems += _versions(folder, old.get("versions"), new["versions"])
    if _differ(old.get("protocol", {}).get("parameters"), new["protocol"]["parameters"]):
        problems.append(Problem(folder, "its study has other extraction parameters", "the same"))
    for name, identity in old_names.items():
        if name not in new_names:
            problems.append(Problem(folder, f"its study has the condition {name}", "a protocol with it"))
        elif new_names[name] != identity:
            problems.append(Problem(folder, f"its condition {name} was made in another way", "the same"))
    if problems:
        shown = problems[:8]
        more = [Problem(folder, f"{len(problems) - 8} more differences")] if len(problems) > 8 else []
        todo = Problem(folder, "belongs to another study", "", "Choose another OUT.")
        raise StudyError.of([todo, *shown, *more])


def _versions(folder: str, old: object, new: dict[str, str]) -> list[Problem]:
    """Return a problem for each version that differs, and none for those that are equal."""
    there = old if isinstance(old, dict) else {}
    return [
        Problem(
            folder,
            f"made with {name} {there.get(name, 'absent')}; this environment has {new.get(name, 'none')}",
        )
        for name in dict.fromkeys([*there, *new])
        if _differ(there.get(name), new.get(name))
    ]


def _differ(old: object, new: object) -> bool:
    """Compare what was read from JSON with what will be written as JSON."""
    return canonical_json(old) != canonical_json(new)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 120 else text[:117] + "..."
