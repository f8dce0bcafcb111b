"""Read a PyRadiomics parameter file: a built-in one by name, a path, or a mapping.

Every file that PyRadiomics can use is accepted unchanged. What it would refuse or ignore (unknown keys,
filters, classes, features, wrong types) is told all at once, each with its line and the nearest known word.
Settings that change no value of a region (``additionalInfo``, ``voxelSetting``) are checked and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import cast

from robustrad.core.errors import Problem, ProtocolError, nearest
from robustrad.core.marked_yaml import KeyPath, Marked, load_marked
from robustrad.core.shipped import shipped_yaml
from robustrad.extract.catalog import FEATURE_CLASSES, FEATURES, IMAGE_TYPES
from robustrad.extract.parameters import Parameters, Settings
from robustrad.extract.settings import KEYS, VOXEL_KEYS, Key

Where = Callable[[KeyPath], str]

SECTIONS = ("setting", "imageType", "featureClass", "voxelSetting")
# What PyRadiomics computes without a parameter file: everything but the shape of flat regions.
DEFAULT = Parameters(feature_classes={name: () for name in FEATURE_CLASSES if name != "shape2D"})


def load_parameters(source: str | PathLike[str] | Mapping[str, object] | None) -> Parameters:
    """Return the parameters of a built-in file, a path, or a mapping; None is PyRadiomics' defaults.

    A file without ``imageType`` means Original, one without ``featureClass`` all classes, as in PyRadiomics.

    Parameters
    ----------
    source : str, path, mapping or None
        Name of a built-in file (``pet``), path of a YAML or JSON file, or a mapping of PyRadiomics' form.

    Raises
    ------
    ProtocolError
        With every problem found.

    Examples
    --------
    >>> load_parameters({"setting": {"binWidth": 0.25}}).settings["binWidth"]
    0.25
    """
    if source is None:
        return DEFAULT
    if isinstance(source, Mapping):
        return parameters_from(source, where=lambda path: _path_text("parameters", path))
    marked = _document(source)
    if not isinstance(marked.value, dict):
        raise ProtocolError(
            marked.name,
            f"{_kind(marked.value)} instead of a parameter file",
            f"a mapping with {', '.join(SECTIONS[:3])}",
        )
    return parameters_from(marked.value, where=marked.where)


def parameters_from(mapping: Mapping[str, object], *, where: Where) -> Parameters:
    """Return the parameters that ``mapping`` (PyRadiomics' form) stands for.

    Parameters
    ----------
    mapping : mapping
        The parameter file as plain values.
    where : callable
        Turns a path of keys within ``mapping`` into ``file line n`` for messages.

    Raises
    ------
    ProtocolError
        With every problem found.
    """
    checker = _Checker(where)
    for name in mapping:
        if name not in SECTIONS:
            checker.unknown((name,), "section", name, SECTIONS)
    settings = checker.settings(mapping.get("setting"), ("setting",), _keys(voxel=False))
    checker.settings(mapping.get("voxelSetting"), ("voxelSetting",), _keys(voxel=True))
    image_types = checker.image_types(mapping)
    feature_classes = checker.feature_classes(mapping)
    if checker.problems:
        raise ProtocolError.of(checker.problems)
    return Parameters(settings, image_types, feature_classes)


def builtin_names() -> tuple[str, ...]:
    """Return the names of the built-in parameter files."""
    return tuple(shipped_yaml("params"))


def _document(source: str | PathLike[str]) -> Marked:
    builtin = shipped_yaml("params")
    if isinstance(source, str) and source in builtin:
        return load_marked(builtin[source].read_text(encoding="utf-8"), name=f"{source}.yaml (built-in)")
    path = Path(source)
    if not path.is_file():
        raise ProtocolError(
            f"parameter file {source}",
            "there is no such file and no built-in one of that name",
            "a YAML or JSON file of PyRadiomics, or a name",
            nearest(str(source), builtin),
        )
    return load_marked(path)


class _Checker:
    """Collects problems while it copies what is right."""

    def __init__(self, where: Where) -> None:
        self.where = where
        self.problems: list[Problem] = []

    def settings(self, section: object, path: KeyPath, keys: Mapping[str, Key]) -> dict[str, object]:
        if section is None:
            return {}
        if not isinstance(section, Mapping):
            self.problem(path, f"{path[-1]} is {_kind(section)}", "a mapping of settings")
            return {}
        kept: dict[str, object] = {}
        for name, value in section.items():
            if name not in keys:
                self.unknown((*path, name), "setting", str(name), keys)
            elif expected := keys[name].expected(value):
                self.problem((*path, name), f"{name} is {_shown(value)}", expected)
            elif keys[name].changes_results:
                kept[name] = tuple(value) if isinstance(value, list) else value
        return kept

    def image_types(self, mapping: Mapping[str, object]) -> dict[str, Settings]:
        found = self._section(mapping, "imageType", IMAGE_TYPES, "image type")
        known = _keys(voxel=False)
        types = {name: self.settings(own, ("imageType", name), known) for name, own in found.items()}
        return {**types} or {"Original": {}}

    def feature_classes(self, mapping: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
        found = self._section(mapping, "featureClass", FEATURE_CLASSES, "feature class")
        classes = {name: self._features(name, listed) for name, listed in found.items()}
        return classes or dict.fromkeys(FEATURE_CLASSES, ())

    def _section(
        self, mapping: Mapping[str, object], section: str, known: tuple[str, ...], what: str
    ) -> dict[str, object]:
        value = mapping.get(section, {})
        if not isinstance(value, Mapping):
            self.problem((section,), f"{section} is {_kind(value)}", f"a mapping of {what}s", "Or remove it.")
            return {}
        for name in value:
            if name not in known:
                self.unknown((section, name), what, str(name), known)
        return {name: item for name, item in value.items() if name in known}

    def _features(self, name: str, listed: object) -> tuple[str, ...]:
        path = ("featureClass", name)
        if listed is None:
            return ()
        if not isinstance(listed, (list, tuple)):
            self.problem(path, f"{name} is {_shown(listed)}", "a list of feature names, or nothing for all")
            return ()
        for index, feature in enumerate(listed):
            if feature not in FEATURES[name]:
                self.unknown((*path, index), f"{name} feature", str(feature), FEATURES[name])
        return tuple(str(feature) for feature in listed)

    def unknown(self, path: KeyPath, what: str, found: str, known: object) -> None:
        words = cast("Mapping[str, object] | tuple[str, ...]", known)
        self.problems.append(
            Problem(self.where(path), f"unknown {what} {found!r}", "", nearest(found, words))
        )

    def problem(self, path: KeyPath, found: str, expected: str, todo: str = "") -> None:
        self.problems.append(Problem(self.where(path), found, expected, todo))


def _keys(*, voxel: bool) -> dict[str, Key]:
    return {name: key for name, key in KEYS.items() if (name in VOXEL_KEYS) is voxel}


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, (list, tuple)) else f"the single value {value!r}"


def _shown(value: object) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _path_text(name: str, path: KeyPath) -> str:
    return f"{name}, {'.'.join(str(part) for part in path)}" if path else name
