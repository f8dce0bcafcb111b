"""Reading factors and their levels, and the parameters of operators as pydantic judges them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from robustrad.core.errors import ProtocolError, nearest
from robustrad.core.marked_yaml import KeyPath
from robustrad.perturb.base import Perturbation
from robustrad.perturb.registry import find
from robustrad.protocol.model import ROLES, Design, Factor, Level
from robustrad.protocol.problems import Problems, kind_of, shown

FACTOR_KEYS = ("kind", "role", "levels", "draws", "chance")
RESERVED = ("reference", "all")
CHAIN_NAMES = ("chains", "chain")  # the analyses read conditions of these factors as chains
_OWN_KEYS = ("severity", "sign")  # of a level, beside the operator's parameters
_EACH_CHAIN = "Each chain is a draw of its own; remove it."
_BAD = re.compile(r"[=/+,\s\x00-\x1f]")  # they would make the names of conditions ambiguous


def read_factors(content: object, problems: Problems, *, modality: str, design: Design) -> tuple[Factor, ...]:
    """Return the factors; what is wrong is added to ``problems`` and left out."""
    path: KeyPath = ("factors",)
    if not isinstance(content, Mapping) or not content:
        found = f"factors is {kind_of(content)}" if content else "there are no factors"
        problems.add(path, found, "a mapping of names to {kind, role, levels}")
        return ()
    read = (_factor(str(name), factor, problems, modality, design) for name, factor in content.items())
    return tuple(factor for factor in read if factor is not None)


def _factor(name: str, content: object, problems: Problems, modality: str, design: Design) -> Factor | None:
    path: KeyPath = ("factors", name)
    _check_name(name, "factor", path, problems)
    if name in CHAIN_NAMES:
        problems.add(path, f"factor name {name!r} is reserved for the design chains", "another")
    if not isinstance(content, Mapping):
        problems.add(path, f"factor {name} is {kind_of(content)}", f"a mapping of {', '.join(FACTOR_KEYS)}")
        return None
    problems.unknown_keys(content, path, FACTOR_KEYS, "key of a factor")
    operator = _operator(content, path, problems)
    role = next(r for r in ROLES if r == problems.word(content, path, "role", ROLES))
    draws = problems.whole(content, path, "draws", least=1, default=1)
    if operator is not None:
        kind = content["kind"]
        if draws > 1 and not operator.random:
            problems.add(
                (*path, "draws"),
                f"{draws} draws of {kind}, which draws no random numbers",
                "none",
                "Remove it.",
            )
        if operator.modalities and modality not in ("any", *operator.modalities):
            made_for = " or ".join(operator.modalities)
            problems.add(
                (*path, "kind"),
                f"{kind} in a protocol for {modality}",
                f"a kind for {modality} ({kind} is for {made_for})",
            )
    chance = _chance(content, path, problems, design, draws)
    levels = _levels(content.get("levels"), path, problems, operator)
    stages = sorted({level.operator.acts_at.value for level in levels})
    if len(stages) > 1:
        found = f"its levels act at the stages {' and '.join(stages)}"
        problems.add((*path, "levels"), found, "one stage", "Make it several factors.")
        return None
    return Factor(name, role, levels, draws, chance) if levels else None


def _chance(
    content: Mapping[str, Any], path: KeyPath, problems: Problems, design: Design, draws: int
) -> float:
    """Return the probability that a chain varies the factor; 1 outside the design ``chains``."""
    if design != "chains":
        if "chance" in content:
            problems.add(
                (*path, "chance"), f"a chance in the design {design}", "design: chains", "Remove it."
            )
        return 1.0
    if draws > 1:
        problems.add((*path, "draws"), f"{draws} draws in the design chains", "none", _EACH_CHAIN)
    chance = problems.number(content, path, "chance", least=0)
    if chance is not None and not 0 < chance <= 1:
        problems.add((*path, "chance"), f"chance is {chance:g}", "a number above 0, at most 1")
        return 1.0
    return 1.0 if chance is None else chance


def _operator(content: Mapping[str, Any], path: KeyPath, problems: Problems) -> type[Perturbation] | None:
    kind = content.get("kind")
    if not isinstance(kind, str):
        found = "there is no kind" if kind is None else f"kind is {shown(kind)}"
        problems.add(
            (*path, "kind") if "kind" in content else path,
            found,
            "the name of a perturbation",
            "See: robustrad perturbations",
        )
        return None
    try:
        return find(kind, where=problems.where((*path, "kind")))
    except ProtocolError as error:
        problems.found += error.problems
        return None


def _levels(
    content: object, path: KeyPath, problems: Problems, operator: type[Perturbation] | None
) -> tuple[Level, ...]:
    path = (*path, "levels")
    if not isinstance(content, Mapping) or not content:
        found = f"levels is {kind_of(content)}" if content else "there are no levels"
        problems.add(path, found, "a mapping of names to parameters, at least one")
        return ()
    levels: list[Level] = []
    for name, level in content.items():
        read = _level(str(name), level, (*path, str(name)), problems, operator)
        if read is None:
            continue
        twin = next((other.name for other in levels if other.operator == read.operator), None)
        if twin is not None:
            problems.add((*path, name), f"level {name} does the same as level {twin}", "", "Remove one.")
        levels.append(read)
    return tuple(levels)


def _level(
    name: str, content: object, path: KeyPath, problems: Problems, operator: type[Perturbation] | None
) -> Level | None:
    _check_name(name, "level", path, problems)
    content = {} if content is None else content
    if not isinstance(content, Mapping):
        problems.add(path, f"level {name} is {kind_of(content)}", "a mapping of parameters, such as {sd: 1}")
        return None
    severity = problems.number(content, path, "severity", least=0)
    sign = content.get("sign")
    if sign is not None and (isinstance(sign, bool) or sign not in (-1, 1)):
        problems.add((*path, "sign"), f"sign is {shown(sign)}", "-1 or 1")
    elif sign is not None and content.get("severity") is None:
        problems.add(
            (*path, "sign"), "sign without severity", "both", "Levels of one severity differ by sign."
        )
    if "kind" in content:
        problems.add(
            (*path, "kind"),
            f"level {name} has a kind of its own",
            "one kind for all levels, in the factor",
            "Make it a factor of its own.",
        )
        return None
    if operator is None:
        return None
    parameters = {key: value for key, value in content.items() if key not in _OWN_KEYS}
    made = _made(operator, parameters, path, problems)
    return None if made is None else Level(name, made, severity, sign)


def _check_name(name: str, what: str, path: KeyPath, problems: Problems) -> None:
    if not name or _BAD.search(name):
        problems.add(
            path,
            f"{what} name {name!r}",
            "a name without spaces and = / + ,",
            "They separate the parts of a condition's name.",
        )
    elif name in RESERVED:
        problems.add(path, f"{what} name {name!r} is reserved", f"another than {' and '.join(RESERVED)}")


def _made(
    operator: type[Perturbation], parameters: Mapping[str, Any], path: KeyPath, problems: Problems
) -> Perturbation | None:
    """Return the operator with its parameters; strictly: no numbers from text or true."""
    try:
        return operator.model_validate_json(json.dumps(parameters), strict=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _translate(detail, operator, path, problems)
    return None


def _translate(detail: ErrorDetails, operator: type[Perturbation], path: KeyPath, problems: Problems) -> None:
    """Say in plain words, at its line, what pydantic says of one parameter."""
    place = tuple(detail["loc"])
    parameter = ".".join(map(str, place))
    kind = operator.model_fields["kind"].default
    known = [name for name in operator.model_fields if name != "kind"]
    if detail["type"] == "extra_forbidden":
        problems.add((*path, *place), f"{kind} has no parameter {parameter!r}", "", nearest(parameter, known))
    elif detail["type"] == "missing" and len(place) > 1:
        problems.add((*path, *place[:-1]), f"{'.'.join(map(str, place[:-1]))} has too few values")
    elif detail["type"] == "missing":
        problems.add(
            path, f"{kind} needs the parameter {parameter!r}", "", f"Parameters: {', '.join(known)}."
        )
    elif not place:  # a rule over several parameters, in the operator's own words
        said = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        problems.add(path, f"{kind}: {said}")
    else:
        expected = detail["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        expected = expected.replace("a valid array", "a list of numbers")
        problems.add(
            (*path, *place), f"{parameter} is {shown(detail['input'])}", expected.lower()[:1] + expected[1:]
        )
