"""Collecting what is wrong with a protocol while its values are read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from robustrad.core.errors import Problem, nearest
from robustrad.core.marked_yaml import KeyPath

Where = Callable[[KeyPath], str]


class Problems:
    """All problems of one document; the readers return a usable default where they add one.

    Parameters
    ----------
    where : callable
        Turns a path of keys into ``file line n``.
    """

    def __init__(self, where: Where) -> None:
        self.where = where
        self.found: list[Problem] = []

    def add(self, path: KeyPath, found: str, expected: str = "", todo: str = "") -> None:
        """Add one problem at ``path``."""
        self.found.append(Problem(self.where(path), found, expected, todo))

    def unknown_keys(
        self, content: Mapping[str, Any], path: KeyPath, known: Iterable[str], what: str
    ) -> None:
        """Add a problem for every key that is not ``known``, with the nearest one."""
        words = tuple(known)
        for key in content:
            if key not in words:
                self.add((*path, key), f"unknown {what} {key!r}", "", nearest(str(key), words))

    def text(self, content: Mapping[str, Any], key: str, *, required: bool = False) -> str:
        """Return a text of the document's top; empty where it is missing."""
        value = content.get(key)
        if value is None and not required:
            return ""
        if value is None:
            self.add((), f"there is no {key}", "a text")
        elif isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
        else:
            self.add((key,), f"{key} is {shown(value)}", "a text")
        return ""

    def texts(self, content: Mapping[str, Any], key: str) -> list[str]:
        """Return a list of texts of the document's top."""
        value = content.get(key) or []
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return list(value)
        self.add((key,), f"{key} is {shown(value)}", "a list of texts")
        return []

    def word(
        self,
        content: Mapping[str, Any],
        path: KeyPath,
        key: str,
        known: tuple[str, ...],
        *,
        default: str | None = None,
    ) -> str:
        """Return one of the ``known`` words; without a default the key is required."""
        value = content.get(key)
        if value is None and default is not None:
            return default
        if value is None:
            self.add(path, f"there is no {key}", f"one of {', '.join(known)}")
        elif value in known:
            return str(value)
        else:
            self.add((*path, key), f"unknown {key} {shown(value)}", "", nearest(str(value), known))
        return default or known[0]

    def whole(self, content: Mapping[str, Any], path: KeyPath, key: str, *, least: int, default: int) -> int:
        """Return a whole number of at least ``least``."""
        value = content.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.add((*path, key), f"{key} is {shown(value)}", f"a whole number of {least} or more")
        return default

    def number(self, content: Mapping[str, Any], path: KeyPath, key: str, *, least: float) -> float | None:
        """Return a finite number of at least ``least``, None where it is missing."""
        value = content.get(key)
        if value is None:
            return None
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and math.isfinite(value)
            and value >= least
        ):
            return float(value)
        self.add((*path, key), f"{key} is {shown(value)}", f"a number of {least:g} or more")
        return None


def kind_of(value: object) -> str:
    """Return what kind of YAML ``value`` is, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else f"the single value {value!r}"


def shown(value: object) -> str:
    """Return ``value`` for a message, shortened."""
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
