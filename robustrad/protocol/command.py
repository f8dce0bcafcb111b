"""What `robustrad protocols` tells."""

from __future__ import annotations

from robustrad.core.told import Told
from robustrad.protocol.builtin import builtin_protocols, describe
from robustrad.protocol.read import load_protocol


def protocols_command(name: str | None) -> Told:
    """List the built-in protocols, or show one (or a file) as resolved."""
    if name is not None:
        protocol = load_protocol(name)
        return Told(describe(protocol), protocol.resolved())
    listed = builtin_protocols()
    lines = [f"{p.name:<10} {p.modality:<4} {p.conditions:>3} conditions  {p.about}" for p in listed]
    lines.append("More: robustrad protocols NAME")
    return Told("\n".join(lines), [p._asdict() for p in listed])
