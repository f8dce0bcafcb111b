"""The sixteen faults of neuroCombat 0.2.12: none can reach a user."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from robustrad.harmonize import neurocombat_engine, shrinkage
from robustrad.harmonize.combat import ComBat
from robustrad.harmonize.errors import HarmonizationError, HarmonizationWarning
from robustrad.harmonize.estimation import Recipe

from .conftest import Table, make_table


def residual_shift(out: np.ndarray, batch: np.ndarray) -> float:
    return float(np.abs(out[batch == "B"].mean(axis=0) - out[batch == "A"].mean(axis=0)).mean())


def test_fault_01_reference_batch_crashes_on_new_numpy(table: Table) -> None:
    combat = ComBat(ref_batch="B")
    out = combat.fit_transform(table.X, batch=table.batch)
    assert combat.engine_ == "native"
    assert out[table.batch == "B"].tobytes() == table.X[table.batch == "B"].tobytes()


def test_fault_02_transform_of_new_rows_crashes_on_new_numpy(table: Table) -> None:
    combat = ComBat(engine="neurocombat").fit(table.X, batch=table.batch)
    assert np.isfinite(combat.transform(table.X[:7], batch=table.batch[:7])).all()


def test_fault_03_transform_ignores_covariates(table: Table) -> None:
    combat = ComBat(engine="neurocombat").fit(table.X, batch=table.batch, covariates=table.covariates)
    whole = combat.transform(table.X, batch=table.batch, covariates=table.covariates)
    fresh = ComBat(engine="neurocombat")
    assert (
        whole.tobytes()
        == fresh.fit_transform(table.X, batch=table.batch, covariates=table.covariates).tobytes()
    )
    older = table.covariates.assign(age=table.covariates["age"] + 30)
    assert np.abs(combat.transform(table.X, batch=table.batch, covariates=older) - whole).max() > 0.01


def test_fault_04_unseen_batch_has_no_policy(table: Table) -> None:
    new = np.array(["Z"] * 30)
    with pytest.raises(HarmonizationError, match=r"'Z'.*not in the fit"):
        ComBat().fit(table.X, batch=table.batch).transform(table.X[:30], batch=new)
    lenient = ComBat(on_unseen="passthrough").fit(table.X, batch=table.batch)
    with pytest.warns(HarmonizationWarning, match="30 rows of batches"):
        out = lenient.transform(table.X[:30], batch=new)
    assert out.tobytes() == table.X[:30].tobytes()


def test_fault_05_data_frames_are_cast_to_float32() -> None:
    table = make_table()
    X = pd.DataFrame(table.X + 1e6)
    frame = ComBat(engine="neurocombat").fit_transform(X, batch=table.batch)
    array = ComBat(engine="native").fit_transform(X.to_numpy(), batch=table.batch)
    np.testing.assert_allclose(frame.to_numpy(), array, rtol=0, atol=1e-8)


def test_fault_05b_covariates_are_cast_to_float32(table: Table) -> None:
    both = [
        ComBat(engine=engine).fit_transform(table.X, batch=table.batch, covariates=table.covariates)
        for engine in ("native", "neurocombat")
    ]
    np.testing.assert_allclose(*both, rtol=0, atol=1e-11)


def test_fault_06_one_nan_makes_everything_nan(table: Table) -> None:
    X = table.X.copy()
    X[3, 4] = np.nan
    with pytest.warns(HarmonizationWarning, match="x4 \\(not_finite\\)"):
        out = ComBat().fit_transform(X, batch=table.batch)
    others = np.delete(np.arange(X.shape[1]), 4)
    without = ComBat().fit_transform(X[:, others], batch=table.batch)
    assert out[:, others].tobytes() == without.tobytes()
    assert out[:, 4].tobytes() == X[:, 4].tobytes()


def test_fault_07_a_batch_of_one_row_makes_everything_nan(table: Table) -> None:
    batch = table.batch.astype(object)
    batch[-1] = "alone"
    with pytest.raises(HarmonizationError, match=r"too few rows in 'alone' \(1\)"):
        ComBat(min_batch_size=1).fit(table.X, batch=batch)
    out = ComBat(min_batch_size=1, mean_only=True).fit_transform(table.X, batch=batch)
    assert np.isfinite(out).all()


def test_fault_08_a_constant_feature_contaminates_the_others(table: Table) -> None:
    X = np.column_stack([table.X, np.full(len(table.X), 0.1)])
    with pytest.warns(HarmonizationWarning, match=r"x12 \(constant\)"):
        out = ComBat().fit_transform(X, batch=table.batch)
    assert out[:, :-1].tobytes() == ComBat().fit_transform(table.X, batch=table.batch).tobytes()
    assert out[:, -1].tobytes() == X[:, -1].tobytes()


def test_fault_09_a_feature_constant_within_each_batch_is_erased(table: Table) -> None:
    level = np.where(table.batch == "A", 3.3, 21.1)
    X = np.column_stack([table.X, level])
    with pytest.warns(HarmonizationWarning, match=r"x12 \(constant_in_batch\)"):
        out = ComBat().fit_transform(X, batch=table.batch)
    assert out[:, -1].tobytes() == level.tobytes()


@pytest.mark.parametrize("engine", ["auto", "native"])
def test_fault_10_a_single_feature_is_nan(table: Table, engine: str) -> None:
    combat = ComBat(engine=engine)
    out = combat.fit_transform(table.X[:, :1], batch=table.batch)
    np.testing.assert_allclose(
        out, ComBat(eb=False).fit_transform(table.X[:, :1], batch=table.batch), atol=1e-12
    )
    assert combat.engine_ == "native"
    with pytest.raises(HarmonizationError, match="NaN for a single feature"):
        ComBat(engine="neurocombat").fit(table.X[:, :1], batch=table.batch)


def test_fault_11_the_nonparametric_likelihood_underflows() -> None:
    table = make_table(n=1500, p=6, batches="AB")
    out = ComBat(parametric=False).fit_transform(table.X, batch=table.batch)
    assert np.isfinite(out).all()
    assert residual_shift(out, table.batch) < residual_shift(table.X, table.batch)


def test_fault_12_collinear_covariates_give_garbage(table: Table) -> None:
    twice = table.covariates.assign(z=2 * table.covariates["age"] + 1)
    with pytest.raises(HarmonizationError, match="rank 5 with 6 columns"):
        ComBat().fit(table.X, batch=table.batch, covariates=twice)
    rounded = table.covariates.assign(z=table.covariates["age"].astype(np.float32).astype(float))
    with pytest.raises(HarmonizationError, match="nearly singular"):
        ComBat().fit(table.X, batch=table.batch, covariates=rounded)
    by_site = pd.DataFrame({"site": np.where(table.batch == "A", 1.0, 2.0)})
    with pytest.raises(HarmonizationError, match="follow from the batch"):
        ComBat().fit(table.X, batch=table.batch, covariates=by_site)


def test_fault_13_an_unknown_reference_is_ignored(table: Table) -> None:
    with pytest.raises(HarmonizationError, match="'D' is not among the training rows"):
        ComBat(ref_batch="D").fit(table.X, batch=table.batch)


def test_fault_14_a_single_batch_changes_the_data(table: Table) -> None:
    with pytest.raises(HarmonizationError, match="only one batch"):
        ComBat().fit(table.X, batch=np.full(len(table.X), "A"))


def test_fault_15_it_prints(table: Table, capfd: pytest.CaptureFixture[str]) -> None:
    combat = ComBat(engine="neurocombat").fit(table.X, batch=table.batch, covariates=table.covariates)
    combat.transform(table.X, batch=table.batch, covariates=table.covariates)
    assert capfd.readouterr() == ("", "")


def test_fault_16_the_iteration_has_no_limit(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    S = table.X[:30]
    with pytest.raises(HarmonizationError, match="not settled after 1 iterations"):
        shrinkage.shrink_parametric(S, S.mean(axis=0), S.var(axis=0, ddof=1), max_iterations=1)
    # neuroCombat is entered only after ours has settled on the same numbers.
    called = []
    monkeypatch.setattr(
        neurocombat_engine,
        "shrink_parametric",
        lambda *_: (_ for _ in ()).throw(HarmonizationError("no", "limit")),
    )
    monkeypatch.setattr(neurocombat_engine, "find_parametric_adjustments", lambda *_: called.append(1))
    with pytest.raises(HarmonizationError):
        ComBat(engine="neurocombat").fit(table.X, batch=table.batch)
    assert not called


def test_mean_only_with_empirical_bayes_is_a_trap() -> None:
    rng = np.random.default_rng(0)
    batch = np.repeat(["A", "B"], 200)
    X = rng.normal(size=(400, 50)) + np.outer(batch == "B", rng.normal(0, 0.8, 50))
    shift = {
        name: residual_shift(ComBat(mean_only=True, **extra).fit_transform(X, batch=batch), batch)
        / residual_shift(X, batch)
        for name, extra in {"ours": {}, "sva": {"sva_compatible": True}}.items()
    }
    assert shift["ours"] < 1e-12
    assert shift["sva"] > 0.8
    with pytest.raises(HarmonizationError, match="leaves most of the shift"):
        ComBat(mean_only=True, sva_compatible=True, engine="neurocombat").fit(X, batch=batch)


@pytest.mark.parametrize(
    ("recipe", "p", "smallest", "degenerate"),
    [
        (Recipe(reference=0), 5, 9, False),
        (Recipe(mean_only=True), 5, 9, False),
        (Recipe(parametric=False), 5, 9, False),
        (Recipe(), 1, 9, False),
        (Recipe(), 5, 1, False),
        (Recipe(), 5, 9, True),
    ],
)
def test_neurocombat_is_not_used_outside_its_envelope(
    recipe: Recipe, p: int, smallest: int, degenerate: bool
) -> None:
    assert neurocombat_engine.outside_envelope(
        recipe, n_features=p, smallest_batch=smallest, degenerate=degenerate
    )


def test_a_batch_mean_of_exactly_zero_does_not_end_the_iteration() -> None:
    # Not among the sixteen: 0 / 0 in neuroCombat's relative change stops all features after one step.
    rng = np.random.default_rng(0)
    half = rng.normal(size=(20, 8))
    X = np.vstack([half, 3.0 * half + rng.normal(size=8)])
    X[:, 0] = np.tile(np.r_[-3.0:7.0, -7.0:3.0], 2)
    batch = np.repeat(["A", "B"], 20)
    combat = ComBat()
    out = combat.fit_transform(X, batch=batch)
    assert combat.engine_ == "native"
    others = ComBat(engine="native").fit_transform(
        X + np.eye(8)[0] * 1e-9 * (batch == "B")[:, None], batch=batch
    )
    np.testing.assert_allclose(out, others, rtol=0, atol=1e-3)


def test_copies_of_one_feature_are_harmonized_alike(table: Table) -> None:
    X = np.column_stack([table.X[:, 0], 2 * table.X[:, 0] + 1, table.X[:, 0]])
    combat = ComBat()
    out = combat.fit_transform(X, batch=table.batch)
    assert combat.engine_ == "native"
    np.testing.assert_allclose(out[:, 1], 2 * out[:, 0] + 1, rtol=0, atol=1e-9)
    assert residual_shift(out, table.batch) < 1e-9


def test_engines_agree_inside_the_envelope(table: Table) -> None:
    for settings in ({}, {"eb": False}, {"mean_only": True}):
        for covariates in (None, table.covariates):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                ours, theirs = (
                    ComBat(engine=engine, **settings).fit_transform(
                        table.X, batch=table.batch, covariates=covariates
                    )
                    for engine in ("native", "neurocombat")
                )
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)
