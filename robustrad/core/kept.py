"""Machine code of kernels, kept on disk.

numba's own on-disk cache watches only the file a function stands in: a kernel that calls a kernel of another
file would go stale and give wrong numbers. So the folder is named by a hash of all sources of the package in
which the kernel stands (kernels call none of other packages), of the versions and of the bounds-check switch.
A folder that cannot be written means no cache, never an error. Folders of other sources are removed once they
are out of use, but for the newest few.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numba
import numpy as np
from numba.core import config as numba_config
from numba.core.caching import FunctionCache, IndexDataCacheFile

#: Folders of other sources or versions that stay, days since their last use after which none does, and before
#: which all do: a process may still run on one.
KEPT_FOLDERS = 4
KEPT_DAYS = 30
FRESH_DAYS = 2


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
    here = Path(__file__)
    for source in (here, here.with_name("jit.py"), *sorted(package.glob("*.py"))):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


class KeptCode(FunctionCache):  # type: ignore[misc]  # numba has no types
    """Machine code of one kernel, in files of its own for every signature.

    numba's own cache counts the signatures of a function in one index: two processes that compile two of them
    at once may each take the other's file for theirs. And before it looks for code it loads all that
    compiling needs, SciPy's linear algebra included, which takes longer than all kernels together.

    Parameters
    ----------
    function : callable
        The kernel's source.
    folder : Path
        Where to keep it; see ``cache_folder``.
    """

    def __init__(self, function: Any, folder: Path) -> None:
        before = numba_config.CACHE_DIR
        numba_config.CACHE_DIR = str(folder)
        try:
            super().__init__(function)
        finally:
            numba_config.CACHE_DIR = before
        self._cache_file: Any = _FilePerSignature(self._cache_file)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the kernel compiled for the types ``sig``, or None if it is not kept."""
        found = self._cache_file.load(self._index_key(sig, target_context.codegen()))
        if found is None:
            return None
        if b"NRT_" in found[0][2][0]:  # the code counts references, so it needs numba's runtime
            target_context.refresh()
        return self._impl.rebuild(target_context, found)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the kernel ``data`` compiled for ``sig``; nothing happens if the disk does not take it."""
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)


class _FilePerSignature:
    """An index and a file of code for every key, by the interface of numba's file for all keys."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def load(self, key: Any) -> Any:
        try:
            return self._own(key).load(key)
        except (OSError, EOFError, UnpicklingError):  # cut off in a crash, or being replaced
            return None

    def save(self, key: Any, data: Any) -> None:
        own = self._own(key)
        own.flush()  # numba reads the index before it writes, cut off or not
        own.save(key, data)

    def _own(self, key: Any) -> Any:
        file = self._file
        name = file._index_name.removesuffix(".nbi")
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        return IndexDataCacheFile(file._cache_path, f"{name}-{digest}", file._source_stamp)
