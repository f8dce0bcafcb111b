"""One precondition, judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

PASS = "PASS"
WARN = "WARN"
FAIL = "FAIL"


class Check(NamedTuple):
    """One precondition of harmonization.

    Attributes
    ----------
    check : str
        Its name.
    verdict : str
        ``PASS``, ``WARN``, ``FAIL``.
    value : float
        The number it was judged by; NaN where it could not be had, which is never a PASS.
    detail : str
        The number in words, and where.
    advice : str
        What to do; empty after PASS.
    """

    check: str
    verdict: str
    value: float
    detail: str
    advice: str = ""


def judge(value: float, *, warn: float, fail: float) -> str:
    """Return the verdict of a value that should be small: above ``warn`` WARN, above ``fail`` FAIL."""
    if not value <= warn:
        return FAIL if value > fail else WARN
    return PASS


def checks_table(checks: Sequence[Check]) -> pd.DataFrame:
    """Return the checks as a frame with the columns of :class:`Check`."""
    return pd.DataFrame(list(checks), columns=list(Check._fields))
