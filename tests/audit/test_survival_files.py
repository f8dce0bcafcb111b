"""The files of a survival run: strict JSON, written last; nothing of another run is left."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from robustrad.audit import survival_files
from robustrad.audit.survival_files import HARMONIZATION, write_survival
from robustrad.core.errors import StorageFullError
from robustrad.drift.evaluate.sentences import Sentence

FRAMES = {"survival": pd.DataFrame({"c": [0.7, math.nan]}), "kaplan_meier": pd.DataFrame({"time": [1.5]})}
SAID = [Sentence("one", "C falls.", "survival.csv#1")]


def test_what_is_not_finite_is_null_at_any_depth(tmp_path: Path) -> None:
    facts = {"tau": math.inf, "spread": {1: [0.5, math.nan, (-math.inf, "nan")]}, "n": 3}
    paths = write_survival(FRAMES, SAID, facts, tmp_path)
    assert [path.name for path in paths] == ["survival.csv", "kaplan_meier.csv", "survival.json"]

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    told = json.loads((tmp_path / "survival.json").read_text(), parse_constant=refuse)
    assert told == {
        "tau": None,
        "spread": {"1": [0.5, None, [None, "nan"]]},
        "n": 3,
        "tables": ["survival.csv", "kaplan_meier.csv"],
        "sentences": [SAID[0]._asdict()],
    }


def test_tables_of_another_run_go_and_those_of_this_one_stay(tmp_path: Path) -> None:
    more = {HARMONIZATION: pd.DataFrame({"a": [1]}), "survival_remedies": pd.DataFrame({"b": [2]})}
    write_survival({**FRAMES, **more}, SAID, {}, tmp_path)
    (tmp_path / "notes.csv").write_text("mine\n")
    write_survival({**FRAMES, HARMONIZATION: pd.DataFrame({"a": [3]})}, SAID, {}, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "kaplan_meier.csv", "notes.csv", "survival.csv", "survival.json", "survival_harmonization.csv",
    ]  # fmt: skip
    assert (tmp_path / f"{HARMONIZATION}.csv").read_text() == "a\n3\n"
    write_survival(FRAMES, SAID, {}, tmp_path)
    assert not (tmp_path / f"{HARMONIZATION}.csv").exists()


def test_a_run_that_ends_between_its_tables_leaves_no_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_survival(FRAMES, SAID, {}, tmp_path)
    whole = survival_files.write_csv

    def full(frame: pd.DataFrame, path: Path) -> Path:
        if path.stem == "kaplan_meier":
            raise StorageFullError(str(path), "the disk is full", "")
        return whole(frame, path)

    monkeypatch.setattr(survival_files, "write_csv", full)
    with pytest.raises(StorageFullError):
        write_survival(FRAMES, SAID, {}, tmp_path)
    assert not (tmp_path / "survival.json").exists()
