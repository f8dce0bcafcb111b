"""Errors say where, what was found, what was expected and what to do; all problems at once."""

from __future__ import annotations

import pytest

from robustrad.core.errors import (
    DataError,
    EnvironmentUnusableError,
    Problem,
    ProtocolError,
    RobustradError,
    StorageFullError,
    StudyError,
    nearest,
)


def test_message_has_all_four_parts_in_order():
    error = DataError("cases.csv row 8", "mask is empty", "at least one voxel", "Check the label.")
    assert str(error) == "cases.csv row 8: mask is empty; expected at least one voxel. Check the label."


def test_empty_parts_leave_no_trace():
    assert str(ProtocolError("p.yaml line 3", "no levels.")) == "p.yaml line 3: no levels."
    assert str(Problem("here", "this", todo="Do that.")) == "here: this. Do that."


def test_several_problems_are_told_together_and_keep_their_class():
    problems = [Problem("row 2", "no file"), Problem("row 5", "no mask")]
    error = DataError.of(iter(problems))
    assert isinstance(error, DataError)
    assert error.problems == tuple(problems)
    assert str(error) == "row 2: no file.\nrow 5: no mask."


@pytest.mark.parametrize(("kind", "code"), [
    (DataError, 2), (ProtocolError, 2), (StudyError, 2), (EnvironmentUnusableError, 3), (StorageFullError, 1),
])  # fmt: skip
def test_exit_codes(kind, code):
    error = kind("where", "found")
    assert isinstance(error, RobustradError)
    assert error.exit_code == code
    assert kind.of([Problem("a", "b")]).exit_code == code


def test_typo_gets_the_nearest_word_and_the_list():
    told = nearest("gausian_noise", ["gaussian_noise", "gaussian_blur", "rotation"])
    assert told == "Did you mean gaussian_noise? Known: gaussian_blur, gaussian_noise, rotation."


def test_nonsense_gets_only_the_list():
    assert nearest("xyz", ["rotation"]) == "Known: rotation."
