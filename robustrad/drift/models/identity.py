"""What a model's name stands for, as JSON: a change of it makes other arms."""

from __future__ import annotations

from typing import Any

from robustrad.core.identity import content_hash
from robustrad.drift.models.estimators import choose
from robustrad.drift.models.sources import file_of, own_imports


def model_identity(name: str) -> dict[str, Any]:
    """Return estimator and grid of a model; of the user's also the hashes of its file and what it imports.

    ``imports`` are the user's own modules (:func:`robustrad.drift.models.sources.own_imports`).
    """
    choice = choose(name)
    about: dict[str, Any] = {"estimator": repr(choice.estimator), "grid": repr(choice.grid)}
    if ":" in name:
        module = name.partition(":")[0]
        source = file_of(module)
        about["source"] = content_hash(source) if source else None
        imports = own_imports(module)
        if imports:
            about["imports"] = {other: content_hash(path) for other, path in imports.items()}
    return about
