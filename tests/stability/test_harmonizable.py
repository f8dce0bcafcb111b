"""The harmonizable share says beforehand what ComBat can do: simulations of three kinds of effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from robustrad.core.errors import DataError
from robustrad.harmonize.combat import ComBat
from robustrad.stability.anova import mean_squares
from robustrad.stability.components import decompose
from robustrad.stability.fixed import share_samples, tails
from robustrad.stability.generalizability import averages_needed, generalizability
from robustrad.stability.harmonizable import harmonizable_limits, harmonizable_share
from robustrad.stability.icc import icc
from robustrad.stability.table import stability_table
from tests.stability.cohort import cohort, example, roles

N, K, P = 120, 4, 60


def levels(effect: str, seed: int = 0) -> np.ndarray:
    """120 subjects at a reference and three levels: one kind of effect, ICC(A,1) near .7 in each."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(N, 1, P))
    values = truth + 0.25 * rng.normal(size=(N, K, P))
    if effect == "shift_and_scale":
        shift = np.array([0.0, 0.5, 1.0, 1.5])[:, None] * rng.choice([-1, 1], size=P)
        return values * np.array([1.0, 1.1, 0.9, 0.8])[:, None] + shift
    noise = np.array([0.0, 0.5, 0.7, 0.9])[:, None] * rng.normal(size=(N, K, P))
    if effect == "noise":
        return values + noise
    # Each subject has a sensitivity of its own (its size, say), the same at all levels, of either sign.
    return values + np.array([0.0, 0.7, 1.1, 1.4])[:, None] * rng.normal(size=(N, 1, P))


def after_combat(values: np.ndarray) -> np.ndarray:
    """ComBat on the same patients at all levels: the most that it can do."""
    n, k, p = values.shape
    batch = np.tile([f"L{j}" for j in range(k)], n)
    return ComBat().fit_transform(values.reshape(n * k, p), batch=batch).reshape(n, k, p)


def median_of(values: np.ndarray) -> pd.Series:
    n, k, p = values.shape
    frame = pd.DataFrame(values.reshape(n * k, p), columns=[f"f{i}" for i in range(p)])
    frame.insert(0, "case_id", [f"P{i:03d}" for i in range(n) for _ in range(k)])
    frame.insert(1, "condition", [f"L{j}" for _ in range(n) for j in range(k)])
    table = stability_table(frame, reference="L0")
    return table[table["estimand"].eq("factor")].median(numeric_only=True)


@pytest.mark.parametrize(
    ("effect", "share", "gain"),
    [
        ("shift_and_scale", (0.75, 1.0), (0.2, 0.5)),
        ("noise", (0.0, 0.05), (-0.02, 0.04)),
        ("subject", (0.0, 0.05), (-0.02, 0.06)),
    ],
)
def test_the_share_tells_what_combat_will_do(effect, share, gain):
    values = levels(effect)
    found = median_of(values)
    assert 0.55 < found["icc_a_1"] < 0.8
    assert share[0] <= found["harmonizable_share"] <= share[1]
    remedied = icc(after_combat(values))["icc_a_1"].median()
    assert gain[0] < remedied - found["icc_a_1"] < gain[1]
    # ComBat moves and scales each level: it reaches the second ceiling and does not pass it.
    assert remedied == pytest.approx(found["ceiling_location_scale"], abs=0.02)
    assert found["ceiling_c_1"] <= found["ceiling_location_scale"] + 0.01


def test_a_shift_alone_reaches_the_first_ceiling():
    values = levels("shift_and_scale")
    found = median_of(values)
    centered = icc(values - values.mean(axis=0))
    assert centered["icc_a_1"].median() == pytest.approx(found["ceiling_c_1"], abs=0.01)


def test_the_share_is_the_closed_form_without_draws():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(20, 3, 30)) + np.array([0, 0.5, 1])[:, None]
    squares = mean_squares(values)
    level = np.maximum((squares.columns - squares.error) / squares.n, 0)
    found = harmonizable_share(decompose(values[:, :, None]))
    # A subject variance of 0 or less changes nothing: it is not in the share.
    assert found == pytest.approx(level / (level + squares.error))


def test_interpolated_limits_are_the_direct_ones():
    rng = np.random.default_rng(2)
    shift = np.exp(rng.uniform(-4, 4, size=300)) * np.array([0, 1, 2.5])[:, None]
    squares = mean_squares(rng.normal(size=(25, 3, 300)) + shift)
    found = harmonizable_limits(squares)
    direct = tails(share_samples(squares.columns / squares.error, 25, 3), 0.05)
    assert found.low == pytest.approx(direct.low, abs=2e-3)
    assert found.high == pytest.approx(direct.high, abs=2e-3)
    assert (found.low <= found.high).all()


def test_no_noise_at_all_is_harmonizable_altogether():
    values = np.arange(10.0)[:, None, None] + np.array([0.0, 1.0])[:, None]
    squares = mean_squares(values)
    assert harmonizable_share(decompose(values[:, :, None]))[0] == 1.0
    assert [limit[0] for limit in harmonizable_limits(squares)] == pytest.approx([1, 1], abs=1e-6)


@pytest.mark.parametrize(
    ("n", "shift", "most"), [(20, 1.5, 0.97), (34, 1.0, 0.97), (100, 0.8, 0.97), (20, 0.4, 1)]
)
def test_limits_cover_the_share_of_fixed_levels(n, shift, most):
    """Two levels, a fixed shift: var_level = shift^2 / 2, var_e = 1; each feature is a replicate."""
    rng = np.random.default_rng(3)
    values = 2 * rng.normal(size=(n, 1, 4000)) + rng.normal(size=(n, 2, 4000))
    values[:, 1] += shift
    low, high = harmonizable_limits(mean_squares(values))
    truth = (shift**2 / 2) / (shift**2 / 2 + 1)
    # Near 0 the lower limit is 0 and never misses.
    assert 0.92 <= np.mean((low <= truth) & (truth <= high)) <= most


def test_with_draws_the_limits_come_from_resampled_patients_and_cover():
    features, conditions, table = example()
    row = table[table["factor"].eq("noise") & table["estimand"].eq("agreement") & table["status"].eq("ok")]
    inside = (row["harmonizable_share_low"] <= row["harmonizable_share"]) & (
        row["harmonizable_share"] <= row["harmonizable_share_high"]
    )
    assert inside.mean() > 0.97
    assert len(features) > len(conditions)


def test_the_share_is_for_named_levels_that_change_the_feature():
    _, _, table = example()
    named = table["estimand"].isin(["agreement", "factor"])
    assert table.loc[~named, ["harmonizable_share", "ceiling_c_1"]].isna().all().all()
    invariant = table["status"].eq("invariant")
    assert invariant.any()
    assert table.loc[invariant, ["harmonizable_share", "ceiling_c_1"]].isna().all().all()
    usable = table[named & table["status"].eq("ok")]
    assert usable["harmonizable_share"].between(0, 1).all()
    assert (usable["ceiling_c_1"] == usable["icc_c_1"]).all()


def test_averages_needed_is_spearman_brown_backwards():
    single = np.array([0.1, 0.5, 0.62, 0.75, 0.89])
    copies = averages_needed(single, target=0.9)

    def average(m: np.ndarray) -> np.ndarray:
        return m * single / (1 + (m - 1) * single)

    assert (average(copies) >= 0.9 - 1e-12).all()
    assert (average(copies - 1) < 0.9).all()
    edge = averages_needed([0.95, 1.0, 0.0, -0.3, np.nan])
    assert edge[:4].tolist() == [1, 1, np.inf, np.inf]
    assert np.isnan(edge[4])
    assert averages_needed(0.5, target=0.75).tolist() == 3
    with pytest.raises(DataError, match="between 0 and 1"):
        averages_needed(0.5, target=1.0)


def test_generalizability_of_one_level_is_the_icc_and_of_m_levels_spearman_brown():
    rng = np.random.default_rng(4)
    values = 2 * rng.normal(size=(30, 1, 9)) + rng.normal(size=(30, 4, 9)) + rng.normal(size=(4, 9))
    components = decompose(values[:, :, None], ["scanner"])
    forms = icc(values)
    single = generalizability(components)
    assert single.absolute == pytest.approx(forms["icc_a_1"].to_numpy())
    assert single.relative == pytest.approx(forms["icc_c_1"].to_numpy())
    mean_of_four = generalizability(components, levels={"scanner": 4})
    assert mean_of_four.absolute == pytest.approx(forms["icc_a_k"].to_numpy())
    assert mean_of_four.relative == pytest.approx(forms["icc_c_k"].to_numpy())
    needed = averages_needed(single.absolute, target=0.95)
    for feature, m in enumerate(needed):
        assert generalizability(components, levels={"scanner": int(m)}).absolute[feature] >= 0.95


def test_generalizability_of_two_factors_is_brennans_formula():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(12, 3, 4, 2, 5)) + 2 * rng.normal(size=(12, 1, 1, 1, 5))
    components = decompose(values, ["a", "b"])
    v = dict(zip([term.name for term in components.terms], components.variance, strict=True))
    found = generalizability(components, levels={"a": 2, "b": 3}, draws=4)
    within = v["subject:a"] / 2 + v["subject:b"] / 3 + v["subject:a:b"] / 6 + v["draw"] / 24
    shared = v["a"] / 2 + v["b"] / 3 + v["a:b"] / 6
    assert found.relative == pytest.approx(v["subject"] / (v["subject"] + within))
    assert found.absolute == pytest.approx(v["subject"] / (v["subject"] + within + shared))
    with pytest.raises(DataError, match="scanner"):
        generalizability(components, levels={"scanner": 2})


def test_the_share_of_a_row_is_that_of_its_components():
    features, conditions = cohort(20, seed=3)
    table = stability_table(features, roles=roles(conditions))
    row = table[table["factor"].eq("noise") & table["level"].eq("strong") & table["estimand"].eq("agreement")]
    wide = features.pivot(index="case_id", columns="condition", values="original_glcm_Contrast")
    draws = np.stack([wide[["reference", f"noise=strong/{i}"]].to_numpy() for i in range(1, 6)], axis=-1)
    expected = harmonizable_share(decompose(draws[..., None]))[0]
    found = row.set_index("feature").loc["original_glcm_Contrast", "harmonizable_share"]
    assert found == pytest.approx(expected)
