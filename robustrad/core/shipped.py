"""Files that come with the package."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def shipped_yaml(folder: str) -> dict[str, Traversable]:
    """Return the YAML files of a folder of the operators (``protocols``, ``params``) by name, sorted."""
    there = files("robustrad.perturbations") / folder
    if not there.is_dir():
        return {}
    found = {file.name.removesuffix(".yaml"): file for file in there.iterdir() if file.name.endswith(".yaml")}
    return dict(sorted(found.items()))
