"""What there is to perturb with: the operators' own words about themselves and their parameters."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

from robustrad.perturb.base import Perturbation, Stage
from robustrad.perturb.registry import find, kinds

_BOUNDS = (("exclusiveMinimum", ">"), ("minimum", ">="), ("exclusiveMaximum", "<"), ("maximum", "<="))


class Entry(NamedTuple):
    """One operator in a line.

    Attributes
    ----------
    kind, stage : str
        Name in protocols; where in the chain it acts, ``any`` where its parameters decide.
    random : bool
        Whether it takes draws.
    modalities : tuple of str
        Modalities for which it makes sense; empty for any.
    summary : str
        First line of its docstring.
    """

    kind: str
    stage: str
    random: bool
    modalities: tuple[str, ...]
    summary: str


class Parameter(NamedTuple):
    """One parameter of an operator.

    Attributes
    ----------
    parameter : str
        Name in protocols.
    type : str
        ``number``, ``integer``, ``text``, ``yes/no`` or ``[number, number, number]``.
    description : str
        Meaning, unit, and what zero means.
    default : str
        Default as in YAML; ``required`` if there is none, ``-`` if it may be left out.
    range : str
        What is allowed, as ``> 0, <= 50``; empty for anything.
    """

    parameter: str
    type: str
    description: str
    default: str
    range: str


def catalogue() -> list[Entry]:
    """Return a line for every operator that the registry finds, sorted by stage and kind."""
    return [
        Entry(kind, cls.stage.value if cls.stage else "any", cls.random, cls.modalities, summary(cls))
        for kind, cls in sorted(kinds().items(), key=lambda item: (_order(item[1]), item[0]))
    ]


def describe(kind: str) -> list[Parameter]:
    """Return the parameters of operator ``kind``, in the order of its class.

    Raises
    ------
    ProtocolError
        If there is no such operator; names the nearest.
    """
    schema = find(kind, where="robustrad perturbations").model_json_schema()
    return [
        _parameter(name, field, required=name in schema.get("required", []))
        for name, field in schema["properties"].items()
        if name != "kind"
    ]


def documentation(kind: str) -> str:
    """Return the whole docstring of operator ``kind``: model, formula, source."""
    return inspect.getdoc(find(kind, where="robustrad perturbations")) or ""


def summary(operator: type[Perturbation]) -> str:
    """Return the first line of an operator's docstring."""
    return (inspect.getdoc(operator) or "").partition("\n")[0]


def _order(operator: type[Perturbation]) -> int:
    return operator.stage.order if operator.stage else len(Stage)


def _parameter(name: str, field: Mapping[str, Any], *, required: bool) -> Parameter:
    options = [option for option in field.get("anyOf", []) if option.get("type") != "null"]
    inner = options[0] if len(options) == 1 else field
    default = "required" if required else "-" if field.get("default") is None else str(field["default"])
    elements = inner.get("prefixItems", [])
    limits = _limits(elements[0] if elements else inner)
    return Parameter(name, _type(inner), field.get("description", ""), default, limits)


def _type(field: Mapping[str, Any]) -> str:
    names = {"number": "number", "integer": "integer", "string": "text", "boolean": "yes/no"}
    if "enum" in field:
        return " | ".join(str(value) for value in field["enum"])
    if field.get("type") == "array":
        return f"[{', '.join(_type(item) for item in field.get('prefixItems', []))}]"
    return names.get(str(field.get("type")), "any")


def _limits(field: Mapping[str, Any]) -> str:
    return ", ".join(f"{sign} {field[key]:g}" for key, sign in _BOUNDS if key in field)
