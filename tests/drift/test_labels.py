"""Labels: the same whole number with and without ``.0`` is one label, everything else stays as it is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from robustrad.drift.labels import labels_of, spelled_as


def test_whole_numbers_lose_the_point_zero_that_gaps_give_them():
    assert labels_of(pd.Series(["1.0", "", "0.0", None])) == ["1", None, "0", None]
    assert labels_of(pd.Series([1.0, np.nan, 0.0])) == ["1", None, "0"]


def test_labels_that_are_not_all_whole_numbers_stay_as_they_are():
    assert labels_of(pd.Series(["1.0", "1.1", "007"])) == ["1.0", "1.1", "007"]
    assert labels_of(pd.Series(["007", " a ", True])) == ["007", "a", "True"]


def test_labels_are_spelled_as_the_other_table_does_only_where_none_is_there():
    assert spelled_as(["1.0", "2.0"], {"1", "2"}) == ["1", "2"]
    assert spelled_as(["1", "2"], {"1.0", "3.0"}) == ["1.0", "2"]
    assert spelled_as(["1.0", "2.0"], {"1.0", "2"}) == ["1.0", "2.0"]
