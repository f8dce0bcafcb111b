"""The one door to operators: ours and third parties', by the entry point group ``robustrad.perturbations``.

An entry point names a module or package; every concrete ``Perturbation`` defined in it (or in a module
that it imports from its own package) is registered under its ``kind``.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType

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
    for name in dict.fromkeys([BUILTIN, *(point.value for point in entry_points(group=GROUP))]):
        for operator in _operators(name):
            kind = operator.model_fields["kind"].default
            if found.setdefault(kind, operator) is not operator:
                raise EnvironmentUnusableError(
                    f"entry point {name}",
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


def _operators(name: str) -> list[type[Perturbation]]:
    try:
        module = importlib.import_module(name)
        modules = [module, *_submodules(module)]
    except ImportError as error:
        raise EnvironmentUnusableError(
            f"entry point {name} of {GROUP}",
            f"it cannot be imported ({error})",
            "",
            "Reinstall or remove the package.",
        ) from error
    return [
        member
        for part in modules
        for _, member in inspect.getmembers(part, inspect.isclass)
        if issubclass(member, Perturbation)
        and member.__module__ == part.__name__
        and isinstance(member.model_fields["kind"].default, str)
    ]


def _submodules(module: ModuleType) -> list[ModuleType]:
    paths = getattr(module, "__path__", None)
    if paths is None:
        return []
    return [
        importlib.import_module(info.name)
        for info in pkgutil.walk_packages(paths, prefix=f"{module.__name__}.")
        if not info.ispkg
    ]
