"""What the run says when a model is volume, site or chance by another name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.audit.safeguards.cohort import cohort_rows
from robustrad.audit.safeguards.comparison import Common, fold_auc
from robustrad.audit.safeguards.models import permutation_row
from robustrad.audit.safeguards.run import run_safeguards
from robustrad.drift.arms import Arm, ArmScores
from robustrad.drift.data import DriftData, drift_data
from robustrad.drift.evaluate.inputs import Settings
from robustrad.drift.folds import outer_folds
from robustrad.drift.permutation import Permuted

SETTINGS = Settings(resamples=500, seed=0)
N = 160


def scored(data: DriftData, scores: np.ndarray, *, frozen: bool = False, selected: np.ndarray | None = None):
    """An arm with given scores (n,) at the reference, in the folds of the data."""
    folds = np.zeros((1, len(scores)), dtype=int) if frozen else outer_folds(data, n_splits=4, repeats=2)
    r, n_folds = len(folds), int(folds.max()) + 1
    picks = np.ones((r, n_folds, len(data.features)), dtype=bool) if selected is None else selected
    values = np.repeat(1.0 / (1.0 + np.exp(-scores))[None, :, None], r, axis=0)
    arm = Arm("frozen" if frozen else "reference", "logistic", "none" if frozen else "reference", 0)
    return ArmScores(arm, values, folds, np.full((r, n_folds), 0.5), picks, ("",), frozen=frozen)


def rows(data: DriftData, arm: ArmScores, permuted: Permuted | None = None) -> pd.DataFrame:
    given = {} if permuted is None else {"logistic": permuted}
    return run_safeguards([arm], data, given, SETTINGS).table.set_index("check")


def volume_cohort(
    seed: int = 0, *, batch: np.ndarray | None = None
) -> tuple[DriftData, np.ndarray, np.ndarray]:
    """Outcome from volume; features: volume, a noisy copy of it, noise."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=N)
    y = (size + 0.5 * rng.normal(size=N) > 0).astype(int)
    X = np.column_stack([np.exp(size), size + 0.3 * rng.normal(size=N), rng.normal(size=N)])
    return drift_data(X, y, volume=np.exp(size), batch=batch), size, y


def test_a_score_that_is_volume_is_called_its_surrogate() -> None:
    data, size, _ = volume_cohort()
    found = rows(data, scored(data, size + 0.1 * np.random.default_rng(1).normal(size=N)))
    assert found.loc["beats_volume", "status"] in {"WARN", "FAIL"}
    how = "does not beat" if found.loc["beats_volume", "high"] < 0 else "is not shown to beat"
    assert f"{how} volume alone" in found.loc["beats_volume", "text"]
    assert "the model is a surrogate of volume" in found.loc["beats_volume", "text"]
    assert found.loc["score_volume", "status"] == "WARN"
    assert found.loc["volume_only", "value"] > 0.8
    assert found.loc["selected_volume", "text"].startswith("logistic: of 3 features")


def test_a_score_that_knows_more_than_volume_beats_it() -> None:
    data, _, y = volume_cohort()
    found = rows(data, scored(data, 4.0 * y + np.random.default_rng(2).normal(size=N)))
    assert found.loc["beats_volume", "status"] == "PASS"
    assert found.loc["beats_volume", "low"] > 0
    assert "surrogate" not in found.loc["beats_volume", "text"]


@pytest.mark.parametrize(("p", "status"), [(0.3, "WARN"), (0.01, "PASS")])
def test_what_permuted_labels_do_as_well_beats_nothing(p: float, status: str) -> None:
    data, _, y = volume_cohort()
    arm = scored(data, 4.0 * y + np.random.default_rng(2).normal(size=N))
    found = rows(data, arm, Permuted(0.7, np.linspace(0.3, 0.7, 100), p, "all patients"))
    assert found.loc["beats_volume", "low"] > 0
    assert found.loc["beats_volume", "status"] == status
    assert ("no evidence" in found.loc["beats_volume", "text"]) == (status == "WARN")


def test_a_score_that_follows_volume_less_closely_may_be_volume_and_is_not_called_so() -> None:
    data, size, _ = volume_cohort()
    found = rows(data, scored(data, size + 0.7 * np.random.default_rng(1).normal(size=N)))
    assert 0.7 <= found.loc["score_volume", "value"] < 0.9
    assert "the model may be a surrogate of volume" in found.loc["beats_volume", "text"]
    assert "is a surrogate" not in found.loc["beats_volume", "text"]


def test_only_an_interval_below_zero_is_told_as_a_defeat() -> None:
    data, size, _ = volume_cohort()
    worse = rows(data, scored(data, np.random.default_rng(5).normal(size=N)))
    assert worse.loc["beats_volume", "high"] < 0
    assert "does not beat volume alone" in worse.loc["beats_volume", "text"]
    equal = rows(data, scored(data, size))
    assert equal.loc["beats_volume", "low"] <= 0 <= equal.loc["beats_volume", "high"]
    assert "is not shown to beat volume alone" in equal.loc["beats_volume", "text"]


def test_where_volume_predicts_nothing_nothing_is_its_surrogate() -> None:
    rng = np.random.default_rng(3)
    data = drift_data(rng.normal(size=(N, 3)), np.arange(N) % 2, volume=rng.lognormal(size=N))
    found = rows(data, scored(data, rng.normal(size=N)))
    assert found.loc["beats_volume", "status"] == "WARN"
    assert "surrogate" not in found.loc["beats_volume", "text"]


def test_a_score_that_is_the_site_does_not_beat_the_batch_label() -> None:
    rng = np.random.default_rng(4)
    site = np.repeat(["A", "B"], N // 2)
    y = (rng.random(N) < np.where(site == "A", 0.2, 0.7)).astype(int)
    data = drift_data(rng.normal(size=(N, 3)), y, batch=site)
    found = rows(data, scored(data, (site == "B") + 0.5 * rng.normal(size=N)))
    assert found.loc["outcome_prevalence", "status"] == "WARN"
    assert "site itself predicts" in found.loc["outcome_prevalence", "text"]
    assert found.loc["beats_batch", "status"] in {"WARN", "FAIL"}
    assert "does not beat the batch label (batch)" in found.loc["beats_batch", "text"]
    assert found.loc["auc_within_batch", "status"] == "WARN"
    assert found.loc["auc_within_batch", "low"] < 0.5 < found.loc["auc_within_batch", "high"]


def test_batch_and_outcome_that_are_one_fail() -> None:
    y = np.arange(N) % 2
    data = drift_data(np.zeros((N, 2)), y, batch=np.where(y == 1, "A", "B"))
    found = rows(data, scored(data, y + np.random.default_rng(0).normal(size=N)))
    assert found.loc["outcome_prevalence", "status"] == "FAIL"
    assert found.loc["outcome_counts", "status"] == "WARN"
    assert found.loc["auc_within_batch", "status"] == "WARN"
    assert "no batch holds both classes" in found.loc["auc_within_batch", "text"]


def test_an_auc_without_limits_says_why_and_on_how_many_pairs_it_rests() -> None:
    y = np.arange(N) % 2
    site = np.where(y == 1, "A", "B")
    site[0] = "A"  # one negative among the positives: the only pairs of a batch are its own
    data = drift_data(np.zeros((N, 2)), y, batch=site)
    found = rows(data, scored(data, y + np.random.default_rng(0).normal(size=N))).loc["auc_within_batch"]
    assert np.isnan(found["low"])
    assert "nan" not in found["text"]
    assert "(no limits: too few patients of a class in these pairs)" in found["text"]
    arm = scored(data, np.zeros(N))
    pairs = sum(bool((arm.folds[:, 0] == arm.folds[:, i]).any()) for i in range(1, N) if site[i] == "A")
    assert f"({pairs} pairs of {pairs} positive and 1 negative subjects)" in found["text"]


def test_clinical_columns_are_compared_where_they_are_complete() -> None:
    rng = np.random.default_rng(5)
    y = np.arange(N) % 2
    age = 60.0 + 10.0 * y + 5.0 * rng.normal(size=N)
    age[:10] = np.nan
    data = drift_data(rng.normal(size=(N, 3)), y, clinical=pd.DataFrame({"age": age}))
    found = rows(data, scored(data, rng.normal(size=N)))
    assert found.loc["beats_clinical", "n"] == N - 10
    assert found.loc["beats_clinical", "status"] == "FAIL"
    assert found.loc["clinical_only", "value"] > 0.8


def test_without_volume_the_run_says_so() -> None:
    data = drift_data(np.random.default_rng(0).normal(size=(N, 2)), np.arange(N) % 2)
    found = rows(data, scored(data, np.arange(N) % 2 + 0.0))
    assert found.loc["volume_only", "status"] == "WARN"
    assert "No volume feature" in found.loc["volume_only", "text"]


def test_a_frozen_model_is_compared_in_the_folds_of_the_baseline() -> None:
    data, size, y = volume_cohort()
    found = rows(data, scored(data, size, frozen=True))
    folds = outer_folds(data, n_splits=5, repeats=5, seed=0)
    within = fold_auc(np.tile(size, (5, 1)), Common(y, np.arange(N), folds)).value
    # Within a fold the fitted model of volume ranks as volume does, and so does this score.
    assert found.loc["volume_only", "value"] == within
    assert found.loc["beats_volume", "value"] == 0.0


@pytest.mark.parametrize(
    ("p", "status", "said"), [(0.0099, "PASS", "p = 0.0099"), (0.31, "FAIL", "no signal is shown")]
)
def test_permutation_is_the_only_ground_for_a_signal(p: float, status: str, said: str) -> None:
    row = permutation_row("logistic", Permuted(0.62, np.linspace(0.3, 0.7, 100), p, "batches"))
    assert (row.status, row.p, row.n) == (status, p, 100)
    assert said in row.text
    assert "within batches" in row.text
    assert "in one repeat of the folds, AUC 0.62" in row.text


@pytest.mark.parametrize(
    ("b", "status", "said"),
    [(18, "WARN", "too few permutations to judge"), (19, "FAIL", "no signal is shown")],
)
def test_permutations_that_cannot_reach_the_level_give_no_verdict(b: int, status: str, said: str) -> None:
    row = permutation_row("logistic", Permuted(0.62, np.linspace(0.3, 0.7, b), 4 / (1 + b), "all patients"))
    assert row.status == status
    assert said in row.text
    assert ("no signal" in row.text) == (status == "FAIL")


def test_few_patients_and_many_features_are_named() -> None:
    small = drift_data(np.zeros((10, 1000)), np.arange(10) % 2)
    row = cohort_rows(small)[0]
    assert (row.check, row.status, row.value) == ("sample_size", "WARN", 5)
    assert "200 features per event" in row.text
    large = drift_data(np.zeros((250, 20)), np.arange(250) % 2)
    assert cohort_rows(large)[0].status == "PASS"


def test_one_batch_only_is_said() -> None:
    data = drift_data(np.zeros((40, 2)), np.arange(40) % 2, batch=np.full(40, "A"))
    assert "one value of batch" in cohort_rows(data)[1].text


def test_selected_features_carry_their_tie_to_volume() -> None:
    data, size, _ = volume_cohort()
    picks = np.zeros((2, 4, 3), dtype=bool)
    picks[:, :, 0] = True
    picks[0, :3, 2] = True
    table = run_safeguards([scored(data, size, selected=picks)], data, None, SETTINGS).selected
    assert table["feature"].tolist() == ["f0", "f2"]
    assert table["flag"].tolist() == ["FLAG", ""]
    assert table["frequency"].tolist() == [1.0, 0.375]
    assert table["spearman_volume"].iloc[0] == pytest.approx(1.0)
