"""wSD, RC, wCV and QCD against published numbers and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.stability.repeatability import (
    quartile_dispersion,
    repeatability_coefficient,
    within_cv,
    within_cv_log,
)

JUDGES = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float
)[:, :, None]


def test_repeatability_coefficient_of_shrout_and_fleiss():
    found = repeatability_coefficient(JUDGES)
    assert found.wsd[0] == pytest.approx(2.502776236280201, abs=1e-10)
    assert found.rc[0] == pytest.approx(6.937341789987798, abs=1e-10)
    assert [found.low[0], found.high[0]] == pytest.approx([5.2419431, 10.25911125], abs=1e-7)


def test_within_cv_of_shrout_and_fleiss():
    assert within_cv(JUDGES)[0] == pytest.approx(0.5390426571908796, abs=1e-10)
    assert within_cv_log(JUDGES)[0] == pytest.approx(0.703895856382248, abs=1e-10)


def test_quartile_dispersion_by_hand():
    values = np.array([[1.0, 2.0, 3.0, 4.0], [10.0, 10.0, 10.0, 10.0], [2.0, 4.0, 6.0, 8.0]])[:, :, None]
    # Q1 and Q3 of 1..4 are 1.75 and 3.25: (1.5 / 5.0); the third subject has the same, the second 0.
    assert quartile_dispersion(values)[0] == pytest.approx(0.3)


@pytest.mark.parametrize("measure", [within_cv, within_cv_log, quartile_dispersion])
def test_ratios_are_undefined_where_a_value_is_not_positive(measure):
    values = np.concatenate([JUDGES, JUDGES - 5, JUDGES * 3], axis=2)
    found = measure(values)
    assert np.isnan(found).tolist() == [False, True, False]
    assert found[2] == pytest.approx(found[0])  # a unit does not matter


def test_spread_is_in_feature_units():
    assert repeatability_coefficient(JUDGES * 7).rc[0] == pytest.approx(7 * 6.937341789987798)
    assert repeatability_coefficient(JUDGES + 100).rc[0] == pytest.approx(6.937341789987798)
