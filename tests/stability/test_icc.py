"""ICC against published numbers, R, pingouin, and what must not change it."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from robustrad.core.errors import DataError
from robustrad.stability.anova import mean_squares
from robustrad.stability.forms import FORMS, Estimate, averaged
from robustrad.stability.icc import FIXED, ICC_COLUMNS, icc
from robustrad.stability.quantiles import satterthwaite_quantiles
from robustrad.stability.reml import components

SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# R psych 2.2.9, ICC(lmer=FALSE): estimate, lower, upper.
PSYCH = {
    "icc_1_1": (0.1657417684, -0.1329323249, 0.7225600623),
    "icc_a_1": (0.2897637795, 0.0187865134, 0.7610843696),
    "icc_c_1": (0.7148407148, 0.3424647650, 0.9458582600),
    "icc_1_k": (0.4427971337, -0.8844421552, 0.9124154203),
    "icc_a_k": (0.6200505476, 0.0711368153, 0.9272320402),
    "icc_c_k": (0.9093155424, 0.6756747138, 0.9858916782),
}
PSYCH_TYPES = dict(zip(["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"], FORMS, strict=True))


def random_table(seed: int, n: int, k: int, p: int = 1, *, bias: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 1, p)) + bias * rng.normal(size=(1, k, p)) + 0.5 * rng.normal(size=(n, k, p))


def with_mean_squares(n: int, k: int, msr: float, msc: float, mse: float) -> np.ndarray:
    """Return a table that has exactly these mean squares."""
    rng = np.random.default_rng(0)

    def unit(shape: tuple[int, ...]) -> np.ndarray:
        x = rng.normal(size=shape)
        for axis in range(x.ndim):
            x = x - x.mean(axis=axis, keepdims=True)
        return x / np.sqrt((x**2).sum())

    subjects = unit((n,)) * np.sqrt(msr * (n - 1) / k)
    conditions = unit((k,)) * np.sqrt(msc * (k - 1) / n)
    residual = unit((n, k)) * np.sqrt(mse * (n - 1) * (k - 1))
    return subjects[:, None] + conditions + residual


def test_shrout_and_fleiss_as_psych_computes_it():
    row = icc(SHROUT_FLEISS).iloc[0]
    for form, expected in PSYCH.items():
        assert (row[form], row[f"{form}_low"], row[f"{form}_high"]) == pytest.approx(expected, abs=1e-10)
    assert row["bias_f"] == pytest.approx(31.86649, abs=5e-6)
    assert row["bias_p"] == pytest.approx(9.4543e-07, rel=1e-4)
    assert (row["n"], row["k"], row["n_dropped"], row["status"], row["note"]) == (6, 4, 0, "ok", "n < 20")


def test_mean_squares_of_shrout_and_fleiss():
    squares = mean_squares(np.array(SHROUT_FLEISS, dtype=float)[:, :, None])
    found = [squares.rows[0], squares.columns[0], squares.error[0], squares.within[0]]
    assert found == pytest.approx([11.2416666667, 32.4861111111, 1.0194444444, 6.2638888889], abs=1e-10)


def test_full_digits_of_psych_on_the_same_table(data_dir):
    gold = pd.read_csv(data_dir / "reference" / "psych_icc" / "shrout_fleiss_psych.csv").set_index("type")
    row = icc(SHROUT_FLEISS).iloc[0]
    for name, form in PSYCH_TYPES.items():
        expected = gold.loc[name, ["ICC", "lower bound", "upper bound"]].astype(float).tolist()
        assert [row[form], row[f"{form}_low"], row[f"{form}_high"]] == pytest.approx(expected, abs=1e-10)


def test_psych_on_83_features_of_three_structures(data_dir):
    """The reference holds psych's F values, not the images' features: F and n fix the mean squares up to a
    factor that no ICC sees (MSR = 1, MSW = 1/F1, MSE = 1/F3, MSC = n MSW - (n-1) MSE at k = 2), so a table
    with these mean squares must give psych's estimates and limits in all six forms."""
    gold = pd.read_csv(data_dir / "reference" / "psych_icc" / "qin_prostate_T2AX_original_psych_icc.csv")
    checked = 0
    for n, group in gold.groupby("n"):
        wide = group.pivot(index=["structure", "feature"], columns="type")
        within, error = 1 / wide["F"]["ICC1"], 1 / wide["F"]["ICC3"]
        tables = [
            with_mean_squares(n, 2, 1.0, n * w - (n - 1) * e, e) for w, e in zip(within, error, strict=True)
        ]
        found = icc(np.stack(tables, axis=2))
        for name, form in PSYCH_TYPES.items():
            for theirs, ours in (("ICC", form), ("lower", f"{form}_low"), ("upper", f"{form}_high")):
                np.testing.assert_allclose(found[ours], wide[theirs][name], rtol=0, atol=1e-10)
                checked += len(found)
    assert checked == 83 * 3 * 6 * 3


@pytest.mark.parametrize("seed", range(12))
def test_pingouin_gives_the_same_on_random_tables(seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pingouin

        rng = np.random.default_rng(seed)
        n, k = int(rng.integers(5, 40)), int(rng.integers(2, 9))
        values = random_table(seed, n, k, bias=rng.choice([0.0, 0.3, 2.0]))[:, :, 0]
        long = pd.DataFrame(
            {"s": np.repeat(np.arange(n), k), "c": np.tile(np.arange(k), n), "y": values.ravel()}
        )
        pingouin.options["round.column.CI95"] = None
        table = pingouin.intraclass_corr(long, targets="s", raters="c", ratings="y").set_index("Type")
    row = icc(values).iloc[0]
    for form in FORMS:
        name = f"ICC({form.split('_')[1].upper()},{form.split('_')[2]})"
        low, high = table.loc[name, "CI95"]
        expected = [float(table.loc[name, "ICC"]), float(low), float(high)]
        assert [row[form], row[f"{form}_low"], row[f"{form}_high"]] == pytest.approx(expected, abs=1e-10)


def test_missing_cells_by_reml_match_lme4(data_dir):
    gold = json.loads((data_dir / "reference" / "statistics_oracle.json").read_text())[
        "shrout_fleiss_2missing"
    ]
    expected = {f"icc_{name[4].lower()}_{name[6]}": value for name, value in gold["lme4_icc"].items()}
    assert set(expected) == set(FORMS)
    values = np.array(SHROUT_FLEISS, dtype=float)
    values[0, 1] = values[3, 3] = np.nan
    row = icc(values, missing="reml").iloc[0]
    assert row[list(expected)].astype(float).to_dict() == pytest.approx(expected, abs=2e-3)
    assert (row["status"], row["n"], row["n_dropped"]) == ("partial", 6, 0)
    assert np.isnan(row["icc_a_1_low"])


def test_missing_cells_by_reml_give_the_printed_lme4_numbers():
    values = np.array(SHROUT_FLEISS, dtype=float)
    values[0, 1] = values[3, 3] = np.nan
    row = icc(values, missing="reml").iloc[0]
    assert row["icc_a_1"] == pytest.approx(0.3491030799, abs=2e-3)
    assert row["icc_c_1"] == pytest.approx(0.7594267492, abs=2e-3)


def test_reml_is_anova_on_a_complete_table():
    values = random_table(3, 15, 4)[:, :, 0]
    squares = mean_squares(values[:, :, None])
    found = components(values)
    assert found.error == pytest.approx(squares.error[0], rel=1e-6)
    assert found.subjects == pytest.approx((squares.rows[0] - squares.error[0]) / 4, rel=1e-6)
    assert found.conditions == pytest.approx((squares.columns[0] - squares.error[0]) / 15, rel=1e-6)


def test_listwise_dropping_equals_the_table_without_the_subject():
    values = random_table(5, 30, 3, p=8)
    values[4, 1, 2] = np.nan
    values[9, 0, 2] = np.inf
    values[7, 2, 5] = np.nan
    table = icc(values, fixed=True)
    for feature, gone in ((2, [4, 9]), (5, [7]), (0, [])):
        alone = icc(np.delete(values[:, :, feature], gone, axis=0), fixed=True).iloc[0]
        row = table.loc[feature]
        numbers = [*ICC_COLUMNS, FIXED]
        assert row[numbers].tolist() == pytest.approx(alone[numbers].tolist(), rel=1e-12)
        assert (row["n"], row["n_dropped"]) == (30 - len(gone), len(gone))
        assert row["status"] == ("partial" if gone else "ok")


def test_a_feature_does_not_see_its_neighbors():
    values = random_table(6, 20, 3, p=300)
    together = icc(values, fixed=True)
    alone = icc(values[:, :, 137], fixed=True).iloc[0]
    numbers = [*ICC_COLUMNS, FIXED, "bias_f", "bias_p"]
    assert together.loc[137, numbers].tolist() == pytest.approx(alone[numbers].tolist(), rel=1e-12)


def test_statuses_of_degenerate_features():
    rng = np.random.default_rng(0)
    n, k = 25, 3
    shape = np.repeat(rng.uniform(1, 2, (n, 1)), k, axis=1)
    features = {
        "ok": rng.normal(size=(n, 1)) + 0.1 * rng.normal(size=(n, k)),
        "constant": np.full((n, k), 0.1) + 1e-13 * rng.normal(size=(n, k)),
        "invariant": shape * (1 + 1e-12 * rng.normal(size=(n, k))),
        "no_signal": np.array([0.0, 1.0, 5.0]) + rng.permuted(np.tile(np.eye(3), (9, 1))[:n], axis=1),
        "partial": np.where(np.arange(n * k).reshape(n, k) == 7, np.nan, rng.normal(size=(n, k)) + 9 * shape),
        "insufficient": np.where(np.arange(n)[:, None] < 6, np.nan, shape),
    }
    table = icc(np.stack(list(features.values()), axis=2), names=list(features), fixed=True)
    assert table["status"].to_dict() == {name: name for name in features}
    numbers = [*ICC_COLUMNS, FIXED]
    assert table.loc[["constant", "insufficient"], numbers].isna().all(axis=None)
    assert (table.loc["invariant", numbers] == 1.0).all()
    assert table.loc["invariant", ["bias_f", "bias_p"]].isna().all()
    assert table.loc["no_signal", "icc_c_1"] <= 0
    assert table.loc["partial", "n_dropped"] == 1
    assert np.isfinite(table.loc["partial", numbers].astype(float)).all()


@pytest.mark.parametrize(
    ("n", "dropped", "expected"),
    [(4, 0, "insufficient"), (5, 0, "ok"), (25, 5, "partial"), (25, 6, "insufficient"), (6, 1, "partial")],
)
def test_at_least_five_subjects_and_at_most_a_fifth_dropped(n, dropped, expected):
    values = random_table(1, n, 3)
    values[:dropped, 0] = np.nan
    assert icc(values)["status"].tolist() == [expected]


def test_one_condition_is_insufficient():
    assert icc(random_table(1, 20, 1))["status"].tolist() == ["insufficient"]


def test_few_subjects_are_noted():
    assert icc(random_table(1, 19, 2))["note"].tolist() == ["n < 20"]
    assert icc(random_table(1, 20, 2))["note"].tolist() == [""]


def test_one_way_judges_the_signal_by_msw():
    # A large bias: MSR lies between MSE and MSW.
    values = with_mean_squares(20, 3, 2.0, 90.0, 1.0)
    assert icc(values)["status"].tolist() == ["ok"]
    assert icc(values, one_way=True)["status"].tolist() == ["no_signal"]


def test_an_offset_of_1e9_costs_no_digits_that_the_data_have():
    values = np.round(random_table(8, 30, 4, p=5), 3) * 2**10  # exactly representable after the offset
    values = np.round(values)
    plain, shifted = icc(values), icc(values + 1e9)
    pd.testing.assert_frame_equal(plain[list(ICC_COLUMNS)], shifted[list(ICC_COLUMNS)], rtol=0, atol=1e-12)


def test_a_pure_shift_is_perfect_consistency_and_imperfect_agreement():
    subjects = np.random.default_rng(0).normal(size=30)
    row = icc(np.column_stack([subjects, subjects + 1.0])).iloc[0]
    assert row[["icc_c_1", "icc_c_1_low", "icc_c_1_high"]].tolist() == pytest.approx([1, 1, 1])
    assert row["icc_a_1"] == pytest.approx(1 / (1 + 0.5 / subjects.var(ddof=1)))


def test_ndim_and_names_are_checked():
    with pytest.raises(DataError, match="shape"):
        icc(np.zeros(5))
    with pytest.raises(DataError, match="3 names"):
        icc(np.zeros((5, 2, 2)), names=["a", "b", "c"])


def test_quantile_series_equals_the_inverted_distribution():
    for n, k in ((5, 2), (34, 2), (30, 10), (400, 60), (1000, 2)):
        v = np.geomspace(0.5 * (k - 1), 2 * n * (k - 1), 400)
        lower, upper = satterthwaite_quantiles(v, n, k, 0.05)
        np.testing.assert_allclose(lower, special.fdtri(n - 1, v, 0.975), rtol=1e-12)
        np.testing.assert_allclose(upper, special.fdtri(v, n - 1, 0.975), rtol=1e-12)


def test_average_limits_below_the_pole_are_minus_infinity():
    single = icc(SHROUT_FLEISS).iloc[0]
    single_form = Estimate(np.array([0.5, -0.2]), np.array([-0.4, -0.5]), np.array([0.9, 0.1]))
    stepped = averaged(single_form, 4)
    assert stepped.low.tolist() == [-np.inf, -np.inf]
    assert stepped.value.tolist() == pytest.approx([0.8, -2.0])
    assert single["icc_a_k_low"] == pytest.approx(
        4 * single["icc_a_1_low"] / (1 + 3 * single["icc_a_1_low"]), rel=1e-12
    )


tables = st.tuples(st.integers(0, 10_000), st.integers(5, 40), st.integers(2, 7))


@settings(max_examples=60, deadline=None)
@given(tables, st.floats(0.01, 1e6), st.floats(-1e6, 1e6), st.booleans())
def test_affine_maps_change_nothing(shape, scale, offset, flip):
    values = random_table(*shape)
    moved = (-scale if flip else scale) * values + offset * scale
    found = icc(np.concatenate([values, moved], axis=2))[list(ICC_COLUMNS)]
    np.testing.assert_allclose(found.iloc[0], found.iloc[1], rtol=1e-6, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(tables)
def test_order_of_subjects_and_conditions_does_not_matter(shape):
    values = random_table(*shape)
    rng = np.random.default_rng(shape[0])
    shuffled = values[rng.permutation(shape[1])][:, rng.permutation(shape[2])]
    numbers = [*ICC_COLUMNS, FIXED]
    found = icc(np.concatenate([values, shuffled], axis=2), fixed=True)[numbers]
    np.testing.assert_allclose(found.iloc[0], found.iloc[1], rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(tables)
def test_a_bias_of_the_conditions_leaves_consistency_alone_and_lowers_the_others(shape):
    values = random_table(*shape, bias=0.0)
    pushed = values + np.linspace(0, 3, shape[2])[None, :, None]
    plain, biased = (icc(table).iloc[0] for table in (values, pushed))
    consistency = [name for name in ICC_COLUMNS if name.startswith("icc_c")]
    assert biased[consistency].tolist() == pytest.approx(plain[consistency].tolist(), abs=1e-9)
    squares = mean_squares(pushed)
    if squares.columns[0] >= squares.error[0] and biased["icc_c_1"] >= 0:
        assert biased["icc_a_1"] <= biased["icc_c_1"] + 1e-12
        assert biased["icc_1_1"] <= biased["icc_a_1"] + 1e-12


@settings(max_examples=40, deadline=None)
@given(tables)
def test_identities_of_the_mean_squares(shape):
    seed, n, k = shape
    values = random_table(seed, n, k)
    s = mean_squares(values)
    within = ((k - 1) * s.columns + (n - 1) * (k - 1) * s.error) / (n * (k - 1))
    np.testing.assert_allclose(s.within, within, rtol=1e-12)
    np.testing.assert_allclose(s.within, values.var(axis=1, ddof=1).mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(s.total_sd, values.reshape(n * k, -1).std(axis=0, ddof=1), rtol=1e-10)
    if k == 2:
        cov = np.cov(values[:, 0, 0], values[:, 1, 0])
        expected = 2 * cov[0, 1] / (cov[0, 0] + cov[1, 1])
        assert icc(values)["icc_c_1"].tolist() == pytest.approx([expected], abs=1e-10)
