"""The built-in protocols, and how a protocol looks to a reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from robustrad.protocol.model import Factor, Level, Protocol, count_conditions
from robustrad.protocol.read import builtin_files, load_protocol

_OF_MODALITY = {"CT": "ct", "MR": "mr", "PT": "pet"}
_ANY = "quick"


class BuiltinProtocol(NamedTuple):
    """A built-in protocol in one line.

    Attributes
    ----------
    name, modality, about : str
        As in its file.
    conditions : int
        How many, the reference included.
    """

    name: str
    modality: str
    about: str
    conditions: int


def builtin_protocols() -> list[BuiltinProtocol]:
    """Return the built-in protocols, sorted by name."""
    read = (load_protocol(name) for name in builtin_files())
    return [BuiltinProtocol(p.name, p.modality, p.about, count_conditions(p)) for p in read]


def protocol_for(modality: str) -> str:
    """Return the name of the built-in protocol for ``CT``, ``PT``, ``MR`` or ``unknown``."""
    return _OF_MODALITY.get(modality, _ANY)


def describe(protocol: Protocol) -> str:
    """Return ``protocol`` as resolved, for a terminal: settings, factors, levels, numbers, conditions."""
    return "\n".join(_lines(protocol))


def _lines(protocol: Protocol) -> Iterator[str]:
    count = count_conditions(protocol)
    yield f"{protocol.name}: {protocol.about}" if protocol.about else protocol.name
    yield f"  modality    {protocol.modality}"
    drawn = f" drawn from seed {protocol.chains.seed}" if protocol.chains else ""
    yield f"  design      {protocol.design}{drawn}, {count} conditions with the reference"
    yield f"  min_voxels  {protocol.min_voxels}"
    yield f"  extraction  {protocol.extraction}"
    yield from (f"    {key}: {_text(value)}" for key, value in protocol.parameters.settings.items())
    for image_type, own in protocol.parameters.image_types.items():
        yield f"    {image_type}" + "".join(f", {key}: {_text(value)}" for key, value in own.items())
    classes = protocol.parameters.feature_classes
    yield "    " + ", ".join(
        f"{name} ({len(listed)} features)" if listed else name for name, listed in classes.items()
    )
    for factor in protocol.factors:
        yield from _factor_lines(factor)
    yield from (f"  reference   {reference}" for reference in protocol.references)


def _factor_lines(factor: Factor) -> Iterator[str]:
    kind = factor.levels[0].operator.kind
    draws = f", {factor.draws} draws" if factor.draws > 1 else ", random" if factor.random else ""
    draws += f", in {factor.chance:.0%} of the chains" if factor.chance < 1 else ""
    yield f"  factor {factor.name}: {kind}, {factor.role}, stage {factor.stage.value}{draws}"
    width = max(len(level.name) for level in factor.levels)
    yield from (f"    {level.name:<{width}}  {_level(level)}" for level in factor.levels)


def _level(level: Level) -> str:
    parameters = level.operator.model_dump(mode="json", exclude={"kind"}, exclude_none=True)
    parts = [f"{key} {_text(value)}" for key, value in parameters.items()]
    if level.severity is not None:
        parts.append(f"severity {level.severity:g}" + (f" sign {level.sign:+d}" if level.sign else ""))
    return ", ".join(parts)


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
