"""The footnote says who computed the features and how well that is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustrad.report.provenance import engine_note

VERSIONS = {"pyradiomics-bhklab": "3.1.4"}


def study(folder: Path, **more: object) -> Path:
    folder.joinpath("study.json").write_text(json.dumps({"versions": VERSIONS, **more}))
    return folder


def test_a_feature_table_says_nothing(tmp_path: Path) -> None:
    assert engine_note(tmp_path / "features.csv") == ""


def test_pyradiomics_needs_no_parity(tmp_path: Path) -> None:
    told = engine_note(study(tmp_path, engine={"name": "pyradiomics"}))
    assert told == "Features by PyRadiomics 3.1.4 (PyRadiomics definitions)."


def test_parity_tells_the_worst_class_and_what_is_beyond(tmp_path: Path) -> None:
    parity = {"units": ["a", "b", "c"], "worst": {"glcm": 3e-11, "shape": 1e-13}, "exceeded": [{}]}
    told = engine_note(study(tmp_path, engine={"name": "native"}, parity=parity))
    assert "3 units computed again by PyRadiomics 3.1.4" in told
    told_by_class = "worst relative difference by class: glcm 3.0e-11, shape 1.0e-13"
    assert f"{told_by_class}; 1 features beyond the tolerance" in told


def test_another_definition_is_named_and_so_is_what_was_compared(
    tmp_path: Path,
) -> None:
    parity = {"units": ["a"], "compared": "unfiltered", "worst": {}, "exceeded": []}
    told = engine_note(study(tmp_path, engine={"name": "native-shared"}, parity=parity))
    assert "not comparable with PyRadiomics' filtered images" in told
    assert "unfiltered features of 1 units computed again" in told


@pytest.mark.parametrize("parity", [None, {}])
def test_unwatched_parity_is_said(tmp_path: Path, parity: object) -> None:
    assert "parity was not watched" in engine_note(study(tmp_path, engine={"name": "native"}, parity=parity))
