"""Compiling kernels, and keeping them on disk.

numba's own on-disk cache watches only the file a function stands in: a kernel that calls a kernel of another
file would go stale and give wrong numbers. So the folder is named by a hash of all sources of the package in
which the kernel stands (kernels call none of other packages), of the versions and of the bounds-check switch.
A folder that cannot be written means no cache, never an error.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import config as numba_config

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile ``function`` on first use: IEEE arithmetic, division by zero as in numpy, one thread."""
    return _compiled(function, fastmath=False)


def summing(function: Function) -> Function:
    """Compile as `kernel`, but let sums be taken in any order (only for reductions, as numpy's own do)."""
    return _compiled(function, fastmath={"reassoc", "contract"})


def _compiled(function: Function, *, fastmath: bool | set[str]) -> Function:
    folder = cache_folder(Path(function.__code__.co_filename).parent)
    options: dict[str, Any] = {"error_model": "numpy", "nogil": True, "fastmath": fastmath}
    if folder is None:
        return cast(Function, numba.njit(**options)(function))
    before = numba_config.CACHE_DIR
    numba_config.CACHE_DIR = str(folder)
    try:
        return cast(Function, numba.njit(cache=True, **options)(function))
    finally:
        numba_config.CACHE_DIR = before


@cache
def cache_folder(package: Path) -> Path | None:
    """Return the folder for kernels of exactly the sources in ``package``; None if none can be written.

    ``ROBUSTRAD_CACHE`` names its parent; the default is ``robustrad`` in the user's cache folder.
    """
    folder = _parent() / f"kernels-{_identity(package)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, RuntimeError):
        return None
    return folder


def _parent() -> Path:
    named = os.environ.get("ROBUSTRAD_CACHE")
    if named:
        return Path(named)
    if sys.platform == "darwin":
        return Path("~/Library/Caches/robustrad").expanduser()
    base = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    return Path(base or "~/.cache").expanduser() / "robustrad"


def _identity(package: Path) -> str:
    parts = [numba.__version__, np.__version__, sys.version, str(numba_config.BOUNDSCHECK)]
    digest = hashlib.sha256("\n".join(parts).encode())
    for source in (Path(__file__), *sorted(package.glob("*.py"))):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
