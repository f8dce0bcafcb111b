"""Variance components: closed form, gold numbers, planted variances, missing cells, designs."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustrad.core.errors import DataError
from robustrad.stability.components import decompose
from robustrad.stability.components_table import COMPONENT_COLUMNS, components_table
from robustrad.stability.icc import icc
from robustrad.stability.table import stability_table
from tests.stability.cohort import cohort, example, roles

JUDGES = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float
)


@pytest.fixture(scope="module")
def crossed(data_dir) -> tuple[np.ndarray, dict]:
    """Ten subjects x three x four levels, and the gold numbers."""
    gold = json.loads((data_dir / "reference" / "statistics_oracle.json").read_text())["crossed"]
    s, a, b, y = (np.array(gold["data"][name]) for name in "saby")
    values = np.full((10, 3, 4), np.nan)
    values[s - 1, a - 1, b - 1] = y
    return values, gold


def by_name(values: np.ndarray, factors: list[str]) -> dict[str, float]:
    found = decompose(values[..., None, None], factors)
    return {term.name: float(raw) for term, raw in zip(found.terms, found.raw[:, 0], strict=True)}


def test_three_way_components_equal_the_closed_form_gold(crossed):
    values, gold = crossed
    found, expected = by_name(values, ["a", "b"]), gold["vc_anova"]
    names = {"subject": "s", "a": "a", "b": "b", "subject:a": "sa", "subject:b": "sb", "a:b": "ab"}
    assert {names.get(name, "e"): value for name, value in found.items()} == pytest.approx(
        expected, abs=1e-10
    )


def test_two_way_components_equal_lme4(crossed):
    values, gold = crossed
    found = by_name(values[:, :, 0], ["a"])
    expected = gold["vc_two_way_b1"]
    assert [found["subject"], found["a"], found["residual"]] == pytest.approx(
        [expected["s"], expected["a"], expected["e"]], rel=2e-3
    )


@pytest.mark.parametrize("shape", [(8, 3, 1, 5), (7, 4, 3, 5), (6, 2, 3, 1, 4), (6, 2, 3, 2, 4), (9, 6, 3)])
def test_all_components_add_up_to_the_expected_sum_of_squares(shape):
    """Each observation's expected squared distance from another one of nothing in common is the sum."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=shape) + rng.normal(size=(shape[0],) + (1,) * (len(shape) - 2) + shape[-1:])
    found = decompose(values, [f"f{i}" for i in range(len(shape) - 3)])
    flat = values.reshape(-1, shape[-1])
    # Pairs that differ in every index (the draw too, where there is one), computed the slow way.
    index = np.array(list(np.ndindex(shape[:-1])))
    axes = [i for i in range(len(shape) - 1) if shape[i] > 1 or i < len(shape) - 2]
    apart = (index[:, None, axes[: len(shape) - 2]] != index[None, :, axes[: len(shape) - 2]]).all(axis=-1)
    squares = (flat[:, None] - flat[None]) ** 2
    assert found.raw.sum(axis=0) == pytest.approx(squares[apart].mean(axis=0) / 2, rel=1e-10)


def test_planted_variances_are_recovered_without_bias():
    rng = np.random.default_rng(1)
    n, k, d, p = 30, 4, 3, 3000
    sd = {"subject": 2.0, "level": 1.0, "interaction": 0.7, "draw": 0.5}
    values = (
        sd["subject"] * rng.normal(size=(n, 1, 1, p))
        + sd["level"] * rng.normal(size=(1, k, 1, p))
        + sd["interaction"] * rng.normal(size=(n, k, 1, p))
        + sd["draw"] * rng.normal(size=(n, k, d, p))
    )
    found = decompose(values)
    assert [term.component for term in found.terms] == list(sd)
    for raw, expected in zip(found.raw, sd.values(), strict=True):
        error = raw.std() / np.sqrt(p)
        assert abs(raw.mean() - expected**2) < 4 * error


def test_a_cell_without_draws_has_no_draw_variance():
    """The reference repeats its value: the draw component is the mean over all cells, its own 0 included."""
    rng = np.random.default_rng(2)
    n, k, d, p = 40, 2, 5, 2000
    values = np.repeat(rng.normal(size=(n, k, 1, p)), d, axis=2)
    values[:, 1] += 0.8 * rng.normal(size=(n, d, p))
    found = decompose(values)
    assert found.of("draw").mean() == pytest.approx(0.8**2 / 2, rel=0.01)
    assert found.raw[2].mean() == pytest.approx(1.0, rel=0.02)  # interaction: free of the draws


def test_shares_are_the_icc_forms():
    found = decompose(JUDGES[:, :, None, None], ["judge"])
    forms = icc(JUDGES).iloc[0]
    subject, _, residual = found.raw[:, 0]
    assert found.share[0, 0] == pytest.approx(forms["icc_a_1"], rel=1e-12)
    assert subject / (subject + residual) == pytest.approx(forms["icc_c_1"], rel=1e-12)
    one_way = decompose(JUDGES[:, :, None], [])
    assert one_way.share[0, 0] == pytest.approx(forms["icc_1_1"], rel=1e-12)


def test_a_negative_component_is_zero_and_flagged_and_shares_sum_to_one():
    rng = np.random.default_rng(3)
    found = decompose(rng.normal(size=(20, 4, 3, 200)))
    assert found.truncated.any()
    assert (found.variance[found.truncated] == 0).all()
    assert (found.raw[found.truncated] < 0).all()
    assert found.share.sum(axis=0) == pytest.approx(np.ones(200))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    scale=st.floats(1e-3, 1e3),
    offset=st.floats(-1e6, 1e6),
)
def test_components_scale_with_the_square_and_ignore_offset_and_order(seed, scale, offset):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(7, 3, 2, 4)) + rng.normal(size=(7, 1, 1, 4))
    found = decompose(values).raw
    moved = decompose(scale * values[rng.permutation(7)][:, rng.permutation(3)] + offset).raw
    assert moved / scale**2 == pytest.approx(found, rel=1e-5, abs=1e-5 * max(1, abs(offset / scale)) ** 0.5)


def test_a_shape_that_does_not_fit_is_told():
    with pytest.raises(DataError, match=r"shape \(6, 4\)"):
        decompose(JUDGES, ["judge"])
    with pytest.raises(DataError, match="at least 2"):
        decompose(np.zeros((5, 1, 1, 1)), ["a"])


def rows(table: pd.DataFrame, factor: str, feature: str = "original_glcm_Contrast") -> pd.DataFrame:
    return table[table["factor"].eq(factor) & table["feature"].eq(feature)].set_index("term")


def test_the_table_has_the_terms_that_each_design_separates():
    features, conditions, stability = example()
    table = components_table(features, roles=roles(conditions))
    assert tuple(table.columns) == COMPONENT_COLUMNS
    assert list(rows(table, "noise").index) == ["subject", "noise", "subject:noise", "draw"]
    assert list(rows(table, "blur").index) == ["subject", "blur", "residual"]
    assert list(rows(table, "blur")["component"]) == ["subject", "level", "residual"]
    assert list(table["factor"].unique()) == list(stability["factor"].unique())
    sums = table.groupby(["factor", "feature"])["share"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(len(sums)))


def test_the_subjects_share_is_icc_a_1_of_the_stability_table_without_draws():
    features, conditions, stability = example()
    table = components_table(features, roles=roles(conditions))
    expected = stability[stability["estimand"].eq("factor") & stability["factor"].eq("blur")]
    usable = expected["status"].isin(["ok"])
    found = table[table["factor"].eq("blur") & table["component"].eq("subject")]
    assert found["share"].to_numpy()[usable] == pytest.approx(expected["icc_a_1"].to_numpy()[usable])
    assert set(found["share"].to_numpy()[~usable]) == {1.0}  # shape under blur: invariant


def test_statuses_are_those_of_the_stability_table():
    features, conditions = cohort(24, seed=5)
    features = features.assign(original_glcm_Idm=3.0)
    broken = features["condition"].eq("blur=6mm") & features["case_id"].isin(["P001", "P002"])
    features.loc[broken, "original_glcm_Contrast"] = np.nan
    many = features["condition"].eq("blur=6mm") & features["case_id"].lt("P010")
    features.loc[many, "original_glcm_JointEntropy"] = np.nan
    stability = stability_table(features, roles=roles(conditions))
    table = components_table(features, roles=roles(conditions))
    first = table.drop_duplicates(["factor", "feature"])
    expected = stability[stability["estimand"].eq("factor")]
    assert first["status"].tolist() == expected["status"].tolist()
    assert first["n"].tolist() == expected["n"].tolist()
    blur = table[table["factor"].eq("blur")].groupby("feature").first()
    assert blur.loc["original_glcm_Contrast", ["status", "n", "n_dropped"]].tolist() == ["partial", 22, 2]
    assert blur.loc["original_glcm_JointEntropy", "status"] == "insufficient"
    assert blur.loc["original_glcm_Idm", "status"] == "constant"
    undefined = table[table["status"].isin(["insufficient", "constant"])]
    assert undefined[["variance", "share"]].isna().all().all()


def plain(values: np.ndarray) -> pd.DataFrame:
    n, k = values.shape
    return pd.DataFrame(
        {
            "case_id": [f"P{i:02d}" for i in range(n) for _ in range(k)],
            "condition": [chr(97 + j) for _ in range(n) for j in range(k)],
            "f": values.ravel(),
        }
    )


def test_reml_serves_missing_cells_and_equals_lme4(data_dir):
    gold = json.loads((data_dir / "reference" / "statistics_oracle.json").read_text())
    values = JUDGES.copy()
    values[0, 1] = values[3, 3] = np.nan
    dropped = components_table(plain(values), reference="a")
    assert set(dropped["status"]) == {"insufficient"}
    found = components_table(plain(values), reference="a", missing="reml").set_index("component")
    expected = gold["shrout_fleiss_2missing"]["lme4_icc"]
    assert set(found["status"]) == {"reml"}
    assert found["n"].tolist() == [6, 6, 6]
    assert found.loc["subject", "share"] == pytest.approx(expected["ICC(A,1)"], abs=2e-3)
    subject, residual = found.loc["subject", "variance"], found.loc["residual", "variance"]
    assert subject / (subject + residual) == pytest.approx(expected["ICC(C,1)"], abs=2e-3)


def test_reml_leaves_complete_features_and_other_designs_alone():
    features, conditions = cohort(12, seed=6)
    features.loc[features["condition"].eq("noise=mild/1"), "original_glcm_Contrast"] = np.nan
    dropped = components_table(features, roles=roles(conditions))
    found = components_table(features, roles=roles(conditions), missing="reml")
    pd.testing.assert_frame_equal(dropped, found)
    assert set(rows(found, "noise")["status"]) == {"insufficient"}
    with pytest.raises(DataError, match="drop or reml"):
        components_table(features, missing="em")  # type: ignore[arg-type]


def test_repeats_have_subject_and_draw():
    found = components_table(plain(JUDGES), exchangeable=True)
    assert found["term"].tolist() == ["subject", "draw"]
    assert found["share"].iloc[0] == pytest.approx(icc(JUDGES)["icc_1_1"].iloc[0], rel=1e-12)
    assert found[["k", "draws"]].iloc[0].tolist() == [1, 4]


def factorial(values: np.ndarray) -> pd.DataFrame:
    """A factorial study's table of values (n, a, b, draws); the first level of each is the reference."""
    n, na, nb, draws = values.shape
    lines = []
    for a in range(na):
        for b in range(nb):
            acting = [(name, f"{name}{i}") for name, i in (("x", a), ("y", b)) if i]
            factor = "+".join(name for name, _ in acting) or "reference"
            level = "+".join(level for _, level in acting) or "reference"
            repeats = range(1, draws + 1) if a and draws > 1 else (0,)
            for draw in repeats:
                name = f"{factor}={level}/{draw}" if acting else "reference"
                lines += [
                    (f"P{i:02d}", name, factor, level, draw, values[i, a, b, max(draw - 1, 0)])
                    for i in range(n)
                ]
    return pd.DataFrame(lines, columns=["case_id", "condition", "factor", "level", "draw", "f"])


def test_a_factorial_study_is_decomposed_by_factor_and_interaction():
    rng = np.random.default_rng(7)
    values = rng.normal(size=(10, 3, 4, 1)) + rng.normal(size=(10, 1, 1, 1))
    table = components_table(factorial(values))
    found = rows(table, "x+y", "f")
    expected = decompose(values[..., None], ["x", "y"])
    assert list(found.index) == [term.name for term in expected.terms]
    assert found["variance"].tolist() == pytest.approx(expected.variance[:, 0].tolist())
    assert found[["k", "draws"]].iloc[0].tolist() == [12, 1]
    assert list(rows(table, "x", "f").index) == ["subject", "x", "residual"]


def test_draws_of_one_factor_are_nested_in_the_cells_of_a_factorial_study():
    rng = np.random.default_rng(8)
    values = rng.normal(size=(10, 2, 3, 4))
    values[:, 0] = values[:, 0, :, :1]  # without x nothing is random
    found = rows(components_table(factorial(values)), "x+y", "f")
    expected = decompose(values[..., None], ["x", "y"])
    assert list(found.index)[-2:] == ["subject:x:y", "draw"]
    assert found["variance"].tolist() == pytest.approx(expected.variance[:, 0].tolist())


def test_a_name_with_a_plus_is_not_taken_for_a_factorial():
    table = factorial(np.random.default_rng(9).normal(size=(8, 2, 2, 1)))
    alone = table[table["factor"].isin(["reference", "x+y"])]
    assert list(rows(components_table(alone), "x+y", "f").index) == ["subject", "x+y", "residual"]
