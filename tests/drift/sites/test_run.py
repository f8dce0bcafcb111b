from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robustrad.core.errors import DataError
from robustrad.core.written import write_csv
from robustrad.drift.data import DriftData
from robustrad.drift.folds import outer_folds
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.sites.disjoint_rows import student_interval
from robustrad.drift.sites.rows import COLUMNS
from robustrad.drift.sites.run import RemedyTables, compare_remedies
from robustrad.drift.sites.settings import RemedySettings
from robustrad.drift.sites.words import by_name, new_site_sentence, remedy_sentences
from tests.drift.sites.planted import cohort

FEW = RemedySettings("combat,icc_filter_0.5,augmentation,test_time_averaging", assignments=2, resamples=100)


def compared(data: DriftData, folder: Path, settings: RemedySettings = FEW, *, jobs: int = 1) -> RemedyTables:
    folds = outer_folds(data, n_splits=3, repeats=2, seed=0)
    return compare_remedies(
        data, folds, ModelSpec(n_features=3), settings, margin=0.05, folder=folder, jobs=jobs
    )


@pytest.fixture(scope="module")
def small() -> DriftData:
    return cohort("noise", seed=1, n=60, p=8, factors={"a": (1, 2), "b": (2, 1)})


@pytest.fixture(scope="module")
def tables(small: DriftData, tmp_path_factory: pytest.TempPathFactory) -> tuple[RemedyTables, Path]:
    folder = tmp_path_factory.mktemp("arms")
    return compared(small, folder), folder


def without_seconds(tables: RemedyTables, folder: Path) -> list[bytes]:
    folder.mkdir()
    timeless = replace(tables, remedies=tables.remedies.drop(columns="cost_seconds"))
    return [write_csv(t, folder / f"{name}.csv").read_bytes() for name, t in by_name(timeless).items()]


def test_every_experiment_has_a_row_for_every_remedy(tables: tuple[RemedyTables, Path]) -> None:
    table = tables[0].remedies
    assert tuple(table.columns) == COLUMNS
    for _, rows in table.groupby("experiment"):
        assert {"none", "combat", "icc_filter_0.5", "augmentation", "test_time_averaging"} == set(
            rows["remedy"]
        )
    assert table["experiment"].nunique() == 4
    assert (table["sentence"].str.len() > 0).all()
    assert (table["status"].str.len() > 0).all()


def test_the_rank_is_that_of_the_unseen_auc(tables: tuple[RemedyTables, Path]) -> None:
    table = tables[0].remedies
    for _, rows in table[table["experiment"] == "E1 paired"].groupby("experiment"):
        head = rows[rows["rank"].notna()]
        assert head["rank"].tolist() == sorted(head["rank"])
        assert head["auc_after"].is_monotonic_decreasing
        assert not head["remedy"].duplicated().any()
        filtered = rows[rows["remedy"] == "augmentation"]
        assert filtered.loc[filtered["rank"].notna(), "scope"].tolist() == ["unseen"]


def test_numbers_of_a_row_belong_together(tables: tuple[RemedyTables, Path]) -> None:
    table = tables[0].remedies
    known = table[table["auc_reference"].notna() & (table["experiment"] != "E4 null")]
    np.testing.assert_allclose(known["left_to_lose"], known["auc_reference"] - known["auc_after"], atol=1e-12)
    np.testing.assert_allclose(known["drift"], known["auc_before"] - known["auc_reference"], atol=1e-12)
    recovered = known[known["recovery"].notna()]
    assert (recovered["drift_high"] < 0).all()
    np.testing.assert_allclose(recovered["recovery"], -recovered["gain"] / recovered["drift"], rtol=1e-9)
    assert known.loc[known["recovery"].isna(), "recovery_status"].ne("ok").all()


def test_costs_tell_who_needs_patients_and_who_needs_copies(tables: tuple[RemedyTables, Path]) -> None:
    table = tables[0].remedies.set_index(["experiment", "remedy", "scope"])
    paired = table.loc["E1 paired"]
    assert paired.loc[("combat", "seen"), "cost_patients"] == 40
    assert paired.loc[("none", "unseen"), "cost_patients"] == 0
    assert paired.loc[("augmentation", "unseen"), "cost_copies"] == 4
    assert paired.loc[("test_time_averaging", "unseen"), "cost_copies"] == 2
    assert table.loc[("E3 new site", "combat", "unseen"), "cost_patients"] == 20


@pytest.mark.slow
def test_two_workers_and_a_second_run_give_the_same_bytes(
    small: DriftData, tables: tuple[RemedyTables, Path], tmp_path: Path
) -> None:
    first = without_seconds(tables[0], tmp_path / "first")
    assert without_seconds(compared(small, tmp_path / "arms", jobs=2), tmp_path / "second") == first


def test_a_run_resumes_arm_by_arm(
    small: DriftData, tables: tuple[RemedyTables, Path], tmp_path: Path
) -> None:
    first, folder = without_seconds(tables[0], tmp_path / "first"), tables[1]
    files = sorted(folder.glob("remedy_*.npz"))
    torn, gone = files[0], files[-1]
    times = {path: path.stat().st_mtime_ns for path in files}
    torn.write_bytes(torn.read_bytes()[:50])
    gone.unlink()
    again = without_seconds(compared(small, folder), tmp_path / "second")
    assert again == first
    fresh = {path for path in files if path.stat().st_mtime_ns != times[path]}
    assert {torn, gone} <= fresh
    # With an arm of an assignment, what trains at the reference is made again; nothing else is.
    assert len(fresh) <= 4


def test_one_condition_and_no_batch_give_named_rows_and_no_dead_run(small: DriftData, tmp_path: Path) -> None:
    alone = replace(small, values=small.values[:, :1], conditions=small.conditions.iloc[:1])
    table = compared(alone, tmp_path).remedies
    assert table["status"].str.contains("one condition only").all()
    assert table["auc_after"].isna().all()
    assert set(table["remedy"]) >= {"none", "combat"}


def test_real_batches_with_one_condition_are_judged_at_the_new_batch(
    small: DriftData, tmp_path: Path
) -> None:
    batch = np.where(np.arange(60) % 2 == 0, "A", "B")
    alone = replace(
        small,
        values=small.values[:, :1],
        conditions=small.conditions.iloc[:1],
        batch=batch,
        batch_name="site",
    )
    table = compared(alone, tmp_path).remedies.set_index(["experiment", "remedy"])
    assert "one condition only" in table.loc[("E1 paired", "none"), "status"]
    assert np.isfinite(table.loc[("E3 new site", "combat"), "auc_after"])
    assert "no reference" in table.loc[("E2 disjoint", "combat"), "recovery_status"]
    assert "no factor is left to learn from" in table.loc[("E2 disjoint", "augmentation"), "status"]


def test_no_draws_is_a_named_row_of_averaging(tmp_path: Path) -> None:
    data = cohort("noise", seed=2, n=60, p=8)
    settings = RemedySettings("test_time_averaging", ("e1",), resamples=100)
    tables = compared(data, tmp_path, settings)
    row = tables.remedies.set_index("remedy").loc["test_time_averaging"]
    assert "no level has more than one draw" in row["status"]
    assert np.isnan(row["auc_after"])
    assert set(tables.deployment_needs["status"]) <= {"none needed", "no draws"}


def test_a_filter_that_leaves_no_feature_is_a_named_row(tmp_path: Path) -> None:
    data = cohort("calibration", seed=2, n=60, p=8)
    settings = RemedySettings("icc_filter_0.95", ("e1",), resamples=100)
    row = (
        compared(data, tmp_path, settings)
        .remedies.set_index(["remedy", "scope"])
        .loc["icc_filter_0.95", "seen"]
    )
    assert "no feature has a lower limit of 0.95" in row["status"]
    assert row["recovery_status"] == "not fitted"


def test_a_site_with_fewer_patients_than_asked_for_uses_what_it_has_and_says_so(tmp_path: Path) -> None:
    data = cohort("calibration", seed=3, n=40, p=8)
    settings = RemedySettings("combat", ("e3",), assignments=2, resamples=100, calibration=20)
    tables = compared(data, tmp_path, settings)
    row = tables.remedies.set_index("remedy").loc["combat"]
    assert "20 calibration patients asked for" in row["status"]
    sweep = tables.calibration_sweep.set_index(["remedy", "calibration_patients"])
    assert "patients at the site: 40 leave too few" in sweep.loc[("combat", 40), "status"]
    assert sweep.loc[("combat", 40), "sites_judged"] == 0
    assert np.isfinite(sweep.loc[("combat", 5), "auc_after"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"experiments": ("e5",)},
        {"kappa": 1.0},
        {"assignments": 1},
        {"calibration": 2},
        {"remedies": "combad"},
    ],
)
def test_wrong_settings_are_named(small: DriftData, tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(DataError):
        compared(small, tmp_path, RemedySettings(**wrong))  # type: ignore[arg-type]


def test_sentences_point_to_rows(tables: tuple[RemedyTables, Path]) -> None:
    table = tables[0].remedies
    for told in remedy_sentences(table):
        name, _, row = told.evidence.partition("#")
        assert name == "remedies.csv"
        assert table["sentence"][int(row) - 1] == told.text
    assert "At a new site" in new_site_sentence(table)


def test_a_new_site_that_cannot_be_judged_is_said_to_be_unknown(small: DriftData, tmp_path: Path) -> None:
    alone = replace(small, values=small.values[:, :1], conditions=small.conditions.iloc[:1])
    assert "is not known" in new_site_sentence(compared(alone, tmp_path).remedies)


def test_the_students_interval_is_that_of_the_mean() -> None:
    found = student_interval(np.array([0.4, 0.5, 0.6]))
    # t(.975, 2) = 4.302653, s = 0.1.
    assert found.value == pytest.approx(0.5)
    assert found.high - found.value == pytest.approx(4.302653 * 0.1 / 3**0.5, rel=1e-6)


def test_shuffled_voxels_are_scored_where_the_study_has_them(tmp_path: Path) -> None:
    data = cohort("none", seed=6, n=80, p=8, factors={"a": (1, 1), "shuffle": (2, 1)})
    control = data.conditions["factor"] == "shuffle"
    table = data.conditions.assign(role=data.conditions["role"].where(~control, "control"))
    values = data.values.copy()
    rng = np.random.default_rng(0)
    assert data.volume is not None
    # All that shuffling leaves: noise, and one feature that is volume, which tells the outcome here.
    volume = np.exp(np.log(data.volume) + 1.5 * data.outcome)
    values[:, control] = rng.normal(size=values[:, control].shape)
    values[:, control, 0] = np.log(volume)[:, None]
    data = replace(data, values=values, conditions=table, volume=volume)
    settings = RemedySettings("none", ("e4",), assignments=2, resamples=100)
    found = compared(data, tmp_path, settings).remedies.set_index(["experiment", "remedy"])
    assert found.loc[("E4 shuffled", "none"), "auc_after_low"] > 0.6
    assert found.loc[("E4 shuffled", "volume_adjustment"), "auc_after_low"] < 0.5
    assert "shuffled" in found.loc[("E4 shuffled", "none"), "sentence"]
