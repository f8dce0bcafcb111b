"""Breakdown on planted curves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.drift.evaluate.breakdown import breakdown
from robustrad.drift.evaluate.verdict import judge_change


def planted(
    deltas: list[float],
    *,
    half: float = 0.02,
    severity: list[float] | None = None,
    sign: list[float] | None = None,
    moved: float = 0.01,
) -> pd.DataFrame:
    n = len(deltas)
    severity = [float(i + 1) for i in range(n)] if severity is None else severity
    table = pd.DataFrame({
        "arm": "reference", "model": "logistic", "train": "reference", "factor": "noise",
        "level": [f"l{i}" for i in range(n)], "role": "acquisition", "severity": severity,
        "sign": [np.nan] * n if sign is None else sign, "delta": deltas,
        "delta_low_band": np.array(deltas) - half, "delta_high_band": np.array(deltas) + half,
        "mean_abs_dp": moved,
    })  # fmt: skip
    words = [
        judge_change(low, high, margin=0.05)
        for low, high in zip(table["delta_low_band"], table["delta_high_band"], strict=True)
    ]
    return table.assign(verdict=words)


@pytest.mark.parametrize(
    ("deltas", "first", "drifts", "monotone", "said"),
    [
        ([0.0, -0.01, -0.02], np.nan, np.nan, True, "robust up to the largest severity tried (3)"),
        ([0.0, -0.04, -0.10], 2.0, 3.0, True, "breaks down between severity 2 and 3"),
        ([-0.01, -0.09, -0.12], 2.0, 2.0, True, "breaks down at severity 2"),
        ([0.0, -0.04, -0.06], 2.0, np.nan, True, "not shown robust from severity 2 on"),
        ([-0.08, -0.01, -0.09], 1.0, 1.0, False, "breaks down at severity 1"),
    ],
)
def test_breakdown_is_from_the_first_not_robust_to_the_first_that_drifts(
    deltas: list[float], first: float, drifts: float, monotone: bool, said: str
) -> None:
    row = breakdown(planted(deltas), margin=0.05).iloc[0]
    np.testing.assert_equal([row["first_not_robust"], row["first_drifts"]], [first, drifts])
    assert row["direction_monotone"] is monotone or row["direction_monotone"] == monotone
    assert said in row["sentence"]
    assert row["smallest_margin"] == pytest.approx(0.02)


def test_both_signs_of_a_severity_must_hold() -> None:
    table = planted([0.0, -0.09, 0.0, -0.10], severity=[1.0, 1.0, 2.0, 2.0], sign=[-1.0, 1.0, -1.0, 1.0])
    row = breakdown(table, margin=0.05).iloc[0]
    assert (row["first_not_robust"], row["first_drifts"]) == (1.0, 1.0)
    assert row["direction_monotone"] == True  # noqa: E712  # a column of objects


def test_without_a_severity_there_is_no_breakdown() -> None:
    row = breakdown(planted([0.0, -0.2], severity=[np.nan, np.nan]), margin=0.05).iloc[0]
    assert row["status"] == "no_severity"
    assert np.isnan(row["first_drifts"])
    assert row["direction_monotone"] is None
    assert "1 robust, 1 drifts" in row["sentence"]


def test_severity_that_is_no_dose_gives_no_breakdown() -> None:
    table = planted([0.0, -0.02, -0.10])
    index = pd.MultiIndex.from_product([["noise"], ["l0", "l1", "l2"]])
    rising, falling = pd.Series([1.0, 2.0, 3.0], index=index), pd.Series([1.0, 3.0, 2.0], index=index)
    assert breakdown(table, margin=0.05, strength=rising)["status"].iloc[0] == "ok"
    found = breakdown(table, margin=0.05, strength=falling).iloc[0]
    assert found["status"] == "strength_not_monotone"
    assert np.isnan(found["first_drifts"])


def test_reference_and_controls_have_no_breakdown() -> None:
    table = planted([0.0, 0.0])
    table.loc[0, "factor"] = "reference"
    table.loc[1, "role"] = "control"
    assert breakdown(table, margin=0.05).empty


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (-0.049, 0.01, "robust"),
        (-0.049, -0.001, "small loss"),
        (-0.01, 0.2, "robust"),
        (-0.2, -0.051, "drifts"),
        (-0.06, 0.01, "inconclusive"),
        (-0.05, 0.01, "inconclusive"),
        (-0.06, -0.05, "inconclusive"),
        (0.0, 0.0, "unchanged"),
        (np.nan, np.nan, "inconclusive"),
    ],
)
def test_verdicts_are_exclusive(low: float, high: float, word: str) -> None:
    assert judge_change(low, high, margin=0.05) == word


def test_a_factor_that_moves_no_score_is_called_unused_and_verifies_no_margin() -> None:
    row = breakdown(planted([0.0, 0.0, 0.0], half=0.0, moved=0.0), margin=0.05).iloc[0]
    assert row["status"] == "unused"
    assert np.isnan([row["smallest_margin"], row["first_not_robust"], row["first_drifts"]]).all()
    assert "uses no feature" in row["sentence"]


def test_a_factor_under_which_no_order_changed_is_unchanged_and_not_robust() -> None:
    row = breakdown(planted([0.0, 0.0], half=0.0), margin=0.05).iloc[0]
    assert judge_change(0.0, 0.0, margin=0.05) == "unchanged"
    assert judge_change(-0.2, -0.2, margin=0.05) == "inconclusive"
    assert row["sentence"].startswith("noise: unchanged up to the largest severity tried (2)")
    assert "cannot tell which margin" in row["sentence"]
    assert np.isnan([row["smallest_margin"], row["first_not_robust"], row["first_drifts"]]).all()
