"""Classes, clusters, names, summary and headline."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.core.errors import DataError
from robustrad.stability.classes import classify, worst_classes
from robustrad.stability.clusters import correlation_clusters
from robustrad.stability.naming import is_radiomic, is_ratio_scale, parse
from robustrad.stability.summary import headline, summary
from robustrad.stability.table import stability_table
from tests.stability.cohort import cohort, example, roles


def test_a_value_on_a_boundary_belongs_to_the_upper_class():
    found = classify(np.array([-0.2, 0.0, 0.499, 0.5, 0.75, 0.9, 1.0, np.nan]))
    assert found.tolist() == ["poor", "poor", "poor", "moderate", "good", "excellent", "excellent", None]


def test_thresholds_must_rise():
    with pytest.raises(DataError, match="three rising numbers"):
        stability_table(example()[0], thresholds=(0.9, 0.75, 0.5))


def test_every_pair_in_a_cluster_is_correlated():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(60, 5))
    values = np.repeat(base, 6, axis=1) + 0.25 * rng.normal(size=(60, 30))
    values[:, 3] *= -1
    clusters = correlation_clusters(values)
    rho = np.abs(pd.DataFrame(values).corr(method="spearman").to_numpy())
    for cluster in np.unique(clusters):
        members = np.flatnonzero(clusters == cluster)
        assert (rho[np.ix_(members, members)] > 0.9).all()
    assert clusters.max() + 1 < 30


def test_chains_of_correlation_do_not_join_their_ends():
    rng = np.random.default_rng(1)
    start, end = rng.normal(size=(2, 4000))
    angle = np.deg2rad([0, 20, 40])
    values = np.cos(angle) * start[:, None] + np.sin(angle) * end[:, None]
    clusters = correlation_clusters(values)
    assert clusters[0] != clusters[2]


def test_monotone_maps_keep_clusters_and_constants_and_gaps_stand_alone():
    rng = np.random.default_rng(2)
    x = rng.normal(size=30)
    gap = x.copy()
    gap[4] = np.nan
    values = np.column_stack([x, np.exp(x), np.ones(30), -(x**3), gap, rng.normal(size=30)])
    assert correlation_clusters(values).tolist() == [0, 0, 1, 0, 2, 3]
    without_a_case = np.vstack([values[:, :4], np.full(4, np.nan)])
    assert correlation_clusters(without_a_case).tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("name", "image_type", "family", "group"),
    [
        ("original_glcm_Contrast", "original", "original", "glcm"),
        ("wavelet-LLH_firstorder_10Percentile", "wavelet-LLH", "wavelet", "firstorder"),
        ("log-sigma-2-0-mm-3D_glszm_ZoneEntropy", "log-sigma-2-0-mm-3D", "log", "glszm"),
        ("original_shape2D_Perimeter", "original", "original", "shape2D"),
        ("ivim:D_star", "", "", "ivim"),
        ("age", "", "", "other"),
    ],
)
def test_names_are_parsed(name, image_type, family, group):
    found = parse(name)
    assert (found.image_type, found.family, found.feature_class) == (image_type, family, group)
    assert is_radiomic(name) == (group != "other")


def test_only_suv_makes_intensities_a_ratio_scale():
    assert not is_ratio_scale("original_firstorder_Mean", modality="CT")
    assert is_ratio_scale("original_firstorder_Mean", modality="PT")
    assert is_ratio_scale("original_firstorder_Variance", modality="CT")
    assert not is_ratio_scale("original_glszm_ZoneEntropy", modality="PT")


def test_summary_counts_what_the_table_holds():
    _, _, table = example()
    found = summary(table)
    row = found[
        found["factor"].eq("blur") & found["level"].eq("6mm") & found["image_type"].eq("all")
        & found["feature_class"].eq("glcm")
    ].iloc[0]  # fmt: skip
    rows = table[table["factor"].eq("blur") & table["level"].eq("6mm") & table["feature_class"].eq("glcm")]
    assert row["n_features"] == len(rows) == 12
    assert row["median"] == pytest.approx(rows["icc_a_1"].median())
    assert row["median_limit"] == pytest.approx(rows["icc_a_1_low_fixed"].median())
    assert row["poor"] == pytest.approx(rows["class"].eq("poor").mean())
    shares = found[["excellent", "good", "moderate", "poor"]].sum(axis=1)
    assert shares[found["n_classifiable"] > 0].tolist() == pytest.approx(
        [1.0] * int((found["n_classifiable"] > 0).sum())
    )


def test_invariant_features_stand_outside_the_shares():
    _, _, table = example()
    found = summary(table)
    rows = found[found["factor"].eq("noise") & found["feature_class"].eq("shape")]
    assert (rows["n_invariant"] == rows["n_features"]).all()
    assert rows[["excellent", "poor", "median_limit"]].isna().all(axis=None)
    everything = found[found["factor"].eq("noise") & found["feature_class"].eq("all")]
    assert (everything["n_classifiable"] + everything["n_invariant"] == everything["n_features"])[
        everything["image_type"].eq("all")
    ].all()


def test_summary_lists_kinds_of_images_when_there_are_several():
    _, _, table = example()
    assert set(summary(table)["image_type"]) == {"all", "original", "wavelet"}
    one = summary(table[table["image_type"].eq("original")])
    assert set(one["image_type"]) == {"all"}


def test_a_features_class_is_the_worse_of_repeatability_and_agreement():
    _, _, table = example()
    worst = worst_classes(table).set_index(["factor", "severity", "feature"])["class"]
    order = ["poor", "moderate", "good", "excellent"]
    for severity, level in ((1.0, "mild"), (3.0, "strong")):
        rows = table[table["factor"].eq("noise") & table["level"].eq(level) & table["class"].notna()]
        for feature, classes in rows.groupby("feature")["class"]:
            assert len(classes) == 2
            assert worst["noise", severity, feature] == min(classes, key=order.index)


def test_both_signs_of_a_severity_are_judged_together():
    _, _, table = example()
    worst = worst_classes(table)
    volume = worst[worst["factor"].eq("volume")]
    assert sorted(set(volume["severity"])) == [1.0, 2.0]
    assert volume["level"].isna().all()
    bins = worst[worst["factor"].eq("bin_width")]
    assert list(dict.fromkeys(bins["level"])) == ["0.25", "0.5", "1", "2"]


def test_a_feature_with_too_few_subjects_at_one_sign_has_no_class():
    features, conditions, _ = example()
    features = features.copy()
    gone = features["case_id"].lt("P010") & features["condition"].eq("volume=minus20")
    features.loc[gone, "status"] = "skipped"
    worst = worst_classes(stability_table(features, roles=roles(conditions)))
    worst = worst[worst["factor"].eq("volume")].set_index("severity")
    assert worst.loc[2.0, "class"].isna().all()
    assert set(worst.loc[2.0, "status"]) == {"insufficient"}
    assert worst.loc[1.0, "class"].notna().all()


def test_headline_counts_features_and_clusters():
    _, _, table = example()
    found = headline(table)
    worst = worst_classes(table)
    part = worst[worst["factor"].eq("noise") & worst["severity"].eq(2.0)]
    row = found[found["factor"].eq("noise") & found["severity"].eq(2.0)].set_index("unit")
    assert row.loc["features", "n_good"] == part["class"].eq("good").sum()
    assert row.loc["features", "n_outside"] == part["class"].isna().sum()
    assert row.loc["clusters", "n"] == part["cluster"].nunique() < row.loc["features", "n"]
    counts = found[["n_excellent", "n_good", "n_moderate", "n_poor"]].sum(axis=1)
    assert (counts == found["n_classifiable"]).all()


def test_copies_of_a_feature_weigh_once_among_clusters():
    features, conditions = cohort(20, factors={"blur": ("acquisition", 1, [("4mm", 1, None, -0.4, 0.1)])})
    copies = {f"copy:{i}": features["original_glszm_ZoneEntropy"] for i in range(40)}
    table = stability_table(features.assign(**copies), roles=roles(conditions))
    found = headline(table).set_index("unit")
    without = headline(stability_table(features, roles=roles(conditions))).set_index("unit")
    assert found.loc["features", "n"] == without.loc["features", "n"] + 40
    assert found.loc["clusters", "n"] == without.loc["clusters", "n"]


def test_controls_are_left_out_of_headlines():
    features, conditions, _ = example()
    table = stability_table(features, roles={**roles(conditions), "blur": "control"})
    assert "blur" not in set(headline(table)["factor"])
    rows = summary(table)
    assert rows.loc[rows["factor"].eq("blur"), ["excellent", "median", "median_limit"]].isna().all(axis=None)
