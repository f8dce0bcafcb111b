"""The one door to operators: ours and third parties', by the entry point group ``robustrad.perturbations``.

An entry point names a module or package; every concrete ``Perturbation`` defined in it (or in a module
that it imports from its own package) is registered under its ``kind``.
"""

from __future__ import annotations

from functools import cache

from robustrad.core.entries import registered
from robustrad.core.errors import EnvironmentUnusableError, ProtocolError, nearest
from robustrad.perturb.base import Perturbation

GROUP = "robustrad.perturbations"
BUILTIN = "robustrad.perturbations"


@cache
def kinds() -> dict[str, type[Perturbation]]:
    """Return every registered operator by its kind, sorted by kind.

    Raises
    ------
    EnvironmentUnusableError
        If a package's entry point cannot be imported or two operators share a kind.
    """
    found: dict[str, type[Perturbation]] = {}
    for entry, operator in registered(Perturbation, group=GROUP, builtin=BUILTIN):
        kind = operator.model_fields["kind"].default
        if not isinstance(kind, str):  # a base of operators
            continue
        if found.setdefault(kind, operator) is not operator:
            raise EnvironmentUnusableError(
                f"entry point {entry}",
                f"operator kind {kind!r} of {operator.__module__} is taken by {found[kind].__module__}",
                "one operator per kind",
                "Rename it, or uninstall one of the two packages.",
            )
    return dict(sorted(found.items()))


def find(kind: str, *, where: str) -> type[Perturbation]:
    """Return the operator class of ``kind``.

    Raises
    ------
    ProtocolError
        If there is none; names the nearest known kind. ``where`` is the file and line to blame.
    """
    known = kinds()
    if kind not in known:
        raise ProtocolError(
            where,
            f"unknown perturbation {kind!r}",
            "",
            f"{nearest(kind, known)} See: robustrad perturbations",
        )
    return known[kind]
