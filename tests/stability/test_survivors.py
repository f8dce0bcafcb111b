"""Which features survive everything: hand-made tables whose answer is plain."""

from __future__ import annotations

import numpy as np
import pandas as pd

from robustrad.stability.classes import CLASSES, KOO_LI
from robustrad.stability.summary import headline
from robustrad.stability.survivors import (
    COUNT_COLUMNS,
    SURVIVOR_COLUMNS,
    factor_counts,
    survivor_counts,
    survivors,
)
from robustrad.stability.table import stability_table
from tests.stability.cohort import example, roles

_, CONDITIONS, TABLE = example()


def changed(**limits: float) -> pd.DataFrame:
    """The example with every limit good, but those of the given features."""
    table = TABLE.copy()
    usable = table["class"].notna()
    table.loc[usable, "class_limit"] = 0.8
    for feature, limit in limits.items():
        table.loc[usable & table["feature"].eq(feature) & table["factor"].eq("noise"), "class_limit"] = limit
    rank = np.searchsorted(KOO_LI, table.loc[usable, "class_limit"], side="right")
    table.loc[usable, "class"] = [CLASSES[i] for i in rank]
    return table


def test_one_bad_factor_is_enough_to_fall() -> None:
    found = survivors(changed(original_glcm_Contrast=0.4)).set_index("feature")
    assert tuple(survivors(TABLE).columns) == SURVIVOR_COLUMNS
    fallen = found.loc["original_glcm_Contrast"]
    assert (fallen["class"], fallen["survives"], fallen["factor"], fallen["limit"]) == (
        "poor",
        "no",
        "noise",
        0.4,
    )
    others = found.drop("original_glcm_Contrast")
    assert set(others["survives"]) == {"yes"}
    assert set(others["limit"].dropna()) == {0.8}


def test_definition_factors_and_controls_do_not_count() -> None:
    table = changed()
    definition = table["role"].eq("definition")
    table.loc[definition & table["class"].notna(), ["class", "class_limit"]] = ["poor", 0.1]
    assert set(survivors(table)["survives"]) == {"yes"}
    features, conditions, _ = example()
    controls = stability_table(features, roles=dict.fromkeys(roles(conditions), "control"))
    assert set(survivors(controls)["survives"]) == {""}
    assert survivor_counts(controls).empty


def test_the_estimate_stands_with_its_own_interval() -> None:
    found = survivors(TABLE)
    known = found[found["limit"].notna()]
    assert (known["limit"] <= known["icc"] + 1e-9).all()
    assert (known["icc"] <= known["high"] + 1e-9).all()


def test_too_few_subjects_at_one_factor_leave_no_class() -> None:
    table = changed()
    short = table["feature"].eq("original_glcm_Idm") & table["factor"].eq("volume")
    table.loc[short, ["status", "class", "class_limit"]] = ["insufficient", None, np.nan]
    found = survivors(table).set_index("feature").loc["original_glcm_Idm"]
    assert pd.isna(found["class"])
    assert found["status"] == "insufficient"
    assert found["survives"] == ""


def test_counts_add_up_and_no_role_alone_keeps_fewer_than_both() -> None:
    counts = survivor_counts(TABLE)
    assert tuple(counts.columns) == COUNT_COLUMNS
    assert (counts[[f"n_{name}" for name in CLASSES]].sum(axis=1) == counts["n_classifiable"]).all()
    assert (counts["n_classifiable"] + counts["n_outside"] == counts["n"]).all()
    of_features = counts[counts["unit"].eq("features")].set_index("role")["n_good_or_excellent"]
    assert of_features["both"] <= of_features["delineation"]
    assert counts["n_good_or_excellent"].iloc[0] == (survivors(TABLE)["survives"] == "yes").sum()


def test_factor_counts_are_those_of_the_headline() -> None:
    told = headline(TABLE)
    counts = factor_counts(told)
    assert (
        counts["features"].sum() == (told["n_good"] + told["n_excellent"])[told["unit"].eq("features")].sum()
    )
    assert (
        counts["clusters"].sum() == (told["n_good"] + told["n_excellent"])[told["unit"].eq("clusters")].sum()
    )
    known = counts["n_features"] > 0
    assert (counts["share"][known] == (counts["features"] / counts["n_features"])[known]).all()
