"""The stability table: what each row compares, which limit judges it, and what must not change it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.core.errors import DataError
from robustrad.stability.agreement import bland_altman, ccc, spearman
from robustrad.stability.anova import mean_squares
from robustrad.stability.fixed import fixed_limits
from robustrad.stability.icc import ICC_COLUMNS, icc
from robustrad.stability.summary import summary
from robustrad.stability.table import COLUMNS, CONTRACT, stability_table
from tests.stability.cohort import cohort, example, roles

CONTRAST = "original_glcm_Contrast"


def values_of(features: pd.DataFrame, conditions: list[str], feature: str = CONTRAST) -> np.ndarray:
    wide = features.pivot(index="case_id", columns="condition", values=feature)
    return wide[conditions].to_numpy()


def row_of(
    table: pd.DataFrame, factor: str, level: str | None, estimand: str, feature: str = CONTRAST
) -> pd.Series:
    same_level = table["level"].isna() if level is None else table["level"].eq(level)
    found = table[
        table["factor"].eq(factor)
        & same_level
        & table["estimand"].eq(estimand)
        & table["feature"].eq(feature)
    ]
    assert len(found) == 1
    return found.iloc[0]


def plain(level_values: np.ndarray, *, names: tuple[str, ...] = ("f",)) -> pd.DataFrame:
    """A plain table of values (n_cases, k_conditions[, p]); conditions are a, b, c ..."""
    array = level_values.reshape(*level_values.shape[:2], -1)
    n, k, _ = array.shape
    frame = pd.DataFrame(array.reshape(n * k, -1), columns=list(names))
    frame.insert(0, "case_id", [f"P{i:02d}" for i in range(n) for _ in range(k)])
    frame.insert(1, "condition", [chr(97 + j) for _ in range(n) for j in range(k)])
    return frame


def test_columns_begin_with_the_contract():
    _, _, table = example()
    assert tuple(table.columns) == COLUMNS
    expected = [
        "feature",
        "factor",
        "level",
        "estimand",
        "role",
        "severity",
        *ICC_COLUMNS,
        "icc_a_1_low_fixed",
    ]
    assert list(CONTRACT) == [*expected, "n", "k", "status"]


def test_each_estimand_appears_where_the_design_allows_it():
    _, _, table = example()
    found = table.groupby("factor")["estimand"].agg(lambda names: sorted(set(names))).to_dict()
    random, named = ["agreement", "factor", "repeatability"], ["agreement", "factor"]
    expected = {"noise": random, "subvoxel_shift": random}
    assert found == {factor: expected.get(factor, named) for factor in found}
    assert table.loc[table["estimand"].eq("factor"), "level"].isna().all()


def test_repeatability_is_icc_1_1_of_the_draws_without_the_reference():
    features, _, table = example()
    row = row_of(table, "noise", "strong", "repeatability")
    expected = icc(values_of(features, [f"noise=strong/{i}" for i in range(1, 6)]), one_way=True).iloc[0]
    assert row[list(ICC_COLUMNS)].tolist() == pytest.approx(expected[list(ICC_COLUMNS)].tolist(), rel=1e-9)
    assert (row["k"], row["n"], row["class_by"]) == (5, 24, "icc_1_1_low")
    assert np.isnan([row["icc_a_1_low_fixed"], row["ccc"], row["bias_f"], row["rdc"]]).all()
    assert row["rc"] == pytest.approx(1.96 * np.sqrt(2) * row["wsd"])


def test_agreement_is_the_reference_against_one_level():
    features, _, table = example()
    row = row_of(table, "blur", "4mm", "agreement")
    values = values_of(features, ["reference", "blur=4mm"])
    expected = icc(values, fixed=True).iloc[0]
    numbers = [*ICC_COLUMNS, "icc_a_1_low_fixed", "bias_f", "bias_p"]
    assert row[numbers].tolist() == pytest.approx(expected[numbers].tolist(), rel=1e-9)
    reference, level = values[:, :1], values[:, 1:]
    concordance, compared = ccc(reference, level), bland_altman(reference, level)
    assert row[["ccc", "ccc_low", "ccc_high"]].tolist() == pytest.approx([part[0] for part in concordance])
    assert row["bias_sd"] == pytest.approx((compared.bias / compared.reference_sd)[0])
    assert row["loa_high"] == pytest.approx((compared.high / compared.reference_sd)[0])
    assert row["spearman"] == pytest.approx(spearman(reference, level)[0])
    assert (row["k"], row["draws"], row["class_by"]) == (2, 1, "icc_a_1_low_fixed")
    assert row["interval_fixed"] == "generalized"
    assert np.isnan(row["rc"])
    assert row["rdc"] > 0


def test_agreement_over_draws_is_the_mean_of_the_draws():
    features, _, table = example()
    row = row_of(table, "noise", "moderate", "agreement")
    draws = [values_of(features, ["reference", f"noise=moderate/{i}"]) for i in range(1, 6)]
    each = pd.concat([icc(values) for values in draws])
    assert row["icc_a_1"] == pytest.approx(each["icc_a_1"].mean())
    assert row["icc_a_1_low"] == pytest.approx(each["icc_a_1_low"].mean())
    assert row["ccc"] == pytest.approx(np.mean([ccc(v[:, :1], v[:, 1:]).value[0] for v in draws]))
    assert row["wsd"] == pytest.approx(np.sqrt(np.mean([v.var(axis=1, ddof=1).mean() for v in draws])))
    assert row["icc_a_1_low_fixed"] < row["icc_a_1"] < row["icc_a_1_high_fixed"]
    assert (row["k"], row["draws"], row["interval_fixed"]) == (2, 5, "bootstrap")


def test_factor_is_the_reference_and_all_levels_one_draw_at_a_time():
    features, _, table = example()
    row = row_of(table, "noise", None, "factor")
    levels = ("mild", "moderate", "strong")
    draws = [
        icc(values_of(features, ["reference", *(f"noise={level}/{i}" for level in levels)]))
        for i in range(1, 6)
    ]
    assert row["icc_a_1"] == pytest.approx(pd.concat(draws)["icc_a_1"].mean())
    assert row["icc_c_1"] == pytest.approx(pd.concat(draws)["icc_c_1"].mean())
    assert (row["k"], row["draws"]) == (4, 5)
    pairs = [row_of(table, "noise", level, "agreement") for level in levels]
    assert row["spearman"] <= min(pair["spearman"] for pair in pairs) + 1e-12


def test_a_level_without_draws_stands_in_every_draw_of_its_factor():
    factors = {"mix": ("acquisition", 3, [("random", 1, None, 0.1, 0.3)])}
    features, conditions = cohort(20, factors=factors)
    fixed = features[features["condition"].eq("mix=random/1")].assign(
        condition="mix=fixed", level="fixed", severity=2.0, draw=0
    )
    table = stability_table(pd.concat([features, fixed], ignore_index=True), roles=roles(conditions))
    row = row_of(table, "mix", None, "factor")
    assert (row["k"], row["draws"]) == (3, 3)


def test_chains_leave_the_reference_out():
    features, _ = cohort(
        20, factors={"chains": ("acquisition", 1, [(f"c{i}", None, None, 0.1, 0.3) for i in range(6)])}
    )
    table = stability_table(features)
    assert set(table["estimand"]) == {"chains"}
    row = row_of(table, "chains", None, "chains")
    expected = icc(values_of(features, [f"chains=c{i}" for i in range(6)])).iloc[0]
    assert row["icc_1_1"] == pytest.approx(expected["icc_1_1"])
    assert (row["k"], row["class_by"], row["headline_by"]) == (6, "icc_1_1_low", "icc_1_1")


def test_repeatability_does_not_see_the_reference():
    features, conditions, table = example()
    moved = features.copy()
    own = moved["condition"].eq("reference")
    moved.loc[own, CONTRAST] = moved.loc[own, CONTRAST] * 100 + 7
    again = stability_table(moved, roles=roles(conditions))
    # What rests on the reference by definition: the scale, and what belongs together.
    fitted = {"scale_sensitive", "icc_volume_adjusted", "cluster"}
    keep = [name for name in COLUMNS if name not in fitted and not name.startswith("icc_transformed")]
    before, after = (row_of(t, "noise", "strong", "repeatability")[keep] for t in (table, again))
    pd.testing.assert_series_equal(before, after, check_names=False)
    assert row_of(again, "noise", "strong", "agreement")["ccc"] < 0.1


def test_repeatability_may_stay_high_where_agreement_is_lost():
    """Draws that agree with each other, but not with the reference."""
    rng = np.random.default_rng(0)
    case, other = rng.normal(size=(2, 30, 1))
    draws = other + 0.1 * rng.normal(size=(30, 4))
    frame = plain(np.concatenate([case, draws], axis=1))
    names = {"a": "reference", **{chr(98 + i): f"noise=strong/{i + 1}" for i in range(4)}}
    frame = frame.assign(
        draw=frame["condition"].map({letter: i for i, letter in enumerate("abcde")}),
        factor=np.where(frame["condition"].eq("a"), "reference", "noise"),
        level=np.where(frame["condition"].eq("a"), "reference", "strong"),
        condition=frame["condition"].map(names),
    )
    table = stability_table(frame, roles={"noise": "acquisition"})
    classes = table.set_index("estimand")["class"]
    assert classes["repeatability"] == "excellent"
    assert classes["agreement"] == "poor"


def test_order_of_rows_does_not_change_a_byte():
    features, conditions, table = example()
    text = table.to_csv(index=False)
    for seed in (1, 2):
        shuffled = features.sample(frac=1, random_state=seed)
        assert stability_table(shuffled, roles=roles(conditions)).to_csv(index=False) == text


def test_definition_factors_are_judged_by_what_standardizing_leaves():
    features, _, table = example()
    row = row_of(table, "bin_width", "0.25", "agreement")
    values = values_of(features, ["reference", "bin_width=0.25"])
    pearson = np.corrcoef(values.T)[0, 1]
    assert row["ceiling_location_scale"] == pytest.approx(pearson)  # ICC(C,1) of two z-scored conditions
    assert (row["class_by"], row["headline_by"]) == ("ceiling_location_scale_low", "spearman")
    assert row["headline"] == row["spearman"]
    assert row["class"] == "good" or row["class"] == "excellent"
    assert row["icc_a_1_low_fixed"] < 0.5


def test_controls_have_numbers_but_neither_class_nor_headline():
    features, conditions, _ = example()
    table = stability_table(features, roles={**roles(conditions), "blur": "control"})
    rows = table[table["factor"].eq("blur")]
    assert rows["icc_a_1"].notna().any()
    assert rows[["class", "class_point", "headline", "headline_by", "class_limit"]].isna().all(axis=None)


def test_shape_is_invariant_under_noise_and_has_no_class():
    _, _, table = example()
    rows = table[table["feature_class"].eq("shape") & table["factor"].eq("noise")]
    assert set(rows["status"]) == {"invariant"}
    assert (rows[["icc_1_1", "icc_a_1", "icc_a_1_low"]] == 1.0).all(axis=None)
    assert rows["class"].isna().all()


def test_signed_levels_share_a_severity_and_are_ordered_by_sign():
    _, _, table = example()
    rows = table[table["factor"].eq("volume") & table["feature"].eq(CONTRAST) & table["level"].notna()]
    assert rows["level"].tolist() == ["minus20", "minus10", "plus10", "plus20"]
    assert rows["severity"].tolist() == [2.0, 1.0, 1.0, 2.0]
    assert rows["sign"].tolist() == [-1, -1, 1, 1]


def test_levels_without_severity_are_ordered_by_the_number_in_their_name():
    names = ("10mm", "4mm", "2.5mm")
    features, _ = cohort(20, factors={"voxel": ("definition", 1, [(n, None, None, 0, 0.1) for n in names])})
    table = stability_table(features)
    assert list(dict.fromkeys(table["level"].dropna())) == ["2.5mm", "4mm", "10mm"]


def test_a_skipped_level_drops_the_case_where_it_is_needed_and_counts_as_failure():
    features, conditions, _ = example()
    features = features.copy()
    gone = features["case_id"].isin(["P003", "P011"]) & features["condition"].eq("volume=minus20")
    features.loc[gone, "status"] = "skipped"
    table = stability_table(features, roles=roles(conditions))
    row = row_of(table, "volume", "minus20", "agreement")
    assert (row["n"], row["n_dropped"], row["status"]) == (22, 2, "partial")
    assert row["fail_rate"] == pytest.approx(2 / 24)
    assert row_of(table, "volume", None, "factor")[["n", "n_dropped"]].tolist() == [22, 2]
    assert row_of(table, "volume", None, "factor")["fail_rate"] == pytest.approx(2 / 96)
    assert row_of(table, "volume", "plus20", "agreement")[["n", "status"]].tolist() == [24, "ok"]
    alone = stability_table(features[~features["case_id"].isin(["P003", "P011"])], roles=roles(conditions))
    same = row_of(alone, "volume", "minus20", "agreement")
    numbers = [*ICC_COLUMNS, "ccc", "wsd", "icc_a_1_low_fixed"]
    assert row[numbers].tolist() == pytest.approx(same[numbers].tolist(), rel=1e-9)


def test_too_many_failures_are_insufficient():
    features, conditions, _ = example()
    features = features.copy()
    gone = features["case_id"].isin([f"P{i:03d}" for i in range(6)]) & features["condition"].eq("blur=6mm")
    features.loc[gone, CONTRAST] = np.nan
    table = stability_table(features, roles=roles(conditions))
    row = row_of(table, "blur", "6mm", "agreement")
    assert (row["status"], row["n"], row["n_dropped"]) == ("insufficient", 18, 6)
    assert pd.isna(row["class"])
    assert row[["icc_a_1", "ccc", "wsd", "wcv", "spearman", "headline"]].isna().all()
    assert row["fail_rate"] == 0.25


def test_wcv_only_where_a_ratio_means_something():
    features, conditions, table = example()
    status = table[table["factor"].eq("noise") & table["estimand"].eq("repeatability")]
    status = status.groupby("feature")["wcv_status"].first()
    assert status[CONTRAST] == "ok"
    for name in ("firstorder_Skewness", "glcm_ClusterShade", "firstorder_Entropy", "firstorder_Mean"):
        assert status[f"original_{name}"] == "not_ratio_scale"
    undefined = table["wcv_status"].eq("not_ratio_scale")
    assert table.loc[undefined, ["wcv", "qcd"]].isna().all(axis=None)
    pet = stability_table(features, roles=roles(conditions), modality="PT")
    assert row_of(pet, "blur", "2mm", "agreement", "original_firstorder_Mean")["wcv_status"] == "ok"


def test_volume_adjustment_takes_the_size_out():
    rng = np.random.default_rng(0)
    log_volume = rng.normal(4, 1, size=(40, 1))
    volume = np.repeat(np.exp(log_volume), 2, axis=1)
    driven = log_volume + 0.3 * rng.normal(size=(40, 2))
    free = rng.normal(size=(40, 1)) + 0.3 * rng.normal(size=(40, 2))
    names = ("original_shape_MeshVolume", "original_firstorder_Energy", "original_glcm_Contrast")
    frame = plain(np.stack([volume, driven, free], axis=2), names=names)
    table = stability_table(frame, reference="a").set_index("feature")
    table = table[table["estimand"].eq("agreement")]
    assert table.loc[names[1], "icc_a_1"] > 0.8
    assert table.loc[names[1], "icc_volume_adjusted"] < 0.35
    assert table.loc[names[2], "icc_volume_adjusted"] == pytest.approx(
        table.loc[names[2], "icc_a_1"], abs=0.1
    )


def test_volume_adjustment_is_undefined_without_a_volume_and_says_so():
    rng = np.random.default_rng(0)
    table = stability_table(plain(rng.normal(size=(30, 2))), reference="a")
    assert table["icc_volume_adjusted"].isna().all()
    assert table["notes"].str.contains("no original_shape_MeshVolume").all()


def test_scale_sensitive_features_are_flagged():
    rng = np.random.default_rng(0)
    heavy = np.exp(1.5 * rng.normal(size=(40, 1)) + 0.4 * rng.normal(size=(40, 2)))
    mild = 10 + rng.normal(size=(40, 1)) + 0.1 * rng.normal(size=(40, 2))
    table = stability_table(plain(np.stack([heavy, mild], axis=2), names=("heavy", "mild")), reference="a")
    assert table.groupby("feature")["scale_sensitive"].first().to_dict() == {"heavy": True, "mild": False}


def test_test_retest_is_repeatability_of_all_conditions_together():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(30, 1)) + 0.3 * rng.normal(size=(30, 2))
    table = stability_table(plain(values), exchangeable=True)
    assert len(table) == 1
    row = table.iloc[0]
    assert (row["estimand"], row["k"], row["n"]) == ("repeatability", 2, 30)
    assert (pd.isna(row["level"]), row["factor"]) == (True, "condition")
    assert row["icc_1_1"] == pytest.approx(icc(values).iloc[0]["icc_1_1"])
    assert np.isfinite(row["bias_f"])  # test and retest have an order, draws have none


def test_a_plain_table_with_a_reference_has_agreement_and_factor():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(30, 1)) + 0.3 * rng.normal(size=(30, 3))
    frame = plain(values).rename(columns={"case_id": "patient", "condition": "scanner"})
    table = stability_table(frame, case="patient", condition="scanner", reference="b", features=["f"])
    rows = list(zip(table["factor"], table["level"].astype(object), table["estimand"], strict=True))
    assert [(f, None if pd.isna(level) else level, e) for f, level, e in rows] == [
        ("scanner", None, "factor"),
        ("scanner", "a", "agreement"),
        ("scanner", "c", "agreement"),
    ]
    expected = fixed_limits(mean_squares(values[:, [1, 2]][:, :, None])).low[0]
    assert table["icc_a_1_low_fixed"].iloc[2] == pytest.approx(expected)
    assert table["notes"].str.contains("role not declared").all()


def test_thresholds_and_alpha_are_used():
    features, conditions, table = example()
    strict = stability_table(features, roles=roles(conditions), thresholds=(0.6, 0.8, 0.99), alpha=0.01)
    judged = strict[strict["class"].notna()]
    assert (judged["class"].eq("excellent") == judged["class_limit"].ge(0.99)).all()
    wide, usual = (row_of(t, "blur", "4mm", "agreement") for t in (strict, table))
    assert wide["icc_c_1_low"] < usual["icc_c_1_low"]
    assert wide["icc_a_1_low_fixed"] < usual["icc_a_1_low_fixed"]


def test_cases_of_one_patient_widen_the_bootstrap_interval(tmp_path):
    from tests.stability.cohort import write_study

    features, conditions = cohort(24, factors={"noise": ("acquisition", 4, [("mild", 1, None, 0.2, 0.5)])})
    folder = write_study(tmp_path / "study", features, conditions)
    alone = stability_table(folder)
    cases = pd.DataFrame({"case_id": sorted(features["case_id"].unique())})
    cases["patient"] = [f"patient{i // 6}" for i in range(24)]
    cases.to_csv(folder / "cases.csv", index=False)
    grouped = stability_table(folder)
    ours = alone["estimand"].eq("agreement")
    pd.testing.assert_series_equal(alone.loc[ours, "icc_a_1"], grouped.loc[ours, "icc_a_1"])
    assert not np.allclose(alone.loc[ours, "icc_a_1_low_fixed"], grouped.loc[ours, "icc_a_1_low_fixed"])


def test_a_feature_that_does_not_vary_at_a_level_cannot_be_standardized_and_has_no_class():
    features, conditions, _ = example()
    features = features.copy()
    features.loc[features["condition"].eq("bin_width=2"), CONTRAST] = 1.0
    table = stability_table(features, roles=roles(conditions))
    row = row_of(table, "bin_width", "2", "agreement")
    assert pd.isna(row["class"])
    assert np.isnan(row["ceiling_location_scale"])
    assert "does not vary" in row["notes"]
    assert row_of(table, "bin_width", "1", "agreement")["class"] == "excellent"
    found = summary(table)
    counts = found[["n_classifiable", "n_invariant", "n_constant", "n_insufficient"]].sum(axis=1)
    assert (counts == found["n_features"]).all()


def test_bias_in_reference_sds_is_undefined_where_the_reference_does_not_vary():
    rng = np.random.default_rng(0)
    values = np.column_stack([np.full(30, 0.1), rng.normal(size=30)])
    row = stability_table(plain(values), reference="a").iloc[-1]
    assert row["status"] == "no_signal"
    assert row[["bias_sd", "loa_low", "spearman", "ceiling_location_scale"]].isna().all()
    assert row["class"] == "poor"


def test_a_reference_alone_is_an_error():
    features, _, _ = example()
    with pytest.raises(DataError, match="nothing but the reference"):
        stability_table(features[features["condition"].eq("reference")])
