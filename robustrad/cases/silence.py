"""Keeping what ITK's readers print off the terminal, without losing it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_STDERR = 2


@contextmanager
def silence() -> Iterator[Callable[[], str]]:
    """Turn the file descriptor of stderr away for the moment; yields a function that returns what was said.

    ITK's readers (MetaImage, HDF5, NIfTI) write through C and C++ streams that Python cannot reach. Another
    thread's stderr is turned away too, so the block should hold one call into SimpleITK and nothing else.
    """
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        kept = os.dup(_STDERR)
    except OSError:  # a process without stderr has nothing to keep quiet
        yield str
        return
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), _STDERR)
        try:

            def text() -> str:
                length = os.fstat(said.fileno()).st_size
                said.seek(0)
                return said.read(length).decode(errors="replace")

            yield text
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
