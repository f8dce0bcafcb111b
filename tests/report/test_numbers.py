"""Rounding happens in one place, and never says more than the number does."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustrad.report.numbers import show


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (0.8999, "limit", "0.89"),
        (-0.061, "limit", "\u22120.07"),
        (0.999, "cell", ".99"),
        (1.0, "cell", "1.00"),
        (-0.06, "cell", "\u2212.06"),
        (0.125, "2f", "0.12"),
        (-0.001, "2f", "0.00"),
        (12.0, "int", "12"),
        (0.997, "share", "99.7 %"),
        (1.0, "share", "100 %"),
        (0.0, "share", "0 %"),
        (0.002, "share", "0.2 %"),
        (0.0004, "p", "< 0.001"),
        (0.0464, "p", "0.046"),
        (1234.5, "g", "1234"),
        (0.01234, "g", "0.0123"),
        (1.5e9, "g", "1.50e9"),
        (2.5e-7, "g", "2.50e\u22127"),
        (math.nan, "2f", "\u2013"),
        (None, "text", "\u2013"),
        (math.inf, "2f", "\u221e"),
        (2.0, "plain", "2"),
        (0.25, "plain", "0.25"),
    ],
)
def test_forms(value: object, form: str, shown: str) -> None:
    assert show(value, form) == shown


@given(st.floats(-1, 1))
def test_a_limit_is_never_shown_above_itself(value: float) -> None:
    shown = float(show(value, "limit").replace("\u2212", "-"))
    assert shown <= value + 1e-9
    assert value - shown < 0.01 + 1e-9


@given(st.floats(0, 1))
def test_all_and_none_are_claimed_only_where_they_hold(share: float) -> None:
    shown = show(share, "share")
    if shown in {"0 %", "100 %"}:
        assert share in {0.0, 1.0}
