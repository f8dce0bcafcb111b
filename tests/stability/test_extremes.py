"""A feature that cannot be computed with stands by itself: no number, no warning, nothing else lost."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import robustrad as rr
from robustrad.core.extremes import BEYOND
from robustrad.report.command import stability_command
from robustrad.report.tables import footnote
from robustrad.stability.components_table import components_table
from robustrad.stability.summary import headline, summary
from robustrad.stability.survivors import survivors

MEAN, HUGE, ENERGY = "original_firstorder_Mean", "original_glcm_Contrast", "original_firstorder_Energy"
NUMBERS = (
    "icc_a_1",
    "icc_a_1_low_fixed",
    "ccc",
    "spearman",
    "wsd",
    "rdc",
    "icc_transformed",
    "bias_f",
    "headline",
)


def table_of(size: float, *, missing: bool = False) -> pd.DataFrame:
    """Thirty cases under a reference and two levels; one of three features is as large as ``size``."""
    rng = np.random.default_rng(1)
    base = rng.normal(size=30)
    rows = []
    for condition, noise in (("reference", 0.0), ("a", 0.3), ("b", 0.5)):
        values = base[:, None] + noise * rng.normal(size=(30, 3))
        own = pd.DataFrame(values * [1.0, size, 1e12], columns=[MEAN, HUGE, ENERGY])
        rows.append(own.assign(case_id=[f"case{i:02}" for i in range(30)], condition=condition))
    table = pd.concat(rows, ignore_index=True)
    if missing:
        table.loc[[33, 64], HUGE] = np.nan
    return table


@pytest.mark.parametrize("size", [1e160, 1e300, 1e-170])
def test_a_feature_beyond_computing_has_a_status_of_its_own_and_no_number(size: float) -> None:
    found = rr.stability_table(table_of(size, missing=True))
    own = found[found["feature"].eq(HUGE)]
    assert set(own["status"]) == {"extreme"}
    assert own["class"].isna().all()
    assert own[list(NUMBERS)].isna().all(axis=None)
    assert dict(zip(own["level"].fillna("all"), own["n"], strict=True)) == {"all": 28, "a": 29, "b": 29}
    assert own["fail_rate"].max() == pytest.approx(1 / 30)


def test_other_features_keep_their_numbers() -> None:
    others = [MEAN, ENERGY]
    found = rr.stability_table(table_of(1e200))
    without = rr.stability_table(table_of(1.0).drop(columns=HUGE))
    both = found[found["feature"].isin(others)].reset_index(drop=True).drop(columns="cluster")
    pd.testing.assert_frame_equal(both, without.drop(columns="cluster"), rtol=1e-12)


def test_it_is_counted_apart_and_survives_nothing() -> None:
    found = rr.stability_table(table_of(1e160))
    rows = summary(found)
    everything = rows[rows["feature_class"].eq("all") & rows["image_type"].eq("all")]
    assert set(everything["n_extreme"]) == {1}
    counts = rows[["n_classifiable", "n_invariant", "n_constant", "n_insufficient", "n_extreme"]].sum(axis=1)
    assert (counts == rows["n_features"]).all()
    assert set(headline(found).query("unit == 'features'")["n_outside"]) == {1}
    row = survivors(found).set_index("feature").loc[HUGE]
    assert (row["survives"], row["status"]) == ("", "extreme")
    assert BEYOND in footnote(rows)
    assert BEYOND not in footnote(summary(rr.stability_table(table_of(1.0))))


@pytest.mark.parametrize("missing", ["drop", "reml"])
def test_it_has_no_variance_components(missing: str) -> None:
    table = table_of(1e160, missing=True)
    found = components_table(table, missing=missing)
    own = found[found["feature"].eq(HUGE)]
    assert set(own["status"]) == {"extreme"}
    assert set(own["n"]) == {28}
    assert own[["variance", "share"]].isna().all(axis=None)
    assert not own["truncated"].any()
    others = found.loc[found["feature"].ne(HUGE), ["variance", "share"]]
    assert np.isfinite(others).all(axis=None)


def test_the_icc_of_an_array_says_the_same() -> None:
    rng = np.random.default_rng(0)
    values = (rng.normal(size=(20, 1, 2)) + 0.3 * rng.normal(size=(20, 3, 2))) * [1.0, 1e200]
    values[0, 0, 1] = np.nan
    found = rr.icc(values, fixed=True)
    assert list(found["status"]) == ["ok", "extreme"]
    assert np.isnan(found.loc[1, ["icc_a_1", "icc_a_1_low_fixed", "bias_p"]].astype(float)).all()
    assert (found.loc[1, "n"], found.loc[1, "n_dropped"]) == (19, 1)


def test_the_command_names_it_and_writes_no_infinity(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    table_of(1e160).to_csv(path, index=False)
    told = stability_command(path, output=tmp_path / "out")
    assert f"Without a number: {HUGE} ({BEYOND})." in told.text
    for name in ("stability.csv", "components.csv", "summary.csv", "components_summary.csv"):
        text = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert not np.isinf(pd.read_csv(io.StringIO(text)).select_dtypes("number")).any(axis=None), name
