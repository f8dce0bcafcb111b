"""The one door to remedies: ours and third parties', by the entry point group ``robustrad.remedies``.

An entry point names a module or package; every concrete ``Remedy`` defined in it, or in the modules of
that package, is found by the names it answers to.
"""

from __future__ import annotations

import inspect
from functools import cache

from robustrad.core.entries import registered
from robustrad.core.errors import DataError, EnvironmentUnusableError, nearest
from robustrad.drift.remedies.base import Remedy
from robustrad.drift.remedies.nothing import Nothing
from robustrad.drift.remedies.pair import Chain

GROUP = "robustrad.remedies"
BUILTIN = "robustrad.drift.remedies"
PAIRS = ("icc_filter_0.75+combat", "icc_filter_0.75+augmentation", "combat+test_time_averaging")
"""Pairs that ``all`` includes; any other is asked for by name."""

_ORDER = (
    "none",
    "zscore",
    "combat",
    "icc_filter",
    "augmentation",
    "test_time_averaging",
    "volume_adjustment",
)


@cache
def classes() -> tuple[type[Remedy], ...]:
    """Return every registered remedy class, ours first.

    Raises
    ------
    EnvironmentUnusableError
        If an entry point cannot be imported, or two remedies answer to one name.
    """
    every = registered(Remedy, group=GROUP, builtin=BUILTIN)  # type: ignore[type-abstract]
    listed = [remedy for _, remedy in every if not inspect.isabstract(remedy) and remedy is not Chain]
    found = tuple(dict.fromkeys(listed))
    taken: dict[str, type[Remedy]] = {}
    for remedy in found:
        for variant in remedy.variants():
            if taken.setdefault(variant.name, remedy) is not remedy:
                raise EnvironmentUnusableError(
                    f"remedy {variant.name!r} of {remedy.__module__}",
                    f"the name is taken by {taken[variant.name].__module__}",
                    "one remedy per name",
                    "Rename it, or uninstall one of the two packages.",
                )
    return found


def all_remedies() -> tuple[Remedy, ...]:
    """Return what ``--remedies all`` means: every variant of every remedy, and the usual pairs."""
    singles = [variant for remedy in classes() for variant in remedy.variants()]
    singles.sort(key=lambda remedy: next((i for i, o in enumerate(_ORDER) if remedy.name.startswith(o)), 99))
    return (*singles, *(find(name) for name in PAIRS))


def find(name: str) -> Remedy:
    """Return the remedy called ``name``; names joined by ``+`` are used one after the other.

    Raises
    ------
    DataError
        If there is none; names the nearest.
    """
    parts = [part.strip() for part in name.split("+")]
    if len(parts) > 1:
        return Chain(tuple(find(part) for part in parts))
    for remedy in classes():
        parsed = remedy.parse(parts[0])
        if parsed is not None:
            return parsed
    known = [variant.name for remedy in classes() for variant in remedy.variants()]
    raise DataError("--remedies", f"unknown remedy {parts[0]!r}", "", nearest(parts[0], known))


def choose(names: str) -> tuple[Remedy, ...]:
    """Return the remedies of ``all`` or ``NAME,NAME``; ``none`` is always among them, and first.

    Raises
    ------
    DataError
        If a name is unknown.
    """
    words = [word.strip() for word in names.split(",") if word.strip()]
    listed = all_remedies() if words == ["all"] else tuple(find(word) for word in words)
    unique = {remedy.name: remedy for remedy in (Nothing(), *listed)}
    return tuple(unique.values())
