"""Cox and survival forests in the folds: nothing leaks, planted truth is found, runs resume."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from robustrad.core.errors import DataError, EnvironmentUnusableError
from robustrad.drift import experiment
from robustrad.drift.arms import Arm
from robustrad.drift.crossval import cross_validate
from robustrad.drift.endpoints import TimeToEvent
from robustrad.drift.experiment import RunSettings
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.survival.estimators import choose_survival
from robustrad.drift.survival.fit import fit_survival_model, survival_features, survival_steps
from robustrad.drift.survival.folds import survival_folds
from robustrad.drift.survival.run import survival_arms
from robustrad.drift.survival.times import Survival
from tests.drift.survival.followed import simulated

ARM = Arm("reference", "cox", "reference", 0)


def test_the_missing_extra_is_told_with_its_command(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sksurv", None)
    data, survival = simulated(40)
    with pytest.raises(EnvironmentUnusableError, match=r"pip install 'robustrad\[survival\]'") as caught:
        survival_arms(data, survival, [ModelSpec("cox")], RunSettings(), folder=tmp_path / "arms")
    assert caught.value.exit_code == 3
    assert not (tmp_path / "arms").exists()


def test_an_unknown_model_is_told_before_anything_else(tmp_path):
    data, survival = simulated(40)
    with pytest.raises(DataError, match="Did you mean survival_forest"):
        survival_arms(data, survival, [ModelSpec("random_forest")], RunSettings(), folder=tmp_path)
    assert choose_survival("cox").default == {"alpha": 10.0}


def test_folds_are_stratified_by_event_and_never_split_a_patient():
    data, survival = simulated(60)
    grouped = replace(data, groups=np.repeat(np.arange(30), 2))
    folds = survival_folds(survival, grouped, n_splits=5, repeats=3, seed=1)
    assert folds.shape == (3, 60)
    for fold in folds:
        assert (fold[0::2] == fold[1::2]).all()
    events = [survival.event[survival_folds(survival, data, n_splits=5, repeats=1, seed=0)[0] == i].sum()
              for i in range(5)]  # fmt: skip
    assert max(events) - min(events) <= 1


def test_too_few_events_for_the_folds_are_told():
    data, survival = simulated(40)
    few = Survival(survival.time, np.arange(40) < 3)
    with pytest.raises(DataError, match="Use --folds 3"):
        survival_folds(few, data, n_splits=5, repeats=1, seed=0)


def test_steps_keep_the_features_with_the_largest_score():
    data, survival = simulated(120, p=30, signal=1.5)
    steps, ready = survival_steps(
        ModelSpec("cox", n_features=3), data.reference, survival, data.groups, stability=None, batch=None
    )
    assert 0 in steps.kept
    assert ready.shape == (120, 3)
    assert ready.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    assert steps.apply(data.reference) == pytest.approx(ready)
    events = int(survival.event.sum())
    assert survival_features(survival, data.groups) == min(10, events // 5)


def test_lasso_selection_is_refused():
    data, survival = simulated(40)
    with pytest.raises(DataError, match="univariate or none"):
        fit_survival_model(ModelSpec("cox", selector="l1"), data.reference, survival, data.groups)


def test_no_event_among_the_training_rows_is_told():
    data, survival = simulated(40)
    nobody = Survival(survival.time, np.zeros(40, dtype=bool))
    with pytest.raises(DataError, match="no event among 40"):
        fit_survival_model(ModelSpec("cox"), data.reference, nobody, data.groups)


@pytest.fixture
def sksurv():
    return pytest.importorskip("sksurv", reason="needs the extra 'survival'")


@pytest.mark.parametrize("name", ["cox", pytest.param("survival_forest", marks=pytest.mark.slow)])
def test_changing_test_rows_leaves_everything_learned_to_the_bit(sksurv, name):
    data, survival = simulated(50, k=2, p=6)
    folds = survival_folds(survival, data, n_splits=2, repeats=1, seed=0)
    spec, arm = ModelSpec(name, inner_folds=2), replace(ARM, model=name)
    before = cross_validate(data, spec, folds, arm=arm, endpoint=TimeToEvent(survival))
    held = folds[0] == 0
    values, time = data.values.copy(), survival.time.copy()
    values[held] = values[held] * 3 + 1
    time[held] = time[held][::-1] + 0.5
    after = cross_validate(
        replace(data, values=values), spec, folds,
        arm=arm, endpoint=TimeToEvent(Survival(time, survival.event)),
    )  # fmt: skip
    assert before.fingerprints[0] == after.fingerprints[0]
    assert before.thresholds[0, 0] == after.thresholds[0, 0]
    assert before.fingerprints[1] != after.fingerprints[1]


def test_cox_without_selection_is_scikit_survivals(sksurv):
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    data, survival = simulated(60, p=3)
    spec = ModelSpec("cox", selector="none", correlation=1.0)
    model = fit_survival_model(spec, data.reference, survival, data.groups)
    scaled = (data.reference - data.reference.mean(axis=0)) / data.reference.std(axis=0)
    expected = CoxPHSurvivalAnalysis(**model.tuned.params)
    expected.fit(scaled, Surv.from_arrays(survival.event, survival.time))
    assert model.risk(data.reference) == pytest.approx(expected.predict(scaled))
    assert model.tuned.threshold == pytest.approx(np.median(expected.predict(scaled)))
    assert model.selected.all()


def test_a_run_resumes_and_does_not_depend_on_workers(sksurv, tmp_path, monkeypatch):
    data, survival = simulated(50, k=2, p=6)
    settings = RunSettings(folds=2, repeats=1, permutations=2)
    once, again = (
        survival_arms(data, survival, [ModelSpec("cox")], settings, folder=tmp_path / name, jobs=jobs)
        for name, jobs in (("a", 1), ("b", 2))
    )
    for one, other in zip(once[0].arms, again[0].arms, strict=True):
        assert np.array_equal(one.scores, other.scores, equal_nan=True)
        assert one.fingerprints == other.fingerprints
    assert [arm.arm.name for arm in once[0].arms] == ["reference", "same_condition"]
    assert np.array_equal(once[0].permuted.null, again[0].permuted.null)
    # Everything is there: nothing is fitted again.
    monkeypatch.setattr(experiment, "run_stages", lambda *_, **__: pytest.fail("fitted again"))
    kept = survival_arms(data, survival, [ModelSpec("cox")], settings, folder=tmp_path / "a")
    assert np.array_equal(kept[0].arms[0].scores, once[0].arms[0].scores, equal_nan=True)


def test_other_times_make_other_arms(sksurv, tmp_path):
    data, survival = simulated(40, k=1, p=4)
    settings = RunSettings(folds=2, repeats=1, permutations=0)
    later = Survival(survival.time + 1000 * (np.arange(40) % 3 == 0), survival.event)
    for followed in (survival, later):
        survival_arms(data, followed, [ModelSpec("cox")], settings, folder=tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 2
