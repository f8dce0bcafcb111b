"""Classes that packages bring, ours and third parties', found by entry point group.

An entry point names a module or package. What is defined in it, or in a module below it, is found; what is
only imported there is not.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from importlib.metadata import entry_points
from types import ModuleType
from typing import Generic, NamedTuple, TypeVar

from robustrad.core.errors import EnvironmentUnusableError

C = TypeVar("C")


class Registered(NamedTuple, Generic[C]):
    """A class, and the entry point by which it was found."""

    entry: str
    member: type[C]


def registered(base: type[C], *, group: str, builtin: str) -> Iterator[Registered[C]]:
    """Yield the classes derived from ``base`` that the entry points of a group bring.

    Parameters
    ----------
    base : type
        What they derive from.
    group : str
        Of the entry points.
    builtin : str
        Module or package that comes first, declared or not.

    Raises
    ------
    EnvironmentUnusableError
        If an entry point cannot be imported.
    """
    for entry in dict.fromkeys([builtin, *(point.value for point in entry_points(group=group))]):
        for module in _modules(entry, group):
            for _, member in inspect.getmembers(module, inspect.isclass):
                if issubclass(member, base) and member.__module__ == module.__name__:
                    yield Registered(entry, member)


def _modules(entry: str, group: str) -> list[ModuleType]:
    try:
        module = importlib.import_module(entry)
        return [module, *_below(module)]
    except ImportError as error:
        raise EnvironmentUnusableError(
            f"entry point {entry} of {group}",
            f"it cannot be imported ({error})",
            "",
            "Reinstall or remove the package.",
        ) from error


def _below(module: ModuleType) -> list[ModuleType]:
    paths = getattr(module, "__path__", None)
    if paths is None:
        return []
    return [
        importlib.import_module(info.name)
        for info in pkgutil.walk_packages(paths, prefix=f"{module.__name__}.")
        if not info.ispkg
    ]
