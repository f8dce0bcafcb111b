"""Per patient: spread, worst case, unanimity."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.drift.evaluate.inputs import mean_scores
from robustrad.drift.evaluate.patients import patients_table

from .cohort import arm, cohort, conditions, levels

Y = np.array([1, 0, 1])


def test_spread_worst_case_and_unanimity_by_hand() -> None:
    scores = np.array([[0.6, 0.8, 0.7], [0.4, 0.4, 0.4], [0.6, 0.4, np.nan]])
    table = patients_table(arm(scores), cohort(Y, levels(2)), scores)
    assert table["score_mean"].tolist() == pytest.approx([0.7, 0.4, 0.5])
    assert table["score_sd"].tolist() == pytest.approx([0.1, 0.0, np.std([0.6, 0.4], ddof=1)])
    assert table["max_abs_dp"].tolist() == pytest.approx([0.2, 0.0, 0.2])
    assert table["score_min"].tolist() == [0.6, 0.4, 0.4]
    assert table["score_max"].tolist() == [0.8, 0.4, 0.6]
    assert table["unanimous"].tolist() == [True, True, False]
    assert table["n_conditions"].tolist() == [3, 3, 2]


def test_controls_do_not_count_against_a_patient() -> None:
    table = conditions(("shuffled", "roi", "control", np.nan, np.nan, 0))
    scores = np.array([[0.9, 0.1], [0.2, 0.9], [0.6, 0.1]])
    found = patients_table(arm(scores), cohort(Y, table), scores)
    assert found["unanimous"].all()
    assert found["max_abs_dp"].tolist() == [0.0, 0.0, 0.0]


def test_a_class_is_what_most_repeats_call_it() -> None:
    scores = np.zeros((3, 3, 2))
    scores[:, 0] = [[0.9, 0.9], [0.9, 0.9], [0.1, 0.1]]
    scores[:, 1] = [[0.1, 0.9], [0.1, 0.9], [0.1, 0.1]]
    scored = arm(scores, np.zeros((3, 3), dtype=int))
    found = patients_table(scored, cohort(Y, levels(1)), mean_scores(scored))
    assert found["unanimous"].tolist() == [True, False, True]


def test_a_subject_without_scores_is_empty_not_unanimous() -> None:
    scores = np.array([[0.6, 0.8], [np.nan, np.nan], [0.6, 0.4]])
    found = patients_table(arm(scores), cohort(Y, levels(1)), scores)
    assert found["unanimous"].isna().tolist() == [False, True, False]
    assert np.isnan(found.loc[1, ["score_mean", "score_sd", "max_abs_dp"]].astype(float)).all()
