"""A service for the tests of stages; a worker imports this module."""

from __future__ import annotations

import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from robustrad.core.errors import DataError, EnvironmentUnusableError
from robustrad.drift.stages import outcome_of


@dataclass(frozen=True)
class Note:
    """Leave a file of this name if those of an earlier stage are there; or fail, as ``name`` says."""

    name: str
    needs: tuple[str, ...] = ()

    def message(self) -> dict[str, Any]:
        return asdict(self)


class Notes:
    def __init__(self, setup: dict[str, Any]) -> None:
        self.folder = Path(setup["folder"])

    def run(self, message: dict[str, Any]) -> dict[str, Any]:
        return outcome_of(lambda: self._note(message["name"], message["needs"]))

    def _note(self, name: str, needs: list[str]) -> None:
        if name == "mendable":
            raise DataError("a column", "nothing", "numbers", "Fill it.")
        if name == "lacking":
            raise EnvironmentUnusableError("a package", "it is not installed")
        if name == "bug":
            raise ZeroDivisionError
        if name == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        assert all((self.folder / other).is_file() for other in needs)
        (self.folder / name).touch()
