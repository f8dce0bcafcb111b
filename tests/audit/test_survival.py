"""A survival run from table to files: what it finds, what it refuses, what it says of volume."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from robustrad.audit.survival import survival_drift
from robustrad.cli import app
from robustrad.core.errors import DataError
from tests.drift.survival.followed import simulated


def table(
    n: int = 60, *, k: int = 3, cause: str = "texture", seed: int = 0, signal: float = 1.5
) -> pd.DataFrame:
    """A feature table with follow-up and finished risks, and conditions where there are several."""
    data, survival = simulated(n, k=k, p=5, cause=cause, seed=seed, signal=signal)
    names = [
        "original_glcm_Contrast",
        "original_shape_VoxelVolume",
        *(f"original_ngtdm_F{i}" for i in range(3)),
    ]
    frames = []
    for j, condition in enumerate(data.conditions["condition"]):
        frame = pd.DataFrame(data.values[:, j], columns=names)
        frame.insert(0, "case_id", list(data.subjects))
        frame.insert(1, "condition", condition)
        about = {"months": survival.time, "dead": survival.event.astype(int), "risk": data.values[:, j, 0]}
        frames.append(frame.assign(**about))
    found = pd.concat(frames, ignore_index=True)
    return found if k > 1 else found.drop(columns="condition")


def test_finished_risks_need_no_extra_and_leave_their_files(tmp_path):
    result = survival_drift(
        table(), time="months", event="dead", score="risk", bootstraps=200, output=tmp_path / "out"
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "kaplan_meier.csv", "survival.csv", "survival.json", "survival_dropped.csv",
        "survival_safeguards.csv",
    ]  # fmt: skip
    assert result.tables.survival["c"].iloc[0] > 0.65
    told = json.loads((tmp_path / "out" / "survival.json").read_text())
    assert told["n_events"] == result.survival.event.sum()
    assert told["time"] == "months"
    assert {sentence["evidence"].split("#")[0] for sentence in told["sentences"]} <= {
        "survival.csv", "survival_safeguards.csv",
    }  # fmt: skip
    again = survival_drift(
        table(), time="months", event="dead", score="risk", bootstraps=200, output=tmp_path / "again"
    )
    for path in result.paths:
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    assert len(again.paths) == len(result.paths)


def test_everybody_dead_is_a_cohort_like_any_other():
    everybody = table().assign(dead=1)
    result = survival_drift(everybody, time="months", event="dead", score="risk", bootstraps=200)
    assert result.survival.event.all()
    assert result.facts["n_events"] == 60
    assert not [text for text in result.facts["warnings"] if "half" in text]


def test_bad_follow_up_is_told_at_once():
    bad = table()
    patients = bad["case_id"].unique()
    bad.loc[bad["case_id"].eq(patients[0]), "months"] = -2.0
    bad.loc[bad["case_id"].eq(patients[1]), "months"] = np.nan
    bad.loc[bad["case_id"].eq(patients[2]), "dead"] = 2
    with pytest.raises(DataError) as caught:
        survival_drift(bad, time="months", event="dead", score="risk")
    told = "\n".join(map(str, caught.value.problems))
    assert "negative time" in told
    assert "no time" in told
    assert "neither 0 nor 1" in told
    with pytest.raises(DataError, match="censored"):
        survival_drift(table().assign(dead=0), time="months", event="dead", score="risk")
    with pytest.raises(DataError, match="no column 'month'"):
        survival_drift(table(), time="month", event="dead", score="risk")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"margin": 0.7}, "margin"),
        ({"tau": -1.0}, "a positive time"),
        ({"combat": True}, "column of the batch"),
        ({"model": ["cox", "cox"]}, "different models"),
        ({"model": "logistic"}, "unknown 'logistic' for times to event"),
        ({"selector": "l1"}, "univariate or none"),
        ({"clinical": ["months"]}, "a column of its own"),
    ],
)
def test_settings_that_make_no_sense_are_told(given, told):
    with pytest.raises(DataError, match=told):
        survival_drift(table(), time="months", event="dead", **given)


def test_the_command_asks_one_question(tmp_path):
    table().to_csv(tmp_path / "t.csv", index=False)
    runner = CliRunner()
    source = str(tmp_path / "t.csv")
    for wrong in ([], ["--time", "months"], ["--outcome", "dead", "--time", "months", "--event", "dead"]):
        found = runner.invoke(app, ["drift", source, *wrong])
        assert isinstance(found.exception, DataError)
    options = [
        "--time",
        "months",
        "--event",
        "dead",
        "--score",
        "risk",
        "--bootstraps",
        "200",
        "--reference",
        "reference",
    ]
    found = runner.invoke(app, ["drift", source, *options])
    assert found.exit_code == 0, found.exception
    assert "dead by months" in found.stdout
    assert "log-rank" in found.stdout
    assert (tmp_path / "t_drift" / "survival.csv").is_file()


def test_a_planted_surrogate_of_volume_is_called_one():
    pytest.importorskip("sksurv", reason="needs the extra 'survival'")
    surrogate, texture = (
        survival_drift(
            table(120, k=2, cause=cause, signal=2.0), time="months", event="dead", folds=3, repeats=1,
            permutations=permutations, bootstraps=300, jobs=1,
        )
        for cause, permutations in (("volume", 19), ("texture", 0))
    )  # fmt: skip
    rows = surrogate.safeguards.set_index("check")
    assert rows.loc["volume_only", "value"] > 0.7
    assert rows.loc["beats_volume", "status"] != "PASS"
    assert "surrogate of volume" in rows.loc["beats_volume", "text"]
    assert rows.loc["permutation", "p"] == pytest.approx(0.05)
    rows = texture.safeguards.set_index("check")
    assert rows.loc["beats_volume", "status"] == "PASS"
    assert rows.loc["volume_only", "value"] < 0.65


def test_no_signal_is_told():
    pytest.importorskip("sksurv", reason="needs the extra 'survival'")
    nothing = table(60, k=1, signal=0.0)
    result = survival_drift(
        nothing, time="months", event="dead", folds=3, repeats=1, permutations=19, bootstraps=200, jobs=1
    )
    row = result.safeguards.set_index("check").loc["permutation"]
    assert row["status"] == "FAIL"
    assert "no signal" in row["text"]


def test_clinical_and_batch_stand_beside():
    pytest.importorskip("sksurv", reason="needs the extra 'survival'")
    frame = table(60, k=1)
    number = frame["case_id"].str.removeprefix("s").astype(int)
    frame = frame.assign(
        stage=(number % 3).map({0: "I", 1: "II", 2: "III"}), site=(number % 2).map({0: "A", 1: "B"})
    )
    result = survival_drift(
        frame, time="months", event="dead", score="risk", clinical=["stage"], batch="site", bootstraps=200
    )
    checks = result.safeguards["check"].tolist()
    assert {"clinical_only", "beats_clinical", "batch_only", "beats_batch"} <= set(checks)
    assert result.safeguards.set_index("check").loc["beats_clinical", "status"] == "PASS"
