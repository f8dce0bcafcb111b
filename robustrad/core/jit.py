"""Compiling kernels, and keeping them on disk.

numba's own on-disk cache watches only the file a function stands in: a kernel that calls a kernel of another
file would go stale and give wrong numbers. So the folder is named by a hash of all sources of the package in
which the kernel stands (kernels call none of other packages), of the versions and of the bounds-check switch.
A folder that cannot be written means no cache, never an error. Folders of other sources are removed once they
are out of use, but for the newest few.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import config as numba_config

#: Folders of other sources or versions that stay, days since their last use after which none does, and before
#: which all do: a process may still run on one.
KEPT_FOLDERS = 4
KEPT_DAYS = 30
FRESH_DAYS = 2

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile ``function`` on first use: IEEE arithmetic, division by zero as in numpy, one thread."""
    return _compiled(function, fastmath=False)


def summing(function: Function) -> Function:
    """Compile as `kernel`, but let sums be taken in any order (only for reductions, as numpy's own do)."""
    return _compiled(function, fastmath={"reassoc", "contract"})


def bare(function: Function) -> Function:
    """Compile as `kernel` what gets all its arrays from its caller and makes none.

    Without reference counts it compiles in less time.
    """
    return _compiled(function, fastmath=False, _nrt=False)


def inner(function: Function) -> Function:
    """Compile as `bare` what only kernels call; Python cannot call it, and it is kept with its callers."""
    options = _options(fastmath=False, _nrt=False, no_cpython_wrapper=True)
    return cast(Function, numba.njit(**options)(function))


def _compiled(function: Function, **own: Any) -> Function:
    folder = cache_folder(Path(function.__code__.co_filename).parent)
    options = _options(**own)
    if folder is None:
        return cast(Function, numba.njit(**options)(function))
    before = numba_config.CACHE_DIR
    numba_config.CACHE_DIR = str(folder)
    try:
        return cast(Function, numba.njit(cache=True, **options)(function))
    finally:
        numba_config.CACHE_DIR = before


def _options(**own: Any) -> dict[str, Any]:
    return {"error_model": "numpy", "nogil": True, "no_cfunc_wrapper": True, **own}


@cache
def cache_folder(package: Path) -> Path | None:
    """Return the folder for kernels of exactly the sources in ``package``; None if none can be written.

    ``ROBUSTRAD_CACHE`` names its parent; the default is ``robustrad`` in the user's cache folder.
    """
    folder = _parent() / f"kernels-{_identity(package)}"
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            _prune(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, RuntimeError):
        return None
    return folder


def _prune(folder: Path) -> None:
    # Called when a folder is made. The probe for writing changes a folder's time at every use.
    dated: list[tuple[float, Path]] = []
    for other in folder.parent.glob("kernels-*"):
        try:
            if other != folder and other.is_dir():
                dated.append((other.stat().st_mtime, other))
        except OSError:  # another process was faster
            continue
    now = time.time()
    for place, (changed, other) in enumerate(sorted(dated, reverse=True)):
        unused = (now - changed) / 86400
        if unused > (FRESH_DAYS if place >= KEPT_FOLDERS else KEPT_DAYS):
            shutil.rmtree(other, ignore_errors=True)


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
