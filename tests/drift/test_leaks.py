"""The outcome among what is to predict it is found, under whatever name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.core.errors import DataError
from robustrad.drift.data import drift_data
from robustrad.drift.leaks import clinical_copies, copies_of_the_outcome, perfect_clinical, perfect_features
from robustrad.drift.load import load_drift_data
from robustrad.drift.question import Question
from tests.drift.tables import subjects


@pytest.fixture
def outcome():
    return np.arange(60) % 2


def data(outcome, column, clinical=None):
    rng = np.random.default_rng(0)
    values = np.column_stack([rng.normal(size=outcome.size), column])
    frame = None if clinical is None else pd.DataFrame({"grade": clinical})
    return drift_data(values, outcome, clinical=frame)


@pytest.mark.parametrize(
    "form", [lambda y: y, lambda y: 3.0 - 2.0 * y, lambda y: np.where(y == 1, -7.5, 0.1)]
)
def test_a_feature_that_is_the_outcome_in_any_two_values_is_a_problem(outcome, form):
    (found,) = copies_of_the_outcome(data(outcome, form(outcome)))
    assert found.where == "feature 'f1'"
    assert "Leave the column out" in found.todo


def test_a_feature_that_differs_from_the_outcome_once_or_never_varies_is_none(outcome):
    other = outcome.astype(float)
    other[0] = 1.0 - other[0]
    assert copies_of_the_outcome(data(outcome, other)) == []
    assert copies_of_the_outcome(data(outcome, np.ones(60))) == []


def test_a_feature_that_separates_the_classes_is_told_with_what_chance_would_give(outcome):
    months = np.where(outcome == 1, 5.0, 20.0) + np.random.default_rng(1).uniform(0, 9, 60)
    (told,) = perfect_features(data(outcome, months))
    assert told.startswith("1 of 2 features separate the classes of 'outcome' without error")
    assert "f1" in told
    assert perfect_features(data(outcome, np.r_[months[1], months[1:]])) == []
    small = np.array([0, 0, 1, 1])
    (told,) = perfect_features(data(small, [1.0, 2.0, 3.0, 4.0]))
    assert "Chance would give 0.67" in told  # 2 features x 2 of the 6 ways to choose two of four


@pytest.mark.parametrize("numbers", [False, True])
def test_categories_that_each_hold_one_class_are_the_outcome(outcome, numbers):
    stage = 1 + np.arange(60) % 4  # 1 and 3 have class 0, 2 and 4 class 1
    column = stage.astype(float) if numbers else np.array(["I", "II", "III", "IV"])[stage - 1]
    (found,) = clinical_copies(data(outcome, np.zeros(60), column))
    assert "its categories determine the outcome 'outcome'" in found.found
    mixed = column.copy()
    mixed[0] = column[1]
    assert clinical_copies(data(outcome, np.zeros(60), mixed)) == []


def test_a_clinical_number_of_each_subject_is_no_category_but_told_where_it_separates(outcome):
    age = np.random.default_rng(2).normal(size=60)
    assert clinical_copies(data(outcome, np.zeros(60), age)) == []
    assert perfect_clinical(data(outcome, np.zeros(60), age)) == []
    (told,) = perfect_clinical(data(outcome, np.zeros(60), age + 100 * outcome * (1 + np.abs(age))))
    assert "grade separates the classes" in told


def test_a_table_without_radiomic_names_tells_its_features_and_what_it_left_out():
    cases = subjects()
    rng = np.random.default_rng(0)
    table = cases.assign(texture=rng.normal(size=40), leak=1 + cases["relapse"])
    with pytest.raises(DataError, match="feature 'leak': it is the outcome 'relapse' in another form"):
        load_drift_data([table], Question("relapse"))
    read = load_drift_data([table.drop(columns="leak")], Question("relapse"))
    assert read.left_out == ("relapse", "site", "sex")
    assert "2 numeric columns are taken as features (age, texture)" in read.warnings[0]
    assert "left out: relapse, site, sex" in read.warnings[0]


def test_a_finished_score_may_be_right_about_everybody():
    cases = subjects().assign(p=lambda frame: frame["relapse"] * 1.0)
    read = load_drift_data([cases], Question("relapse", score="p"))
    assert not any("separate" in told for told in read.warnings)
