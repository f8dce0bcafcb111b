"""What `robustrad perturbations` tells."""

from __future__ import annotations

from robustrad.core.told import Told
from robustrad.perturb.catalogue import catalogue, describe, documentation


def perturbations_command(name: str | None) -> Told:
    """List the operators, or show one: what it does and its parameters with units."""
    if name is None:
        entries = catalogue()
        width = max(len(entry.kind) for entry in entries)
        lines = [f"{e.stage:<10}  {e.kind:<{width}}  {e.summary}" for e in entries]
        lines.append("More: robustrad perturbations NAME")
        return Told("\n".join(lines), [entry._asdict() for entry in entries])
    parameters = describe(name)
    lines = [documentation(name), "", "In a protocol:"]
    for p in parameters:
        limits = f" {p.range}" if p.range else ""
        default = p.default if p.default == "required" else f"default {p.default}"
        lines.append(f"  {p.parameter}: {p.type}{limits}, {default}. {p.description}")
    return Told("\n".join(lines), {"kind": name, "parameters": [p._asdict() for p in parameters]})
