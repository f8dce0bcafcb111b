"""Read YAML (or JSON) safely, and remember on which line everything stands.

Scalars follow the core schema of YAML 1.2, as PyRadiomics' own reader does: ``1e-3`` is a number, ``on`` and
``no`` are words, ``2020-01-01`` is text. Keys are always text, as written. Tags that make objects, duplicate
keys, files that unfold without end and files above 1 MB are errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from robustrad.core.errors import Problem, ProtocolError

KeyPath = tuple[str | int, ...]

MAX_BYTES = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 50

_TAG = "tag:yaml.org,2002:"
_CORE = {
    "null": re.compile(r"~|null|Null|NULL|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    "float": re.compile(
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
    ),
}


class Marked(NamedTuple):
    """A document and where its parts stand.

    Attributes
    ----------
    value : object
        Dicts with text keys, lists, str, int, float, bool and None.
    lines : mapping of tuple to int
        Path of keys and indices -> line, counted from 1; the empty path is the document.
    name : str
        Name of the file, for messages.
    """

    value: object
    lines: Mapping[KeyPath, int]
    name: str

    def where(self, path: KeyPath) -> str:
        """Return ``name line n`` of ``path``, or of the nearest thing above it that was written down."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name} line {self.lines.get(path, 1)}"


def load_marked(source: Path | str, name: str | None = None) -> Marked:
    """Return a YAML or JSON document with the line of every key and item.

    Parameters
    ----------
    source : Path or str
        A file, or the text itself.
    name : str, optional
        How messages name the document; default the path, or ``text``.

    Raises
    ------
    ProtocolError
        If it cannot be read, is not safe YAML, or holds a duplicate key; all duplicates are told at once.
    """
    name = name or (str(source) if isinstance(source, Path) else "text")
    text = _read(source, name) if isinstance(source, Path) else source
    if len(text) > MAX_BYTES:
        raise ProtocolError(
            name, f"{len(text)} characters", f"at most {MAX_BYTES}", "Is this the right file?"
        )
    if text.lstrip("\ufeff \t\r\n").startswith("{"):  # JSON may be indented by tabs, YAML may not
        text = text.replace("\t", " ")
    reader = _Reader(name)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = reader.value(node, ()) if node is not None else None
    except yaml.YAMLError as error:
        raise ProtocolError(_place(error, name), f"not YAML: {_reason(error)}") from error
    except RecursionError:
        raise ProtocolError(name, "too deeply nested", f"at most {MAX_DEPTH} levels") from None
    if reader.problems:
        raise ProtocolError.of(reader.problems)
    return Marked(value, reader.lines, name)


class _Reader:
    """Turns nodes into plain values; one instance per document."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[KeyPath, int] = {(): 1}
        self.problems: list[Problem] = []
        self._nodes = 0

    def value(self, node: yaml.Node, path: KeyPath) -> object:
        self._nodes += 1
        # Aliases share nodes: what they unfold to is counted, so neither bombs nor loops get through.
        if self._nodes > MAX_NODES or len(path) > MAX_DEPTH:
            raise ProtocolError(self._where(node), "it unfolds without end", "a small parameter file")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if not node.tag.startswith(_TAG) or node.tag.rpartition(":")[2] not in {"map", "seq"}:
            self._problem(node, f"tag {node.tag!r}", "plain mappings, lists and scalars")
            return None
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._mapping(node, path)

    def _mapping(self, node: yaml.Node, path: KeyPath) -> dict[str, object]:
        found: dict[str, object] = {}
        merged: dict[str, object] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._problem(key, "a key that is not text")
            elif key.tag == f"{_TAG}merge" and key.style is None:
                for one in _merge_sources(item):
                    merged = {**self._mapping(one, path), **merged}
            elif key.value in found:
                first = self.lines[(*path, key.value)]
                self._problem(key, f"{key.value!r} stands twice (first on line {first})", "", "Remove one.")
            else:
                self.lines[*path, key.value] = key.start_mark.line + 1
                found[key.value] = self.value(item, (*path, key.value))
        return {**merged, **found}

    def _scalar(self, node: yaml.ScalarNode) -> object:
        text = str(node.value)
        explicit = node.tag.removeprefix(_TAG)
        if explicit.startswith(("!", "tag:", "python/")):
            self._problem(node, f"tag {node.tag!r}", "plain mappings, lists and scalars")
            return None
        if node.style is not None:  # quoted or a block: text
            return text
        for kind, pattern in _CORE.items():
            if pattern.fullmatch(text):
                return self._plain(node, kind, text)
        return text

    def _plain(self, node: yaml.Node, kind: str, text: str) -> object:
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "float":
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if len(text) > 100:
            self._problem(node, f"a number of {len(text)} digits", "at most 100")
            return None
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text, base)

    def _problem(self, node: yaml.Node, found: str, expected: str = "", todo: str = "") -> None:
        self.problems.append(Problem(self._where(node), found, expected, todo))

    def _where(self, node: yaml.Node) -> str:
        return f"{self.name} line {node.start_mark.line + 1}"


def _merge_sources(node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield the mappings that ``<<`` names; in a list the first one wins."""
    for one in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        if isinstance(one, yaml.MappingNode):
            yield one


def _read(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ProtocolError(name, f"{path.stat().st_size} bytes", f"at most {MAX_BYTES}")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ProtocolError(name, f"it cannot be read ({error.strerror})", "a YAML or JSON file") from error
    except UnicodeDecodeError as error:
        raise ProtocolError(name, "it is not UTF-8 text", "a YAML or JSON file") from error


def _place(error: yaml.YAMLError, name: str) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return f"{name} line {mark.line + 1}" if mark else name


def _reason(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
