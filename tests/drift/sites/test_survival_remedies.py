"""Remedies for a time to event: planted truth, leaks, bad input. Cox throughout: a forest takes minutes."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from robustrad.core.errors import DataError, EnvironmentUnusableError
from robustrad.core.written import write_csv
from robustrad.drift.data import DriftData
from robustrad.drift.endpoints import followed
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.remedies.registry import choose
from robustrad.drift.sites.bench import Bench
from robustrad.drift.sites.rows import COLUMNS
from robustrad.drift.sites.run import RemedyTables, compare_remedies
from robustrad.drift.sites.settings import RemedySettings
from robustrad.drift.sites.survival_tables import named_for_c
from robustrad.drift.sites.virtual import assign
from robustrad.drift.survival.folds import survival_folds
from robustrad.drift.survival.times import Survival
from tests.drift.sites.leaks import check_disjoint, check_paired
from tests.drift.sites.planted import followed_cohort

COX = ModelSpec("cox", n_features=6, correlation=1.0)
FEW = RemedySettings(
    "combat,icc_filter_0.5,augmentation,test_time_averaging,volume_adjustment", assignments=2, resamples=100
)
NEEDS = "needs the extra 'survival'"


@pytest.fixture
def sksurv() -> object:
    return pytest.importorskip("sksurv", reason=NEEDS)


def compared(
    cohort: tuple[DriftData, Survival],
    folder: Path,
    settings: RemedySettings = FEW,
    *,
    spec: ModelSpec = COX,
    repeats: int = 1,
    jobs: int = 1,
) -> RemedyTables:
    data, survival = cohort
    folds = survival_folds(survival, data, n_splits=3, repeats=repeats, seed=0)
    return compare_remedies(
        data, folds, spec, settings, margin=0.05, folder=folder, jobs=jobs, survival=survival
    )


@pytest.fixture(scope="module")
def small() -> tuple[DriftData, Survival]:
    return followed_cohort("noise", seed=1, n=60, p=8, factors={"a": (1, 2), "b": (1, 1)})


@pytest.fixture(scope="module")
def tables(
    small: tuple[DriftData, Survival], tmp_path_factory: pytest.TempPathFactory
) -> tuple[RemedyTables, Path]:
    pytest.importorskip("sksurv", reason=NEEDS)
    folder = tmp_path_factory.mktemp("arms")
    return compared(small, folder), folder


def test_every_experiment_has_a_row_for_every_remedy_in_columns_of_c(
    tables: tuple[RemedyTables, Path],
) -> None:
    table = tables[0].remedies
    assert table["experiment"].nunique() == 4
    for _, rows in table.groupby("experiment"):
        assert {"none", *FEW.remedies.split(",")} == set(rows["remedy"])
    expected = [name.replace("auc_", "c_").replace("n_positive", "n_events") for name in COLUMNS]
    expected.insert(expected.index("slope") + 1, "calibration_status")
    assert table.columns.tolist() == expected
    assert set(table["metric"]) <= {"c_mix", "c_within_batch", ""}
    for name in ("citl", "slope"):
        assert table[name].isna().all()
    assert set(table["calibration_status"]) == {"not defined for risks"}
    assert (table["sentence"].str.len() > 0).all()
    assert not table["sentence"].str.contains("AUC").any()
    assert not tables[0].deployment_needs["sentence"].str.contains("AUC").any()


def test_numbers_of_a_row_belong_together(
    tables: tuple[RemedyTables, Path], small: tuple[DriftData, Survival]
) -> None:
    table = tables[0].remedies
    known = table[table["c_reference"].notna() & (table["experiment"] != "E4 null")]
    np.testing.assert_allclose(known["left_to_lose"], known["c_reference"] - known["c_after"], atol=1e-12)
    np.testing.assert_allclose(known["drift"], known["c_before"] - known["c_reference"], atol=1e-12)
    paired = known[(known["experiment"] == "E1 paired") & (known["remedy"] == "none")]
    assert paired["n"].tolist() == [60]
    assert paired["n_events"].tolist() == [small[1].event.sum()]


def test_only_what_is_missing_is_fitted_again(
    small: tuple[DriftData, Survival], tables: tuple[RemedyTables, Path]
) -> None:
    files = {path: path.stat().st_mtime_ns for path in tables[1].glob("remedy_*.npz")}
    torn = min(files)
    torn.write_bytes(torn.read_bytes()[:40])
    again = compared(small, tables[1])
    pd.testing.assert_frame_equal(
        again.remedies.drop(columns="cost_seconds"), tables[0].remedies.drop(columns="cost_seconds")
    )
    fresh = [path for path, then in files.items() if path.stat().st_mtime_ns != then]
    assert torn in fresh
    assert len(fresh) <= 2


def test_other_times_are_another_comparison(
    small: tuple[DriftData, Survival], tables: tuple[RemedyTables, Path]
) -> None:
    data, survival = small
    before = len(list(tables[1].glob("remedy_*.npz")))
    later = replace(survival, time=survival.time[::-1].copy())
    settings = RemedySettings("none", ("e1",), resamples=100)
    compared((data, later), tables[1], settings)
    assert len(list(tables[1].glob("remedy_*.npz"))) == before + 1


def test_combat_gives_back_what_a_calibration_effect_took(sksurv: object, tmp_path: Path) -> None:
    settings = RemedySettings("combat,augmentation", ("e1", "e2"), 3, resamples=200)
    gains = []
    for seed in (1, 3):
        cohort = followed_cohort("calibration", seed=seed, n=90, p=12)
        table = compared(cohort, tmp_path / str(seed), settings).remedies
        rows = table.set_index(["experiment", "remedy", "scope"])
        paired = rows.loc[("E1 paired", "combat", "seen")]
        assert paired["rank"] == 1
        assert paired["drift_high"] < 0
        assert paired["recovery_low"] > 0.8
        assert paired["agreement"] > 0.95
        gains.append(rows.loc[("E2 disjoint", "combat", "seen"), "gain"])
        assert rows.loc[("E2 disjoint", "combat", "seen"), "batch_classifier"] < 0.6
        assert rows.loc[("E2 disjoint", "none", "unseen"), "batch_classifier"] > 0.9
    assert min(gains) > 0.0


def test_without_an_effect_nothing_is_recovered(sksurv: object, tmp_path: Path) -> None:
    settings = RemedySettings("combat_no_eb,augmentation", ("e1", "e2"), 2, resamples=100)
    table = compared(followed_cohort("none", seed=2, n=90, p=12), tmp_path, settings).remedies
    assert (table["drift"] == 0).all()
    assert set(table["recovery_status"]) == {"no drift to recover", "what the others are compared with"}
    assert table["recovery"].isna().all()
    # Copies that are the patients themselves, weighted, are no other training set.
    paired = table[table["experiment"] == "E1 paired"]
    np.testing.assert_allclose(paired["c_after"], paired["c_reference"], atol=1e-12)


REMEDIES = choose("zscore,combat,icc_filter_0.5,augmentation,volume_adjustment,icc_filter_0.5+combat")


def bench() -> Bench:
    data, survival = followed_cohort("noise", seed=4, n=60, p=8)
    folds = survival_folds(survival, data, n_splits=3, repeats=1, seed=0)
    return Bench(followed(data, survival), folds, COX, 0, survival)


def test_a_test_row_changes_nothing_that_was_learned_when_paired(sksurv: object) -> None:
    check_paired(bench(), REMEDIES)


def test_a_test_row_changes_nothing_that_was_learned_at_disjoint_sites(sksurv: object) -> None:
    check_disjoint(bench(), REMEDIES)


def test_virtual_sites_have_equal_shares_of_events() -> None:
    first = bench()
    where = assign(first.data, first.places, n_sites=2, number=0)
    assert first.survival is not None
    events = [int(first.survival.event[where.site == site].sum()) for site in range(2)]
    assert max(events) - min(events) <= 1


def test_permuted_outcomes_keep_time_and_event_together() -> None:
    first = bench()
    where = assign(first.data, first.places, n_sites=2, number=0, permute=True)
    assert first.survival is not None
    assert sorted(where.order) == list(range(60))
    assert (where.order != np.arange(60)).any()
    np.testing.assert_array_equal(where.outcome == 1, first.survival.event[where.order])


def test_a_cohort_of_events_alone_is_compared_too(sksurv: object, tmp_path: Path) -> None:
    data, survival = followed_cohort("calibration", seed=6, n=50, p=5, factors={"a": (1, 1)})
    everybody = replace(survival, event=np.ones(50, dtype=bool))
    settings = RemedySettings("combat", ("e1", "e2", "e3", "e4"), 2, calibration=5, resamples=100)
    table = compared((data, everybody), tmp_path, settings).remedies
    assert table.loc[table["experiment"] != "E4 null", "c_after"].notna().all()
    assert (table["n_events"].dropna() == table["n"].dropna()).all()


def test_what_cannot_be_done_is_a_named_row(
    sksurv: object, small: tuple[DriftData, Survival], tmp_path: Path
) -> None:
    data, survival = small
    alone = replace(data, values=data.values[:, :1], conditions=data.conditions.iloc[:1])
    table = compared((alone, survival), tmp_path).remedies
    assert table["status"].str.contains("one condition only").all()
    assert table["c_after"].isna().all()
    other, times = followed_cohort("calibration", seed=1, n=60, p=5, factors={"a": (1, 1)})
    volumeless = (replace(other, volume=None), times)
    settings = RemedySettings("volume_adjustment,icc_filter_0.95", ("e1",), resamples=100)
    rows = compared(volumeless, tmp_path, settings).remedies.drop_duplicates("remedy").set_index("remedy")
    assert "no volume" in rows.loc["volume_adjustment", "status"]
    assert "no feature has a lower limit of 0.95" in rows.loc["icc_filter_0.95", "status"]


def test_sites_with_too_few_events_to_be_judged_are_named(sksurv: object, tmp_path: Path) -> None:
    data, survival = followed_cohort("calibration", seed=3, n=60, p=5, factors={"a": (1, 1)})
    few = replace(survival, event=np.arange(60) < 5)
    settings = RemedySettings("combat", ("e1", "e3"), 2, calibration=5, resamples=100)
    table = compared((data, few), tmp_path, settings).remedies.set_index(["experiment", "remedy"])
    assert "leave too few to be judged" in table.loc[("E3 new site", "combat"), "status"]
    assert np.isfinite(table.loc[("E1 paired", "combat"), "c_after"])


def test_real_batches_take_the_place_of_virtual_sites(sksurv: object, tmp_path: Path) -> None:
    data, survival = followed_cohort("none", seed=7, n=60, p=5, factors={"a": (1, 1)})
    batch = np.where(np.arange(60) % 2 == 0, "Bern", "Lyon")
    shifted = data.values + 3.0 * (batch == "Lyon")[:, None, None]
    centers = replace(data, values=shifted, batch=batch, batch_name="center")
    settings = RemedySettings("zscore", ("e2", "e3"), 2, calibration=10, resamples=100)
    table = compared((centers, survival), tmp_path, settings).remedies.set_index(["experiment", "remedy"])
    for experiment in ("E2 disjoint", "E3 new site"):
        row = table.loc[(experiment, "zscore")]
        assert "no reference" in row["recovery_status"]
        assert np.isfinite(row["c_after"])
    assert table.loc[("E2 disjoint", "none"), "batch_classifier"] > 0.9
    assert table.loc[("E2 disjoint", "zscore"), "batch_classifier"] < 0.7


def test_control_images_are_judged_by_c(sksurv: object, tmp_path: Path) -> None:
    data, survival = followed_cohort("none", seed=8, n=60, p=5, factors={"a": (1, 1), "shuffle": (1, 1)})
    roles = data.conditions["role"].where(data.conditions["factor"] != "shuffle", "control")
    values = data.values.copy()
    values[:, 2] = np.random.default_rng(0).normal(size=values[:, 2].shape)
    controlled = replace(data, values=values, conditions=data.conditions.assign(role=roles))
    settings = RemedySettings("none", ("e4",), 2, resamples=200)
    table = compared((controlled, survival), tmp_path, settings).remedies.set_index("experiment")
    row = table.loc["E4 shuffled"].set_index("remedy").loc["none"]
    assert row["metric"] == "c_control"
    assert row["c_after_low"] < 0.5 < row["c_after_high"]
    assert "features of control images have a C of" in row["sentence"]
    assert row["n_events"] == survival.event.sum()


def test_the_missing_extra_and_an_unknown_model_are_told_before_anything_else(
    small: tuple[DriftData, Survival], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="unknown 'logistic' for times to event"):
        compared(small, tmp_path / "arms", spec=ModelSpec("logistic"))
    monkeypatch.setitem(sys.modules, "sksurv", None)
    with pytest.raises(EnvironmentUnusableError, match=r"pip install 'robustrad\[survival\]'"):
        compared(small, tmp_path / "arms")
    assert not (tmp_path / "arms").exists()


def test_columns_are_renamed_once_and_nothing_else() -> None:
    table = pd.DataFrame({"auc_after": [0.7], "metric": ["auc_mix"], "slope": [np.nan], "n_positive": [3]})
    found = named_for_c(table)
    assert found.columns.tolist() == ["c_after", "metric", "slope", "calibration_status", "n_events"]
    assert found["metric"].tolist() == ["c_mix"]
    assert table.columns[0] == "auc_after"


@pytest.mark.slow
def test_two_workers_give_the_same_bytes(
    small: tuple[DriftData, Survival], tables: tuple[RemedyTables, Path], tmp_path: Path
) -> None:
    found = []
    for number, one in enumerate((tables[0], compared(small, tmp_path / "arms", jobs=2))):
        timeless = one.remedies.drop(columns="cost_seconds")
        frames = (timeless, one.calibration_sweep, one.deployment_needs)
        found.append([write_csv(f, tmp_path / f"{number}{i}.csv").read_bytes() for i, f in enumerate(frames)])
    assert found[0] == found[1]


@pytest.mark.slow
def test_a_survival_forest_goes_through_every_experiment(sksurv: object, tmp_path: Path) -> None:
    cohort = followed_cohort("calibration", seed=3, n=60, p=5, factors={"a": (1, 1)})
    settings = RemedySettings("combat,augmentation", assignments=2, calibration=5, resamples=100)
    table = compared(cohort, tmp_path, settings, spec=ModelSpec("survival_forest")).remedies
    seen = table[table["scope"].eq("seen") | ~table["remedy"].eq("augmentation")]
    assert seen["c_after"].notna().all()


@pytest.mark.slow
def test_over_twenty_seeds_the_planted_remedy_wins(sksurv: object, tmp_path: Path) -> None:
    settings = RemedySettings("combat,icc_filter_0.5,augmentation", ("e1",), resamples=300)
    tables = {
        effect: [
            compared(followed_cohort(effect, seed=seed), tmp_path / f"{effect}{seed}", settings)
            .remedies.sort_values("rank", kind="stable", na_position="last")
            .drop_duplicates("remedy")
            .set_index("remedy")
            for seed in range(20)
        ]
        for effect in ("calibration", "noise", "none")
    }
    assert all(table.index[0] == "combat" for table in tables["calibration"])
    assert all(table.loc["combat", "recovery_low"] > 0.8 for table in tables["calibration"])
    for remedy in ("icc_filter_0.5", "augmentation"):
        gain = [t.loc[remedy, "c_after"] - t.loc["combat", "c_after"] for t in tables["noise"]]
        assert np.median(gain) > 0.02
    for table in tables["none"]:
        assert (table["drift"] == 0).all()
        assert table["recovery"].isna().all()


@pytest.mark.slow
def test_without_signal_and_with_confounded_sites_c_is_a_half(sksurv: object, tmp_path: Path) -> None:
    settings = RemedySettings("combat,augmentation", ("e4",), 10, resamples=100)
    excluded = {"none": 0, "combat": 0, "augmentation": 0}
    seeds = 20
    for seed in range(seeds):
        cohort = followed_cohort("calibration", seed=seed, n=90, p=12)
        one = replace(settings, seed=seed)
        table = compared(cohort, tmp_path / str(seed), one).remedies
        for row in table.sort_values("scope").drop_duplicates("remedy").to_dict("records"):
            excluded[row["remedy"]] += not row["c_after_low"] <= 0.5 <= row["c_after_high"]
    for remedy, times in excluded.items():
        assert binom.sf(times - 1, seeds, 0.05) > 0.01, remedy
