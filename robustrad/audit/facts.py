"""What the records of both kinds of run say alike."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from robustrad.audit.runs import HowARun
from robustrad.drift.data import DriftData
from robustrad.drift.models.estimators import choose
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.question import Question

_CORE = ("robustrad", "numpy", "scipy", "pandas", "scikit-learn")


def asked_facts(data: DriftData, settings: HowARun, question: Question) -> dict[str, Any]:
    """Return the size of the data, what a subject is, and what was asked of which models."""
    return {
        "k": len(data.conditions),
        "p": len(data.features),
        "columns": _columns(data),
        "volume": _volume(data),
        "unit": question.unit,
        "lesion": question.lesion,
        "batch": data.batch_name,
        "clinical": list(map(str, data.clinical.columns)),
        "models": [spec.name for spec in settings.models] if question.score is None else [question.score],
        "margin": settings.margin,
        "seed": settings.run.seed,
    }


def _columns(data: DriftData) -> dict[str, Any] | None:
    """Return the columns taken for features and those left out, of a table that does not say; else None."""
    if data.left_out is None:
        return None
    return {"features": list(data.features), "left_out": list(data.left_out)}


def _volume(data: DriftData) -> dict[str, Any] | None:
    """Return which column is the volume, and of how many subjects; None without one."""
    if data.volume is None:
        return None
    return {"column": data.volume_name, "n": int(np.isfinite(data.volume).sum())}


def settings_facts(settings: HowARun, *, fitted: bool = True) -> dict[str, Any]:
    """Return how the run was made; no model where none was fitted."""
    return {
        "specs": [_spec(spec) for spec in settings.models] if fitted else [],
        **asdict(settings.run),
        "bootstraps": settings.bootstraps,
    }


def _spec(spec: ModelSpec) -> dict[str, Any]:
    """Return a specification, and of a user's model whether it brings its own steps."""
    own = {"own_steps": choose(spec.name).whole} if ":" in spec.name else {}
    return {**asdict(spec), **own}


def remedy_facts(settings: HowARun) -> dict[str, Any] | None:
    """Return how remedies were compared; None where they were not."""
    return None if settings.remedies is None else asdict(settings.remedies)


def installed(*others: str) -> dict[str, str]:
    """Return the versions of what computes, and of ``others`` that are installed."""
    found = {}
    for name in (*_CORE, *others):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
