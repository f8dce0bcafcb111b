"""Compiling kernels on first use; what is compiled is kept on disk (``robustrad.core.kept``)."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import event

from robustrad.core.kept import KeptCode, cache_folder

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile ``function`` on first use: IEEE arithmetic, division by zero as in numpy, one thread."""
    return _kept(function, fastmath=False)


def summing(function: Function) -> Function:
    """Compile as `kernel`, but let sums be taken in any order (only for reductions, as numpy's own do)."""
    return _kept(function, fastmath=_ANY_ORDER)


def bare(function: Function) -> Function:
    """Compile as `kernel` what gets all its arrays from its caller and makes none.

    Without reference counts it compiles in less time, and what is kept needs less of numba to be loaded.
    """
    return _kept(function, fastmath=False, _nrt=False)


def reducing(function: Function) -> Function:
    """Compile as `bare`, with sums as `summing` takes them."""
    return _kept(function, fastmath=_ANY_ORDER, _nrt=False)


def inner(function: Function) -> Function:
    """Compile as `bare` what only kernels call; Python cannot call it, and it is kept with its callers."""
    return _compiled(function, fastmath=False, _nrt=False, no_cpython_wrapper=True)


def inlined(function: Function) -> Function:
    """Lay ``function`` into the kernel that calls it: what is called at one place is optimized once so."""
    return _compiled(function, fastmath=False, _nrt=False, no_cpython_wrapper=True, inline="always")


_ANY_ORDER = {"reassoc", "contract"}
_ours: set[Callable[..., Any]] = set()


def _kept(function: Function, **own: Any) -> Function:
    compiled = _compiled(function, **own)
    folder = cache_folder(Path(function.__code__.co_filename).parent)
    if folder is not None:
        cast(Any, compiled)._cache = KeptCode(function, folder)
    return compiled


def _compiled(function: Function, **own: Any) -> Function:
    _ours.add(function)
    options = {"error_model": "numpy", "nogil": True, "no_cfunc_wrapper": True, **own}
    return cast(Function, numba.njit(**options)(function))


class _Undisturbed(event.Listener):  # type: ignore[misc]  # numba has no types
    """Pauses Python's garbage collector while a kernel compiles: it would take a tenth of the time."""

    def __init__(self) -> None:
        self._depth = 0  # kernels that call kernels compile those on the way
        self._paused = False

    def on_start(self, compiling: Any) -> None:
        if compiling.data["dispatcher"].py_func not in _ours:
            return
        if self._depth == 0:
            self._paused = gc.isenabled()
            gc.disable()
        self._depth += 1

    def on_end(self, compiling: Any) -> None:
        if compiling.data["dispatcher"].py_func not in _ours:
            return
        self._depth -= 1
        if self._depth == 0 and self._paused:
            gc.enable()


event.register("numba:compile", _Undisturbed())
