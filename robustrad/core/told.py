"""What a command tells: text for people, data for machines."""

from __future__ import annotations

from typing import Any, NamedTuple


class Told(NamedTuple):
    """The result of a command.

    Attributes
    ----------
    text : str
        For people, on stdout.
    data : object
        The same as JSON, for ``--json``.
    """

    text: str
    data: Any
