"""Choose the engine, once per study: ``native``, ``pyradiomics``, or ``auto`` (native where it can).

``native-shared`` is another definition (``shared_filters.py``), taken only where it is asked for by name.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Literal, NamedTuple, get_args

from robustrad.core.errors import EnvironmentUnusableError, ProtocolError, nearest
from robustrad.extract.engine import Engine
from robustrad.extract.parameters import Parameters

EngineName = Literal["auto", "native", "native-shared", "pyradiomics"]
_NATIVE = "robustrad.extract.native"


class Choice(NamedTuple):
    """The engine of a study.

    Attributes
    ----------
    engine : Engine
        Who computes.
    note : str
        Why ``auto`` did not take the native engine; empty where there is nothing to tell.
    """

    engine: Engine
    note: str = ""


def choose_engine(name: str, parameters: Parameters) -> Choice:
    """Return the engine that computes ``parameters``.

    Parameters
    ----------
    name : str
        ``auto``, ``native``, ``native-shared`` or ``pyradiomics``.
    parameters : Parameters
        Everything that the study varies from.

    Raises
    ------
    ProtocolError
        If the name is unknown, or the engine cannot compute what the parameters ask for.
    EnvironmentUnusableError
        If PyRadiomics is not installed.
    """
    if name not in get_args(EngineName):
        raise ProtocolError("--engine", f"unknown engine {name!r}", "", nearest(name, get_args(EngineName)))
    if name == "pyradiomics":
        return Choice(_able(_pyradiomics(), parameters))
    native = _native()
    if name in {"native", "native-shared"}:
        if native is None:
            raise ProtocolError(
                f"--engine {name}", "this installation has no native engine", "", "Use --engine pyradiomics."
            )
        return Choice(_able(native if name == "native" else _shared(), parameters))
    missing = ["this installation has none"] if native is None else native.unsupported(parameters)
    if native is not None and not missing:
        return Choice(native)
    note = "" if native is None else f"engine pyradiomics: native does not know {'; '.join(missing)}"
    return Choice(_able(_pyradiomics(), parameters), note)


def _able(engine: Engine, parameters: Parameters) -> Engine:
    missing = engine.unsupported(parameters)
    if missing:
        todo = "" if engine.name == "pyradiomics" else "Use --engine auto."
        raise ProtocolError(f"--engine {engine.name}", f"cannot compute {'; '.join(missing)}", "", todo)
    return engine


@cache
def _pyradiomics() -> Engine:
    from robustrad.extract.pyradiomics import PyRadiomicsEngine, installed

    if not installed():
        raise EnvironmentUnusableError(
            "PyRadiomics", "no package radiomics is installed", "", "pip install pyradiomics-bhklab"
        )
    return PyRadiomicsEngine()


@cache
def _native() -> Engine | None:
    if find_spec(_NATIVE) is None:
        return None
    engine: Engine = import_module(f"{_NATIVE}.engine").NativeEngine()
    return engine


@cache
def _shared() -> Engine:
    engine: Engine = import_module("robustrad.extract.shared_filters").SharedFiltersEngine()
    return engine
