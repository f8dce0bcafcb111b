"""SIGTERM and Ctrl-C as one exception, so that a sweep ends in order and says how to resume."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Interrupted(BaseException):
    """The sweep was asked to stop.

    Attributes
    ----------
    interrupt_code : int
        130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.interrupt_code = 128 + signum


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Raise ``Interrupted`` on SIGINT and SIGTERM while inside; elsewhere than the main thread do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {which: signal.signal(which, _stop) for which in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)


def _stop(signum: int, frame: FrameType | None) -> None:
    del frame
    raise Interrupted(signum)
