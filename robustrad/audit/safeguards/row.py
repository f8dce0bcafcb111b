"""One safeguard: its number, its verdict, and a plain sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustrad.drift.evaluate.limits import Estimate

PASS, NOTE, WARN, FAIL = "PASS", "NOTE", "WARN", "FAIL"
_NAN = float("nan")


class Row(NamedTuple):
    """One line of ``safeguards.csv``.

    Attributes
    ----------
    check, subject : str
        Which safeguard, and of which arm or column.
    value, low, high, p : float
        Its number; NaN where there is none.
    n : int
        Subjects (or permutations) that it rests on.
    status : str
        ``PASS``, ``NOTE`` (worth knowing), ``WARN`` or ``FAIL``.
    text : str
        The finding as a sentence.
    """

    check: str
    subject: str
    value: float
    low: float
    high: float
    p: float
    n: int
    status: str
    text: str


def told(check: str, subject: str, estimate: Estimate, *, n: int, status: str, text: str) -> Row:
    """Return a row of a number with limits."""
    return Row(check, subject, estimate.value, estimate.low, estimate.high, _NAN, n, status, text)


def plain(check: str, subject: str, value: float, *, n: int, status: str, text: str, p: float = _NAN) -> Row:
    """Return a row of a number without limits."""
    return Row(check, subject, value, _NAN, _NAN, p, n, status, text)


def interval(estimate: Estimate, *, signed: bool = False) -> str:
    """Return an estimate for reading: ``0.71 [0.60, 0.80]``, or why it has no limits."""
    if np.isnan(estimate.low) or np.isnan(estimate.high):
        value = f"{estimate.value:+.2f}" if signed else f"{estimate.value:.2f}"
        return f"{value} (no limits: too few patients of a class in these pairs)"
    form = "{:+.2f} [{:+.2f}, {:+.2f}]" if signed else "{:.2f} [{:.2f}, {:.2f}]"
    return form.format(*estimate)


def only_with_signal(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of one model, where nothing is beaten by a model whose permuted labels score as well.

    Limits of cross-validated scores are conditional on the fits, and do not know what another sample would
    have fitted; the permutation does.
    """
    if not any(row.check == "permutation" and row.status == FAIL for row in rows):
        return list(rows)
    kept = "{} But no signal is shown (permutation), so that this is no evidence."
    return [
        row._replace(status=WARN, text=kept.format(row.text))
        if row.check.startswith("beats_") and row.status == PASS
        else row
        for row in rows
    ]


def rows_table(rows: Sequence[Row]) -> pd.DataFrame:
    """Return the rows as a frame with the columns of :class:`Row`."""
    return pd.DataFrame(list(rows), columns=list(Row._fields))
