"""A fitted ComBat as JSON or npz: exact to the bit, readable in ten years, no pickle."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import robustrad
from robustrad.harmonize.covariates import Coded, Coding
from robustrad.harmonize.errors import HarmonizationError
from robustrad.harmonize.estimation import Estimates, Recipe
from robustrad.harmonize.state import CombatState

if TYPE_CHECKING:
    from robustrad.harmonize.combat import ComBat

FORMAT = "robustrad.combat/1"
_ARRAYS = ("alpha", "beta", "sigma", "gamma", "delta")


def save(combat: ComBat, path: Path) -> None:
    """Write ``combat`` to ``path`` (``.json`` or ``.npz``)."""
    head, arrays = describe(combat)
    if _kind(path) == ".json":
        shaped = {
            name: {"shape": values.shape, "values": values.ravel().tolist()}
            for name, values in arrays.items()
        }
        path.write_text(json.dumps(head | {"arrays": shaped}, indent=1, allow_nan=False) + "\n")
    else:
        with path.open("wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, head=np.array(json.dumps(head)), **arrays)


def load(path: Path) -> ComBat:
    """Return the transformer that :func:`save` wrote to ``path``."""
    if _kind(path) == ".json":
        head = json.loads(path.read_text())
        arrays = {
            name: np.array(held["values"], dtype=np.float64).reshape(held["shape"])
            for name, held in head.get("arrays", {}).items()
        }
    else:
        with np.load(path, allow_pickle=False) as held:
            head = json.loads(str(held["head"])) if "head" in held else {}
            arrays = {name: held[name] for name in _ARRAYS if name in held}
    if head.get("format") != FORMAT:
        raise HarmonizationError(f"{path}", f"format {head.get('format')!r}", f"a ComBat file ({FORMAT})")
    return restore(head, arrays)


def describe(combat: ComBat) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """Return everything but the arrays as JSON, and the arrays."""
    state = combat.state_
    names = getattr(combat, "feature_names_in_", None)
    head = {
        "format": FORMAT,
        "versions": {"robustrad": robustrad.__version__}
        | {name: version(name) for name in ("numpy", "scikit-learn", "neuroCombat")},
        "parameters": combat.get_params(),
        "n_features": int(combat.n_features_in_),
        "feature_names": None if names is None else [str(name) for name in names],
        "state": {
            "batches": state.batches,
            "counts": state.counts,
            "calibrated": state.calibrated,
            "active": state.active.tolist(),
            "isolated": {str(column): reason for column, reason in state.isolated.items()},
            "coding": asdict(state.coding),
            "recipe": asdict(state.recipe),
            "engine": state.engine,
            "optimistic": state.optimistic,
            "n_calibration_constant": state.n_calibration_constant,
        },
    }
    return head, {name: getattr(state.estimates, name) for name in _ARRAYS}


def restore(head: dict[str, Any], arrays: dict[str, np.ndarray[Any, Any]]) -> ComBat:
    """Return the transformer that :func:`describe` described."""
    from robustrad.harmonize.combat import ComBat

    parameters, held = head["parameters"], head["state"]
    combat = ComBat(**parameters | {"categorical": tuple(parameters["categorical"])})
    coding = held["coding"]
    combat.n_features_in_ = head["n_features"]
    if head["feature_names"] is not None:
        combat.feature_names_in_ = np.array(head["feature_names"], dtype=object)
    combat.state_ = CombatState(
        batches=tuple(held["batches"]),
        counts=tuple(held["counts"]),
        calibrated=tuple(held["calibrated"]),
        estimates=Estimates(**arrays),
        active=np.array(held["active"], dtype=np.intp),
        isolated={int(column): reason for column, reason in held["isolated"].items()},
        coding=Coding(
            tuple(Coded(**column) for column in coding["columns"]),
            {name: tuple(levels) for name, levels in (coding["categories"] or {}).items()},
            tuple(coding["averaged"]),
        ),
        recipe=Recipe(**held["recipe"]),
        engine=held["engine"],
        optimistic=held["optimistic"],
        n_calibration_constant=held["n_calibration_constant"],
    )
    return combat


def _kind(path: Path) -> str:
    if path.suffix not in {".json", ".npz"}:
        raise HarmonizationError(f"{path}", f"suffix {path.suffix!r}", ".json or .npz")
    return path.suffix
