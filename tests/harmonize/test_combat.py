"""What ComBat promises: where it learns, what it leaves alone, what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustrad.harmonize.calibration import calibration_rows
from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.errors import HarmonizationError, HarmonizationWarning, OptimisticWarning
from robustrad.harmonize.sequential import SequentialComBat

from .conftest import Table, make_table

VARIANTS = [
    {},
    {"eb": False},
    {"mean_only": True},
    {"ref_batch": "B"},
    {"parametric": False},
    {"n_bootstrap": 5},
    {"ref_batch": "A", "mean_only": True},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_transform_of_the_training_rows_equals_fit_transform(table: Table, variant: dict) -> None:
    combat = ComBat(**variant)
    first = combat.fit_transform(table.X, batch=table.batch, covariates=table.covariates)
    again = combat.transform(table.X, batch=table.batch, covariates=table.covariates)
    assert first.tobytes() == again.tobytes()
    one = np.vstack(
        [
            combat.transform(table.X[[i]], batch=table.batch[[i]], covariates=table.covariates.iloc[[i]])
            for i in range(0, 90, 15)
        ]
    )
    np.testing.assert_allclose(one, first[::15], rtol=0, atol=1e-12)


@pytest.mark.parametrize("variant", [v for v in VARIANTS if "ref_batch" in v], ids=str)
def test_the_reference_batch_comes_back_bit_identical(table: Table, variant: dict) -> None:
    rows = table.batch == variant["ref_batch"]
    out = ComBat(**variant).fit_transform(table.X, batch=table.batch, covariates=table.covariates)
    assert out[rows].tobytes() == table.X[rows].tobytes()
    assert not np.array_equal(out[~rows], table.X[~rows])


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_test_rows_cannot_change_what_was_fitted(table: Table, variant: dict, tmp_path: Path) -> None:
    train, test = np.arange(90) % 3 > 0, np.arange(90) % 3 == 0
    hashes = []
    for factor in (1.0, 1e6):
        X = table.X.copy()
        X[test] *= factor
        combat = ComBat(**variant).fit(X[train], batch=table.batch[train], covariates=table.covariates[train])
        combat.transform(X[test], batch=table.batch[test], covariates=table.covariates[test])
        combat.save(tmp_path / "combat.json")
        hashes.append((tmp_path / "combat.json").read_bytes())
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("suffix", [".json", ".npz"])
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_saved_and_loaded_transforms_to_the_bit(
    table: Table, variant: dict, suffix: str, tmp_path: Path
) -> None:
    X = pd.DataFrame(table.X, columns=[f"f{i}" for i in range(table.X.shape[1])])
    combat = ComBat(**variant).fit(X, batch=table.batch, covariates=table.covariates)
    combat.save(tmp_path / f"combat{suffix}")
    loaded = ComBat.load(tmp_path / f"combat{suffix}")
    assert loaded.get_params() == combat.get_params()
    expected = combat.transform(X, batch=table.batch, covariates=table.covariates)
    pd.testing.assert_frame_equal(
        loaded.transform(X, batch=table.batch, covariates=table.covariates), expected, rtol=0, atol=0
    )
    with pytest.raises(ValueError, match="feature names"):
        loaded.transform(X[X.columns[::-1]], batch=table.batch, covariates=table.covariates)


def test_a_file_that_is_no_combat_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(HarmonizationError, match="a ComBat file"):
        ComBat.load(tmp_path / "x.json")
    with pytest.raises(HarmonizationError, match="suffix"):
        ComBat.load(tmp_path / "x.pkl")


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), variant=st.sampled_from(VARIANTS[:5]))
def test_order_of_rows_and_features_and_units_do_not_matter(seed: int, variant: dict) -> None:
    table = make_table(seed, n=12, p=6)
    rng = np.random.default_rng(seed)
    rows, columns, unit = rng.permutation(36), rng.permutation(6), 10.0 ** rng.integers(-6, 7, 6)

    def run(X: np.ndarray, r: np.ndarray) -> np.ndarray:
        return ComBat(**variant).fit_transform(X, batch=table.batch[r], covariates=table.covariates.iloc[r])

    plain = run(table.X, np.arange(36))
    np.testing.assert_allclose(run(table.X[rows], rows), plain[rows], rtol=0, atol=1e-9)
    np.testing.assert_allclose(run(table.X[:, columns], np.arange(36)), plain[:, columns], rtol=0, atol=1e-9)
    np.testing.assert_allclose(run(table.X * unit, np.arange(36)) / unit, plain, rtol=0, atol=1e-9)


def test_a_shift_goes_and_what_a_covariate_explains_stays() -> None:
    rng = np.random.default_rng(1)
    batch, effect = np.repeat(["A", "B"], 400), rng.normal(size=20)
    age = rng.normal(size=800) + (batch == "B")  # older patients in B
    X = rng.normal(size=(800, 20)) + age[:, None] * effect + 5.0 * (batch == "B")[:, None]
    with_age = ComBat().fit_transform(X, batch=batch, covariates=pd.DataFrame({"age": age}))
    without = ComBat().fit_transform(X, batch=batch)

    def gap(values: np.ndarray) -> np.ndarray:
        return values[batch == "B"].mean(0) - values[batch == "A"].mean(0)

    older = age[batch == "B"].mean() - age[batch == "A"].mean()
    np.testing.assert_allclose(gap(with_age), older * effect, atol=0.25)
    np.testing.assert_allclose(gap(without), 0.0, atol=0.1)


def test_without_shrinkage_batches_have_equal_means_and_variances(table: Table) -> None:
    out = ComBat(eb=False).fit_transform(table.X, batch=table.batch)
    for name in "BC":
        rows, first = out[table.batch == name], out[table.batch == "A"]
        np.testing.assert_allclose(rows.mean(0), first.mean(0), atol=1e-12)
        np.testing.assert_allclose(rows.std(0), first.std(0), atol=1e-12)


def test_inputs_are_not_changed_and_frames_stay_frames(table: Table) -> None:
    X = pd.DataFrame(table.X, index=[f"case{i}" for i in range(90)], columns=list("abcdefghijkl"))
    before = X.copy()
    batch = pd.Series(table.batch, index=X.index)
    out = ComBat().fit_transform(X, batch=batch)
    pd.testing.assert_frame_equal(X, before)
    assert list(out.columns) == list(X.columns)
    assert out.index.equals(X.index)
    with pytest.raises(HarmonizationError, match="index differs"):
        ComBat().fit(X, batch=batch.iloc[::-1])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"batch": None}, "no batch was given"),
        ({"batch": ["A"] * 5}, "one label for each of the 90 rows"),
        ({"batch": [None] + ["A"] * 40 + ["B"] * 49}, "1 of 90 labels are missing"),
        ({"covariates": pd.DataFrame({"age": [np.nan] + [1.0] * 89})}, r"missing values in age \(1\)"),
        ({"covariates": pd.DataFrame({"age": [1.0] * 90})}, "constant over the training rows"),
        ({"covariates": pd.DataFrame({"age": [1.0] * 9})}, "9 rows"),
        ({"covariates": pd.DataFrame({"age": [np.inf, *range(89)]})}, "finite numbers"),
    ],
)
def test_bad_input_is_named(table: Table, change: dict, match: str) -> None:
    arguments = {"batch": table.batch, "covariates": table.covariates} | change
    with pytest.raises(HarmonizationError, match=match):
        ComBat().fit(table.X, **arguments)


@pytest.mark.parametrize(
    "parameters",
    [{"engine": "r"}, {"on_unseen": "guess"}, {"n_bootstrap": -1}, {"allow_outcome_covariate": True}],
)
def test_bad_parameters_are_named(table: Table, parameters: dict) -> None:
    with pytest.raises(HarmonizationError, match=next(iter(parameters))):
        ComBat(**parameters).fit(table.X, batch=table.batch)


def test_small_batches_need_consent(table: Table) -> None:
    batch = np.where(np.arange(90) < 5, "small", table.batch)
    with pytest.raises(HarmonizationError, match=r"too few rows in 'small' \(5\)"):
        ComBat().fit(table.X, batch=batch)
    ComBat(min_batch_size=5).fit(table.X, batch=batch)


def test_labels_are_compared_as_text(table: Table) -> None:
    batch = np.repeat([1, 2, 3], 30)
    combat = ComBat(ref_batch=2).fit(table.X, batch=batch)
    expected = combat.transform(table.X, batch=batch)
    for same in (batch.astype(float), batch.astype(str), pd.Series(batch).astype("category")):
        assert combat.transform(table.X, batch=same).tobytes() == expected.tobytes()


def test_covariates_at_transform_are_the_same_ones(table: Table) -> None:
    combat = ComBat().fit(table.X, batch=table.batch, covariates=table.covariates)
    with pytest.raises(HarmonizationError, match="age, sex not given"):
        combat.transform(table.X, batch=table.batch)
    with pytest.raises(HarmonizationError, match=r"unknown categories \['x'\]"):
        combat.transform(table.X, batch=table.batch, covariates=table.covariates.assign(sex="x"))
    swapped = combat.transform(table.X, batch=table.batch, covariates=table.covariates[["sex", "age"]])
    assert (
        swapped.tobytes()
        == combat.transform(table.X, batch=table.batch, covariates=table.covariates).tobytes()
    )
    # A shift alone needs no covariates: nothing to leak.
    ComBat(mean_only=True).fit(table.X, batch=table.batch, covariates=table.covariates).transform(
        table.X, batch=table.batch
    )


def test_numeric_codes_can_be_categories(table: Table) -> None:
    codes = pd.DataFrame({"stage": np.arange(90) % 3})
    named = codes.assign(stage=codes["stage"].map({0: "a", 1: "b", 2: "c"}))
    coded = ComBat(categorical=("stage",)).fit_transform(table.X, batch=table.batch, covariates=codes)
    text = ComBat().fit_transform(table.X, batch=table.batch, covariates=named)
    np.testing.assert_allclose(coded, text, rtol=0, atol=1e-12)
    with pytest.raises(HarmonizationError, match="names of covariates"):
        ComBat(categorical=("grade",)).fit(table.X, batch=table.batch, covariates=codes)


class TestOutcome:
    y = np.arange(90) % 2

    @pytest.mark.parametrize(
        "disguise", [lambda y: y, lambda y: np.where(y, "dead", "alive"), lambda y: 7.0 - 2 * y]
    )
    def test_an_outcome_among_the_covariates_is_refused(self, table: Table, disguise) -> None:
        covariates = table.covariates.assign(event=disguise(self.y))
        with pytest.raises(HarmonizationError, match="event is the outcome"):
            ComBat().fit(table.X, self.y, batch=table.batch, covariates=covariates)

    def test_fit_only_needs_no_outcome_in_transform(self, table: Table) -> None:
        covariates = table.covariates.assign(event=self.y)
        combat = ComBat(allow_outcome_covariate="fit_only")
        out = combat.fit_transform(table.X, self.y, batch=table.batch, covariates=covariates)
        without = combat.transform(table.X, batch=table.batch, covariates=table.covariates)
        assert out.tobytes() == without.tobytes()
        assert not combat.optimistic_

    def test_optimistic_is_marked(self, table: Table) -> None:
        covariates = table.covariates.assign(event=self.y)
        combat = ComBat(allow_outcome_covariate="optimistic")
        with pytest.warns(OptimisticWarning, match="optimistic"):
            combat.fit(table.X, self.y, batch=table.batch, covariates=covariates)
        assert combat.optimistic_
        with pytest.raises(HarmonizationError, match="event not given"):
            combat.transform(table.X, batch=table.batch, covariates=table.covariates)


class TestCalibration:
    def test_a_new_batch_is_learned_from_unlabelled_rows(self) -> None:
        table = make_table(2, n=200, p=30)
        known = table.batch != "C"
        combat = ComBat(on_unseen="calibrate", ref_batch="A", n_calibration=40).fit(
            table.X[known], batch=table.batch[known]
        )
        new = table.X[~known]
        few = calibration_rows(np.arange(200), n_patients=40)
        with pytest.raises(HarmonizationError, match="Call calibrate"):
            combat.transform(new, batch=["C"] * 200)
        with pytest.raises(HarmonizationError, match="39 rows"):
            combat.calibrate(new[:39], batch=["C"] * 39)
        calibrated = combat.calibrate(new[few], batch=["C"] * 40)
        out = calibrated.transform(new[~few], batch=["C"] * 160)
        target = table.X[table.batch == "A"]
        gap = np.abs(out.mean(0) - target.mean(0)).mean()
        assert gap < 0.2 * np.abs(new.mean(0) - target.mean(0)).mean()
        # alpha, beta and sigma stay as trained, and so does what is known of the other batches.
        before, after = combat.estimates_, calibrated.estimates_
        for name in ("alpha", "beta", "sigma"):
            assert getattr(before, name).tobytes() == getattr(after, name).tobytes()
        assert after.gamma[:2].tobytes() == before.gamma.tobytes()
        assert combat.batches_ == ("A", "B")
        assert calibrated.batches_ == ("A", "B", "C")

    def test_calibrated_on_a_training_batch_it_finds_the_same_effect(self, table: Table) -> None:
        combat = ComBat(on_unseen="calibrate", n_calibration=10).fit(table.X, batch=table.batch)
        rows = table.batch == "C"
        copy = combat.calibrate(table.X[rows], batch=["C2"] * 30)
        same = copy.transform(table.X[rows], batch=["C2"] * 30)
        np.testing.assert_allclose(
            same, combat.transform(table.X[rows], batch=["C"] * 30), rtol=0, atol=1e-12
        )

    def test_it_is_saved_and_loaded(self, table: Table, tmp_path: Path) -> None:
        combat = ComBat(on_unseen="calibrate").fit(table.X, batch=table.batch)
        copy = combat.calibrate(table.X[:25] + 1, batch=["Z"] * 25)
        copy.save(tmp_path / "c.npz")
        again = ComBat.load(tmp_path / "c.npz").transform(table.X[:25], batch=["Z"] * 25)
        assert again.tobytes() == copy.transform(table.X[:25], batch=["Z"] * 25).tobytes()

    def test_policy_must_allow_it(self, table: Table) -> None:
        combat = ComBat().fit(table.X, batch=table.batch)
        with pytest.raises(HarmonizationError, match="on_unseen='raise'"):
            combat.calibrate(table.X[:30], batch=["Z"] * 30)

    def test_rows_of_a_patient_stay_together(self) -> None:
        patients = np.repeat(np.arange(30), 3)
        drawn = calibration_rows(patients, n_patients=7, seed=3)
        assert drawn.sum() == 21
        assert not set(patients[drawn]) & set(patients[~drawn])
        with pytest.raises(HarmonizationError, match="fewer than all"):
            calibration_rows(patients, n_patients=30)

    def test_a_feature_constant_in_calibration_is_left_as_it_is(self, table: Table) -> None:
        combat = ComBat(on_unseen="calibrate", n_calibration=10).fit(table.X, batch=table.batch)
        rows = table.X[:12].copy()
        rows[:, 0] = 1.25
        out = combat.calibrate(rows, batch=["Z"] * 12).transform(rows, batch=["Z"] * 12)
        np.testing.assert_allclose(out[:, 0], 1.25, rtol=1e-12)
        assert np.isfinite(out).all()


class TestBootstrap:
    def test_it_is_reproducible_and_near_the_plain_estimate(self, table: Table) -> None:
        first, again, other = (
            ComBat(n_bootstrap=60, seed=seed).fit_transform(table.X, batch=table.batch) for seed in (1, 1, 2)
        )
        assert first.tobytes() == again.tobytes()
        assert first.tobytes() != other.tobytes()
        assert np.abs(first - ComBat().fit_transform(table.X, batch=table.batch)).max() < 0.25

    def test_features_without_spread_in_a_resample_take_no_part(self, table: Table) -> None:
        rare = np.zeros(90)
        rare[[0, 1, 30, 31, 60, 61]] = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]
        out = ComBat(n_bootstrap=20).fit_transform(np.column_stack([table.X, rare]), batch=table.batch)
        assert np.isfinite(out).all()


class TestSequential:
    def test_it_is_the_chain_of_single_steps(self, table: Table) -> None:
        kernel = np.tile(["soft", "sharp"], 45)
        batch = pd.DataFrame({"site": table.batch, "kernel": kernel})
        chain = SequentialComBat([("site", ComBat()), ("kernel", ComBat(ref_batch="soft"))])
        out = chain.fit_transform(table.X, batch=batch)
        first = ComBat().fit_transform(table.X, batch=table.batch)
        second = ComBat(ref_batch="soft").fit_transform(first, batch=kernel)
        assert out.tobytes() == second.tobytes()
        assert chain.transform(table.X, batch=batch).tobytes() == out.tobytes()
        with pytest.raises(HarmonizationError, match="a column 'kernel'"):
            chain.transform(table.X, batch=batch[["site"]])


def test_a_new_nan_stays_a_nan_of_its_own(table: Table) -> None:
    combat = ComBat().fit(table.X, batch=table.batch)
    X = table.X.copy()
    X[2, 3] = np.nan
    with pytest.warns(HarmonizationWarning, match=r"x3 \(1\)"):
        out = combat.transform(X, batch=table.batch)
    clean = combat.transform(table.X, batch=table.batch)
    assert np.isnan(out[2, 3])
    out[2, 3] = clean[2, 3]
    assert out.tobytes() == clean.tobytes()


def test_ten_patients_and_a_thousand_features() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10, 1000))
    out = ComBat(min_batch_size=5).fit_transform(X, batch=np.repeat(["a", "b"], 5))
    assert np.isfinite(out).all()
    with pytest.raises(
        HarmonizationError, match=r"4 rows for 4 batches and covariates|more rows than columns"
    ):
        ComBat(min_batch_size=2).fit(X[:4], batch=list("aabb"), covariates=rng.normal(size=(4, 2)))


def test_features_that_the_design_explains_pass_through(table: Table) -> None:
    X = np.column_stack([table.X, 3.0 * table.covariates["age"]])
    with pytest.warns(HarmonizationWarning, match="explained_by_design"):
        combat = ComBat().fit(X, batch=table.batch, covariates=table.covariates)
    assert combat.isolated_ == {"x12": "explained_by_design"}
    with pytest.raises(HarmonizationError, match="none of 1 features"):
        ComBat().fit(X[:, [12]], batch=table.batch, covariates=table.covariates)


def test_calibration_counts_patients_not_their_rows() -> None:
    rng = np.random.default_rng(0)
    X, site = rng.normal(size=(60, 5)), np.repeat(["A", "B"], 30)
    fitted = ComBat(on_unseen="calibrate").fit(X, batch=site)
    rows = rng.normal(size=(20, 5))
    with pytest.raises(HarmonizationError, match="1 patients; expected at least 20"):
        fitted.calibrate(rows, batch=["C"] * 20, patients=["p"] * 20)
    with pytest.raises(HarmonizationError, match="one for each of 20 rows"):
        fitted.calibrate(rows, batch=["C"] * 20, patients=["p"])
    with pytest.warns(HarmonizationWarning, match="19 of 20 rows repeat another row"):
        fitted.calibrate(np.repeat(rows[:1], 20, axis=0), batch=["C"] * 20)
    known = fitted.calibrate(
        np.repeat(rows, 2, axis=0), batch=["C"] * 40, patients=np.repeat(np.arange(20), 2)
    )
    assert known.batches_ == ("A", "B", "C")


def test_missing_values_of_harmonized_features_are_named_and_counted() -> None:
    rng = np.random.default_rng(0)
    site = np.repeat(["A", "B"], 30)
    X = pd.DataFrame(rng.normal(size=(60, 4)), columns=list("abcd")).assign(d=1.0)
    with pytest.warns(HarmonizationWarning, match="pass through"):
        fitted = ComBat().fit(X, batch=site)
    holes = X.copy()
    holes.loc[[0, 3], "b"] = np.nan
    holes.loc[5, "c"] = np.inf
    holes.loc[7, "d"] = np.nan  # passes through: nothing was promised
    with pytest.warns(HarmonizationWarning, match=r"3 values of 2 harmonized .*: b \(2\), c \(1\)$"):
        out = fitted.transform(holes, batch=site)
    assert np.isnan(out.loc[[0, 3], "b"]).all()
    assert out.drop(index=[0, 3, 5]).notna().drop(columns="d").all(axis=None)
