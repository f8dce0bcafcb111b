"""A worker process: reads jobs as lines of JSON, answers each with a line, leaves when its parent does.

Started as ``python -m robustrad.workers.worker``. The first line names the service, ``module:Class``, and
what it is made from; every further line is a job for its method ``run``. The protocol is text over the
standard streams, so that no object is ever pickled and no ``__main__`` is imported again. Standard input is
the lifeline: when the parent dies, however it dies, the pipe closes and the worker leaves at once, in the
middle of a job if need be. Standard output belongs to the answers; whatever a library prints goes to standard
error.
"""

from __future__ import annotations

import faulthandler
import json
import os
import queue
import signal
import sys
import threading
from importlib import import_module
from typing import Any, TextIO


def main() -> None:
    """Serve until standard input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    start = json.loads(lines.get())
    module, name = start["service"].split(":")
    service = getattr(import_module(module), name)(start["setup"])
    _answer(answers, {"ready": os.getpid()})
    while True:
        _answer(answers, service.run(json.loads(lines.get())))


def _listen(lines: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


def _answer(stream: TextIO, value: dict[str, Any]) -> None:
    stream.write(json.dumps(value) + "\n")
    stream.flush()


if __name__ == "__main__":
    main()
