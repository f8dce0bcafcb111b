"""How numbers are shown: the only place where a report rounds.

==========  ===================================================================================
form        shown as
==========  ===================================================================================
``int``     whole number
``limit``   two decimals, rounded down, so that a limit and its class never disagree
``cell``    the same without the leading zero, for narrow cells
``2f``      two decimals; so ``1f``, ``3f``
``share``   percent of a share, no decimals (one where none would claim 0 or 100 that it is not)
``p``       three decimals, or ``< 0.001``
``g``       three significant digits
``plain``   the shortest digits of a declared number, such as a severity
``text``    as it is
==========  ===================================================================================
"""

from __future__ import annotations

import math
from typing import Any

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
FORMS = ("int", "limit", "cell", "1f", "2f", "3f", "share", "p", "g", "plain", "text")


def show(value: Any, form: str) -> str:
    """Return ``value`` in ``form``; an en dash where it is missing.

    Parameters
    ----------
    value : float, int, str or None
        NaN and None are missing.
    form : str
        One of :data:`FORMS`.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return DASH
    if form == "text":
        return str(value)
    number = float(value)
    if math.isinf(number):
        return "\N{INFINITY}" if number > 0 else f"{MINUS}\N{INFINITY}"
    if form == "int":
        return f"{round(number)}".replace("-", MINUS)
    if form == "share":
        return f"{_percent(number)} %".replace("-", MINUS)
    if form == "p":
        return "< 0.001" if number < 0.001 else f"{number:.3f}"
    if form == "limit":
        return signed(f"{math.floor(number * 100 + 1e-9) / 100:.2f}")
    if form == "cell":
        text = show(number, "limit")
        return text.replace("0.", ".", 1) if abs(number) < 1 else text
    if form == "g":
        return significant(number)
    if form == "plain":
        return signed(f"{number:g}")
    return signed(f"{number:.{form[0]}f}")


def _percent(share: float) -> str:
    text = f"{100 * share:.0f}"
    return f"{100 * share:.1f}" if text in {"0", "100"} and share not in {0.0, 1.0} else text


def significant(number: float) -> str:
    """Return three significant digits, in plain notation between 0.001 and 100,000."""
    if number == 0:
        return "0"
    if not 1e-3 <= abs(number) < 1e5:
        return signed(f"{number:.2e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e"))
    digits = max(0, 2 - math.floor(math.log10(abs(number))))
    return signed(f"{number:.{digits}f}")


def signed(text: str) -> str:
    """Return ``text`` with a true minus sign, and none before a zero."""
    if text.startswith("-") and not any(digit in text for digit in "123456789"):
        text = text[1:]
    return text.replace("-", MINUS)
