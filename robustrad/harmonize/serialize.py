"""A fitted ComBat as JSON or npz: exact to the bit, readable in ten years, no pickle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

import robustrad
from robustrad.harmonize.covariates import Coded, Coding
from robustrad.harmonize.errors import HarmonizationError
from robustrad.harmonize.estimation import Estimates, Recipe
from robustrad.harmonize.state import CombatState

if TYPE_CHECKING:
    from robustrad.harmonize.combat import ComBat
    from robustrad.harmonize.sequential import SequentialComBat

Arrays = dict[str, np.ndarray[Any, Any]]

FORMAT = "robustrad.combat/1"
CHAIN = "robustrad.combat-chain/1"
_ARRAYS = ("alpha", "beta", "sigma", "gamma", "delta")


def save(combat: ComBat, path: Path) -> None:
    """Write ``combat`` to ``path`` (``.json`` or ``.npz``)."""
    _write(path, *describe(combat))


def load(path: Path) -> ComBat:
    """Return the transformer that :func:`save` wrote to ``path``.

    Raises
    ------
    HarmonizationError
        If there is no such file, or it is no ComBat or a broken one.
    """
    with _told(path):
        head, arrays = _read(path, FORMAT)
        return restore(head, arrays)


def save_chain(chain: SequentialComBat, path: Path) -> None:
    """Write the fitted steps of ``chain`` to ``path`` (``.json`` or ``.npz``)."""
    described = [(str(name), *describe(step)) for name, step in chain.steps_]
    head = {"format": CHAIN, "steps": [{"column": name, "combat": about} for name, about, _ in described]}
    _write(
        path,
        head,
        {f"{i}.{key}": held for i, (_, _, own) in enumerate(described) for key, held in own.items()},
    )


def load_chain(path: Path) -> list[tuple[str, ComBat]]:
    """Return the fitted steps that :func:`save_chain` wrote to ``path``; errors as :func:`load`."""
    with _told(path):
        head, arrays = _read(path, CHAIN)
        return [
            (step["column"], restore(step["combat"], {name: arrays[f"{i}.{name}"] for name in _ARRAYS}))
            for i, step in enumerate(head["steps"])
        ]


def _write(path: Path, head: dict[str, Any], arrays: Arrays) -> None:
    if _kind(path) == ".json":
        shaped = {
            name: {"shape": values.shape, "values": values.ravel().tolist()}
            for name, values in arrays.items()
        }
        text = json.dumps(head | {"arrays": shaped}, indent=1, allow_nan=False, default=_plain)
        path.write_text(text + "\n", encoding="utf-8")
    else:
        with path.open("wb") as stream:
            text = json.dumps(head, default=_plain)
            np.savez_compressed(stream, allow_pickle=False, head=np.array(text), **arrays)


def _read(path: Path, expected: str) -> tuple[dict[str, Any], Arrays]:
    if _kind(path) == ".json":
        head = json.loads(path.read_text(encoding="utf-8"))
        arrays = {
            name: np.array(held["values"], dtype=np.float64).reshape(held["shape"])
            for name, held in head.get("arrays", {}).items()
        }
    else:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as held:
            head = json.loads(str(held["head"])) if "head" in held else {}
            arrays = {name: held[name] for name in held.files if name != "head"}
    if head.get("format") != expected:
        raise HarmonizationError(f"{path}", f"format {head.get('format')!r}", f"a ComBat file ({expected})")
    return head, arrays


def _plain(value: object) -> Any:
    """Return a number of numpy's, as parameters may hold, as one of Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} in a parameter cannot be saved")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what a missing or broken file raises into an error that names it."""
    try:
        yield
    except HarmonizationError:
        raise
    except FileNotFoundError as error:
        raise HarmonizationError(f"{path}", "not there", "a file that save() wrote") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, BadZipFile) as error:
        found = f"no ComBat, or a broken one ({type(error).__name__}: {error})"
        raise HarmonizationError(f"{path}", found, "a file that save() wrote") from error


def describe(combat: ComBat) -> tuple[dict[str, Any], Arrays]:
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


def restore(head: dict[str, Any], arrays: Arrays) -> ComBat:
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
    _check_shapes(combat.state_)
    return combat


def _check_shapes(state: CombatState) -> None:
    p, b, q = state.active.size, len(state.batches), len(state.coding.columns)
    expected = {"alpha": (p,), "beta": (q, p), "sigma": (p,), "gamma": (b, p), "delta": (b, p)}
    for name, shape in expected.items():
        found = getattr(state.estimates, name).shape
        if found != shape:
            raise ValueError(f"{name} of shape {found} instead of {shape}")


def _kind(path: Path) -> str:
    if path.suffix not in {".json", ".npz"}:
        raise HarmonizationError(f"{path}", f"suffix {path.suffix!r}", ".json or .npz")
    return path.suffix
