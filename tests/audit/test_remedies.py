"""Remedies through ``rr.drift`` and the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import robustrad as rr
from robustrad.cli import app
from robustrad.core.errors import DataError
from tests.drift.sites.planted import cohort


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    data = cohort("calibration", seed=5, n=40, p=4, factors={"a": (2, 1)})
    rows = [
        {
            "case_id": subject,
            "condition": name,
            "factor": data.conditions["factor"][j],
            "level": data.conditions["level"][j],
            "y": int(data.outcome[i]),
            "p": float(np.clip(0.5 + data.values[i, j, 0] / 20, 0, 1)),
            **dict(zip(data.features, data.values[i, j], strict=True)),
        }
        for i, subject in enumerate(data.subjects)
        for j, name in enumerate(data.conditions["condition"])
    ]
    return pd.DataFrame(rows)


def test_drift_compares_remedies_and_writes_their_tables(table: pd.DataFrame, tmp_path: Path) -> None:
    result = rr.drift(
        table.drop(columns="p"), outcome="y", repeats=1, folds=3, permutations=0, bootstraps=100, jobs=1,
        remedies="combat", experiments=("e1",), output=tmp_path,
    )  # fmt: skip
    assert result.remedies is not None
    assert result.remedies.remedies["remedy"].tolist() == ["combat", "none"]
    facts = json.loads((tmp_path / "drift.json").read_text())
    assert {"remedies.csv", "calibration_sweep.csv", "deployment_needs.csv"} <= set(facts["tables"])
    assert facts["remedies"]["remedies"] == "combat"
    told = {sentence["id"]: sentence for sentence in facts["sentences"]}
    assert told["remedies_e1_best"]["evidence"] == "remedies.csv#1"
    written = pd.read_csv(tmp_path / "remedies.csv")
    assert written["sentence"][0] == told["remedies_e1_best"]["text"]


def test_an_unknown_remedy_stops_the_run_before_it_starts(table: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Did you mean combat"):
        rr.drift(table, outcome="y", remedies=["combta"], output=tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_finished_scores_can_only_be_averaged(table: pd.DataFrame) -> None:
    result = rr.drift(
        table, outcome="y", score="p", permutations=0, bootstraps=100, jobs=1,
        remedies="combat", experiments=("e1",),
    )  # fmt: skip
    assert result.remedies is not None
    assert result.remedies.remedies["status"].str.contains("frozen").all()
    assert len(result.remedies.deployment_needs) == 2


def test_the_command_tells_the_ranked_table(table: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "features.csv"
    table.drop(columns="p").to_csv(path, index=False)
    words = f"drift {path} --outcome y --repeats 1 --folds 3 --permutations 0 --bootstraps 100 -j 1"
    answer = CliRunner().invoke(app, [*words.split(), "--remedies", "combat", "--experiments", "e1,e3"])
    assert answer.exit_code == 0, answer.output
    assert "E1 paired: AUC" in answer.output
    assert "At a new site" in answer.output or "is not known" in answer.output


def test_the_command_tells_machines_too(table: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "features.csv"
    table.drop(columns="p").to_csv(path, index=False)
    words = f"drift {path} --outcome y --repeats 1 --folds 3 --permutations 0 --bootstraps 100 -j 1 --json"
    answer = CliRunner().invoke(app, [*words.split(), "--remedies", "zscore", "--experiments", "e1"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)["remedy_table"]
    assert {row["remedy"] for row in told} == {"none", "zscore"}
    assert all(row["status"] == "ok" for row in told)
