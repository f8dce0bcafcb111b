"""Results on stdout."""

from __future__ import annotations

import json
from typing import Any

import typer


def tell(told: Any, as_json: bool) -> None:
    """Print a result: an object with ``text`` and ``data``, or a string."""
    if as_json:
        typer.echo(json.dumps(told.data, indent=2, ensure_ascii=False))
    else:
        typer.echo(told if isinstance(told, str) else told.text)
