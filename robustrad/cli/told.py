"""Results on stdout."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import typer


@contextmanager
def aside() -> Iterator[None]:
    """Let everything that is printed meanwhile, by a user's model or its processes, go to stderr."""
    stdout = sys.stdout
    with redirect_stdout(sys.stderr):
        if not (_holds(1, stdout) and _holds(2, sys.stderr)):
            yield
            return
        stdout.flush()
        kept = os.dup(1)
        os.dup2(2, 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def _holds(descriptor: int, stream: Any) -> bool:
    """Return whether ``stream`` is the process's own; a notebook's, or a test's, is none."""
    try:
        return bool(stream.fileno() == descriptor)
    except (AttributeError, OSError, ValueError):
        return False


def tell(told: Any, as_json: bool) -> None:
    """Print a result: an object with ``text`` and ``data``, or a string."""
    if as_json:
        typer.echo(json.dumps(told.data, indent=2, ensure_ascii=False))
    else:
        typer.echo(told if isinstance(told, str) else told.text)
