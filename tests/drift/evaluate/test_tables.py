"""The whole evaluation: tables, sentences, files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from robustrad.drift.evaluate.inputs import Settings
from robustrad.drift.evaluate.sentences import sentences
from robustrad.drift.evaluate.strength import measured_strength
from robustrad.drift.evaluate.tables import DriftTables, evaluate
from robustrad.drift.evaluate.writer import write_tables

from .cohort import arm, cohort, conditions, dealt, sigmoid

TABLE = conditions(
    *(("noise", level, "acquisition", s, np.nan, d) for s, level in ((1.0, "a"), (2.0, "b")) for d in (1, 2)),
    ("bins", "16", "definition", np.nan, np.nan, 0),
)  # fmt: skip
SETTINGS = Settings(resamples=200, mixes=20, seed=4)


@pytest.fixture(scope="module")
def run() -> tuple[DriftTables, list]:
    rng = np.random.default_rng(0)
    y, k = np.arange(80) % 2, len(TABLE)
    folds = dealt(80, repeats=2, splits=4)
    noise = TABLE["severity"].fillna(0).to_numpy() * rng.normal(size=(2, 80, k))
    latent = (y + rng.normal(size=80))[None, :, None] + noise
    picks = rng.random((2, 4, 6)) < 0.5
    arms = [
        arm(sigmoid(latent), folds, selected=picks),
        arm(sigmoid(0.9 * latent), folds, name="same_condition", train="same", selected=picks),
        arm(sigmoid(latent[:, :, ::-1]), folds, name="matrix:bins=16", train="bins=16", selected=~picks),
    ]  # fmt: skip
    return evaluate(arms, cohort(y, TABLE), SETTINGS), [y, arms, folds]


def test_each_arm_has_a_row_per_level_and_the_matrix_stands_apart(run) -> None:
    tables, (y, arms, folds) = run
    assert tables.drift.groupby("arm").size().to_dict() == {"reference": 4, "same_condition": 4}
    assert set(tables.deployment["arm"]) == {"reference", "same_condition"}
    assert len(tables.patients) == 160
    matrix = tables.matrix
    assert matrix is not None
    assert matrix.groupby("train").size().to_dict() == {"reference": 6, "bins=16": 6}
    diagonal = matrix[(matrix["train"] == "reference") & (matrix["test"] == "reference")].iloc[0]
    assert diagonal["delta"] == 0.0
    crossed = matrix[(matrix["train"] == "bins=16") & (matrix["test"] == "reference")].iloc[0]
    scores, wanted = arms[2].scores[:, :, 0], []
    for r, fold in [(r, f) for r in range(2) for f in range(4)]:
        rows = folds[r] == fold
        wanted.append((roc_auc_score(y[rows], scores[r, rows]), y[rows].sum() * (1 - y[rows]).sum()))
    each, pairs = zip(*wanted, strict=True)
    assert crossed["auc"] == pytest.approx(np.average(each, weights=pairs))
    assert crossed["delta"] == pytest.approx(crossed["auc"] - diagonal["auc"])
    assert crossed["factor_train"] == "bins"


def test_selections_are_compared_over_folds_and_over_training_conditions(run) -> None:
    stability = run[0].selection_stability
    assert set(stability["arm"]) == {"reference"}
    assert stability.groupby("over").size().to_dict() == {"conditions": 2, "folds": 2}
    over = stability[(stability["over"] == "conditions") & (stability["level"] == "feature")].iloc[0]
    assert over["phi"] < 0  # the complement of every selection


def test_arms_share_their_resamples(run) -> None:
    _, (y, arms, _) = run
    again = replace(arms[0], arm=replace(arms[0].arm, name="again"))
    drift = evaluate([arms[0], again], cohort(y, TABLE), SETTINGS).drift
    first, second = (drift[drift["arm"] == name].drop(columns="arm") for name in ("reference", "again"))
    pd.testing.assert_frame_equal(first.reset_index(drop=True), second.reset_index(drop=True))


def test_every_sentence_names_rows_that_exist(run) -> None:
    tables = run[0]
    said = sentences(tables, margin=0.05)
    assert len({sentence.id for sentence in said}) == len(said)
    for sentence in said:
        file, rows = sentence.evidence.split("#")
        frame = getattr(tables, file.removesuffix(".csv"))
        first, _, last = rows.partition("-")
        assert 1 <= int(first) <= int(last or first) <= len(frame)
    by_id = {sentence.id: sentence for sentence in said}
    worst = by_id["largest_loss:reference (logistic)"]
    row = tables.drift.iloc[int(worst.evidence.split("#")[1]) - 1]
    assert row["delta"] == tables.drift.loc[tables.drift["arm"] == "reference", "delta"].min()
    assert f"{row['delta']:+.3f}" in worst.text


def test_files_are_written_whole_and_the_same_each_time(run, tmp_path: Path) -> None:
    tables = replace(run[0], matrix=None)
    said = sentences(tables, margin=0.05)
    (tmp_path / "matrix.csv").write_text("old")
    written = write_tables(tables, said, {"seed": 4, "share": np.float64("nan")}, tmp_path)
    assert written[-1].name == "drift.json"
    assert not (tmp_path / "matrix.csv").exists()
    content = json.loads((tmp_path / "drift.json").read_text())
    assert content["share"] is None
    assert content["sentences"][0] == said[0]._asdict()
    assert "drift.csv" in content["tables"]
    back = pd.read_csv(tmp_path / "drift.csv")
    np.testing.assert_array_equal(back["auc"], tables.drift["auc"])
    assert len(pd.read_parquet(tmp_path / "scores.parquet")) == len(tables.scores)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write_tables(tables, said, {"seed": 4, "share": np.float64("nan")}, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_strength_is_measured_by_what_a_factor_moves() -> None:
    frame = pd.DataFrame(
        {
            "factor": ["reference", "noise", "noise", "volume", "bins", "slices"],
            "level": ["reference", "mild", "strong", "plus10", "16", "5mm"],
            "strength_rmse": [0.0, 1.0, 2.0, 0.0, 0.0, np.nan],
            "strength_dice": [1.0, 1.0, 1.0, 0.9, 1.0, np.nan],
            "strength_volume_ratio": [1.0, 1.0, 1.0, 1.1, 1.0, 1.01],
        }
    )
    found = measured_strength(frame)
    assert found["noise", "strong"] == 2.0
    assert found["volume", "plus10"] == pytest.approx(0.1)
    assert np.isnan(found["bins", "16"])
    assert np.isnan(found["slices", "5mm"])  # another acquisition grid: a ratio of volumes is no dose
    assert measured_strength(frame[["factor", "level"]]).isna().all()


def test_a_table_without_conditions_has_a_reference_and_nothing_to_compare() -> None:
    y = np.arange(30) % 2
    scores = sigmoid(y + np.random.default_rng(1).normal(size=30))[:, None]
    data = cohort(y, conditions())
    tables = evaluate([arm(scores)], data, SETTINGS)
    assert tables.drift["level"].tolist() == ["reference"]
    assert tables.breakdown.empty
    assert tables.deployment["status"].tolist() == ["no_condition"]
    assert [s.id for s in sentences(tables, margin=0.05)] == ["performance:reference (logistic)"]


@pytest.mark.parametrize("n", [6, 10])
def test_ten_patients_give_numbers_with_a_status_and_no_warning_of_numpy(n: int) -> None:
    rng = np.random.default_rng(2)
    y, table = np.arange(n) % 2, TABLE
    folds = dealt(n, repeats=2, splits=3)
    scores = sigmoid(y[:, None] + rng.normal(size=(2, n, len(table))))
    tables = evaluate([arm(scores, folds)], cohort(y, table), SETTINGS)
    assert set(tables.drift["status"]) <= {"few", "separated"}
    assert tables.drift["auc"].between(0, 1).all()
    assert set(tables.drift.loc[1:, "verdict"]) <= {
        "inconclusive",
        "drifts",
        "robust",
        "small loss",
        "unchanged",
    }
    assert sentences(tables, margin=0.05)


def test_a_model_without_signal_is_not_praised_for_keeping_it() -> None:
    rng = np.random.default_rng(3)
    y, scores = np.arange(60) % 2, np.repeat(rng.random((60, 1)), len(TABLE), axis=1)
    tables = evaluate([arm(scores)], cohort(y, TABLE), SETTINGS)
    said = {sentence.id: sentence.text for sentence in sentences(tables, margin=0.05)}
    assert set(tables.drift.loc[1:, "verdict"]) == {"unchanged"}
    assert "what has nothing to lose cannot drift" in said["verdicts:reference (logistic)"]
    assert "falls at no level" in said["largest_loss:reference (logistic)"]


def test_levels_without_numbers_are_counted_as_such_and_make_no_mix() -> None:
    y = np.arange(40) % 2
    scores = np.repeat(np.linspace(0.1, 0.9, 40)[:, None], len(TABLE), axis=1)
    scores[:20, 1:5] = np.nan
    tables = evaluate([arm(scores)], cohort(y, TABLE), SETTINGS)
    said = {sentence.id: sentence.text for sentence in sentences(tables, margin=0.05)}
    assert (
        "of 3 levels 0 robust, 0 drift, 0 inconclusive, 1 without any change of order, 2 without numbers"
        in (said["verdicts:reference (logistic)"])
    )
    assert "no acquisition or delineation level has numbers" in said["deployment:reference (logistic)"]
