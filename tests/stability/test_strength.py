"""Strength beside stability: medians of what was measured, per level, in the table and in what is printed."""

from __future__ import annotations

import numpy as np
import pytest

from robustrad.report.stability import StabilityReport
from robustrad.stability.strength import STRENGTH, strength_text
from robustrad.stability.summary import headline, summary
from robustrad.stability.table import stability_table
from tests.stability.cohort import cohort, example, roles


@pytest.fixture(scope="module")
def measured():
    """The simulated study with a Dice and an RMSE in every row, and some rows that failed."""
    features, conditions = cohort(n=14)
    rng = np.random.default_rng(3)
    level = features["level"].map({"minus20": 0.85, "minus10": 0.92, "plus10": 0.94, "plus20": 0.87})
    features["strength_dice"] = np.where(level.notna(), level + rng.uniform(-0.01, 0.01, len(features)), 1.0)
    noise = features["level"].map({"mild": 1.0, "moderate": 2.0, "strong": 4.0}).fillna(0.0)
    features["strength_rmse"] = noise * rng.uniform(0.9, 1.1, len(features))
    features["strength_noise_estimator"] = "hh1"
    features["status"] = "ok"
    failed = (features["condition"] == "volume=plus10") & (features["case_id"] == features["case_id"].iloc[0])
    features.loc[failed, ["strength_dice", "status"]] = [0.1, "skipped"]
    return features, stability_table(features, roles=roles(conditions))


def test_the_table_has_the_median_over_cases_and_draws_of_each_level(measured):
    features, table = measured
    for (factor, level), rows in table[table["level"].notna()].groupby(["factor", "level"]):
        own = features[(features["factor"] == factor) & (features["level"] == level)]
        own = own[own["status"] == "ok"]
        for name in ("strength_dice", "strength_rmse"):
            assert set(rows[name]) == {own[name].median()}, (factor, level)
        assert rows["strength_hd95_mm"].isna().all()
    assert table.loc[table["level"].isna(), list(STRENGTH)].isna().all(axis=None)


def test_strength_is_no_feature_and_changes_no_number(measured):
    features, table = measured
    bare = stability_table(
        features.drop(columns=[name for name in features if name.startswith("strength_")]),
        roles=roles(cohort(n=14)[1]),
    )
    others = [name for name in table if name not in STRENGTH]
    assert bare[others].equals(table[others])
    assert bare[list(STRENGTH)].isna().all(axis=None)


def test_summary_and_headline_carry_it_and_both_signs_share_a_line(measured):
    _, table = measured
    volume = table[(table["factor"] == "volume") & table["level"].notna()]
    of_level = volume.drop_duplicates("level").set_index("level")["strength_dice"]
    summed = summary(table)
    for level, rows in summed[(summed["factor"] == "volume") & summed["level"].notna()].groupby("level"):
        assert set(rows["strength_dice"]) == {of_level[level]}
    counted = headline(table)
    line = counted[(counted["factor"] == "volume") & (counted["severity"] == 2)].iloc[0]
    assert line["strength_dice"] == np.median([of_level["minus20"], of_level["plus20"]])


def test_it_is_printed_beside_the_counts(measured):
    _, table = measured
    text = StabilityReport(table, summary(table), headline(table), (), (0.5, 0.75, 0.9)).text
    strong = next(line for line in text.splitlines() if line.split()[:3] == ["noise", "acquisition", "3"])
    median = table.loc[table["level"] == "strong", "strength_rmse"].iloc[0]
    assert f" RMSE {median:.3g} " in strong
    volume = next(line for line in text.splitlines() if line.split()[:1] == ["volume"])
    assert "Dice 0.9" in volume


@pytest.mark.parametrize(
    ("found", "told"),
    [((0.22, 1.0), "RMSE 0.22"), ((0.22, 0.931), "Dice 0.931"), ((0.0, 1.0), ""), ((np.nan, np.nan), "")],
)
def test_the_most_telling_measure_is_named(found, told):
    assert strength_text(dict(zip(("strength_rmse", "strength_dice"), found, strict=True))) == told


def test_a_study_without_strength_has_none():
    _, _, table = example()
    assert table[list(STRENGTH)].isna().all(axis=None)
