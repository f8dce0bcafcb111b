"""Times and events: everything that is wrong is told at once, by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.core.errors import DataError
from robustrad.drift.survival.times import Survival, read_survival, survival_of


def test_everything_wrong_is_told_at_once():
    table = pd.DataFrame(
        {
            "t": ["1", "0", "-3", None, "soon", "inf", "7"],
            "dead": ["1", "0", "2", "1", "", "0", "yes"],
        },
        index=[f"P{i}" for i in range(7)],
    )
    with pytest.raises(DataError) as caught:
        read_survival(table, list(table.index), time="t", event="dead", where="cases.csv")
    told = "\n".join(map(str, caught.value.problems))
    for part in (
        "no time: P3",
        "not a number: P4 (soon)",
        "a time of zero: P1 (0)",
        "a negative time: P2 (-3)",
        "an infinite time: P5",
        "no event status: P4",
        "neither 0 nor 1: P2 (2), P6 (yes)",
        "cases.csv, column 'dead'",
    ):
        assert part in told


def test_all_censored_is_told():
    with pytest.raises(DataError, match="all 3 subjects are censored"):
        survival_of([1, 2, 3], [0, 0, 0])


def test_absent_columns_are_told_with_the_nearest():
    table = pd.DataFrame({"surv_time": [1.0], "event": [1]}, index=["a"])
    with pytest.raises(DataError, match="Did you mean surv_time") as caught:
        read_survival(table, ["a"], time="survtime", event="evnt", where="cases.csv")
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    "values", [[1, 0, 1], [True, False, True], ["1", "0", "1.0"], ["TRUE", "False", "true"]]
)
def test_zero_one_and_true_false_are_events(values):
    assert survival_of([1, 2, 3], values).event.tolist() == [True, False, True]


def test_only_the_subjects_asked_for_are_read():
    table = pd.DataFrame({"t": [1.0, -1.0, 2.0], "e": [1, 9, 0]}, index=["a", "b", "c"])
    found = read_survival(table, ["c", "a"], time="t", event="e", where="cases.csv")
    assert found.time.tolist() == [2.0, 1.0]
    assert found.event.tolist() == [False, True]


def test_the_horizon_leaves_a_tenth_at_risk():
    found = Survival(np.arange(1.0, 101.0), np.ones(100, dtype=bool))
    assert found.horizon == 91.0  # ten subjects have a time of 91 or more
    assert Survival(np.array([1.0, 2.0, 3.0]), np.ones(3, dtype=bool)).horizon == 1.0
