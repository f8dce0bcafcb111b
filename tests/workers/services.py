"""Services for the tests of the pool; a worker imports this module."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


class Echo:
    """Answers with what it was given; ``die`` kills the worker, ``die_once`` if its file is absent."""

    def __init__(self, setup: dict[str, Any]) -> None:
        self._offset = setup["offset"]
        marker = setup.get("lost_starts")
        if marker and len(list(Path(marker).iterdir())) < setup["how_many"]:
            (Path(marker) / str(os.getpid())).touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def run(self, message: dict[str, Any]) -> dict[str, Any]:
        print("libraries may print", flush=True)
        if message.get("sleep"):
            time.sleep(message["sleep"])
        marker = message.get("die_once")
        if message.get("die") or (marker and not Path(marker).exists()):
            if marker:
                Path(marker).touch()
            print("last words", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return {"value": message["value"] + self._offset, "threads": os.environ["OMP_NUM_THREADS"]}
