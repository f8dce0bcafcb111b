"""What a model's name stands for, as JSON: a change of it makes other arms."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from robustrad.core.identity import content_hash
from robustrad.drift.models.estimators import choose


def model_identity(name: str) -> dict[str, Any]:
    """Return estimator and grid of a built-in model; for the user's, its parameters and its file's hash."""
    choice = choose(name)
    about: dict[str, Any] = {"estimator": repr(choice.estimator), "grid": repr(choice.grid)}
    if ":" in name:
        source = getattr(sys.modules.get(name.partition(":")[0]), "__file__", None)
        about["source"] = content_hash(Path(source)) if source else None
    return about
