"""What runs of either kind do alike: what is refused, where arms are kept, what their records say."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from robustrad.audit.asked import asked_models, asked_remedies
from robustrad.audit.drift_facts import drift_facts
from robustrad.audit.drift_settings import DriftSettings
from robustrad.audit.facts import installed
from robustrad.audit.runs import arms_folder, check_asked, compared_remedies
from robustrad.audit.survival_facts import survival_facts
from robustrad.audit.survival_settings import SurvivalSettings
from robustrad.core.errors import DataError
from robustrad.drift.arms import Arm
from robustrad.drift.experiment import Fits, RunSettings
from robustrad.drift.frozen import score_column
from robustrad.drift.models.spec import ModelSpec
from robustrad.drift.question import Question
from robustrad.drift.sites.settings import EXPERIMENTS, RemedySettings
from robustrad.stability.source import Reading
from tests.drift.simulated import simulate
from tests.drift.survival.followed import simulated

QUESTION = Question("y", batch="site")


@pytest.mark.parametrize("kind", [DriftSettings, SurvivalSettings])
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"margin": 0.5}, "margin: 0.5; expected a difference of C between 0 and 0.5"),
        ({"margin": 0.0}, "between 0 and 0.5"),
        ({"models": (ModelSpec("a"), ModelSpec("a"))}, "model: a, a; expected one or more different"),
        ({"models": ()}, "model: none; expected one or more different"),
        ({"remedies": RemedySettings("combta")}, "Did you mean combat"),
    ],
)
def test_what_cannot_be_run_is_told_of_either_kind(kind: type, wrong: dict[str, object], told: str) -> None:
    check_asked(kind(), QUESTION, statistic="C")
    with pytest.raises(DataError, match=told):
        check_asked(replace(kind(), **wrong), QUESTION, statistic="C")


def test_harmonizing_needs_a_batch_and_finished_scores_need_no_model() -> None:
    combat = DriftSettings(models=(ModelSpec(combat=True),))
    check_asked(combat, QUESTION, statistic="AUC")
    with pytest.raises(DataError, match="combat: no batch"):
        check_asked(combat, Question("y"), statistic="AUC")
    check_asked(DriftSettings(models=()), QUESTION, statistic="AUC", fitted=False)


def test_arms_stay_with_the_run_or_go_with_it(tmp_path: Path) -> None:
    with arms_folder(tmp_path) as kept:
        assert kept == tmp_path / "arms"
    with arms_folder(None) as lent:
        (lent / "a.npz").touch()
    assert not lent.exists()


def test_a_frozen_model_is_not_trained_with_remedies(tmp_path: Path) -> None:
    data = simulate(20, p=1)
    arm = score_column(
        replace(data, values=np.clip(data.values, 0, 1)), Arm("frozen", "p", "none", 0), threshold=0.5
    )
    fits = [Fits((arm,), (), None)]
    how = DriftSettings(remedies=RemedySettings("combat", ("e1",), resamples=100))
    assert compared_remedies(data, fits, DriftSettings(), folder=tmp_path, progress=False) is None
    found = compared_remedies(data, fits, how, folder=tmp_path, progress=False)
    assert found is not None
    assert found.remedies["status"].str.contains("frozen").all()
    assert not (tmp_path / "arms").exists()


def test_remedies_are_asked_for_by_words_or_in_a_list() -> None:
    more = {
        "experiments": ["e1"],
        "assignments": 3,
        "kappa": 0.1,
        "calibration": 10,
        "resamples": 200,
        "seed": 4,
    }
    expected = RemedySettings("combat,zscore", ("e1",), 3, 0.1, 10, 200, 4)
    assert asked_remedies("combat,zscore", **more) == asked_remedies(["combat", "zscore"], **more) == expected
    usual = {**more, "experiments": EXPERIMENTS, "assignments": 20, "kappa": 0.0, "calibration": 20}
    assert asked_remedies("", **usual) is None
    assert asked_remedies([], **usual) is None
    one = asked_models("svm", n_features=2, selector="none", combat=False)
    assert one == asked_models(["svm"], n_features=2, selector="none", combat=False)
    assert one == (ModelSpec("svm", n_features=2, selector="none"),)


def test_the_record_counts_subjects_patients_and_events() -> None:
    groups, batch = np.repeat(np.arange(15), 2), np.repeat(["a", "b"], [10, 20])
    data = simulate(30, k=2, p=5, groups=groups, batch=batch)
    told = drift_facts(data, DriftSettings(run=RunSettings(seed=3)), replace(QUESTION, unit="patient"))
    assert (told["n"], told["n_patients"], told["k"], told["p"], told["seed"]) == (30, 15, 2, 5, 3)
    assert told["n_positive"] == data.outcome.sum()
    for site in "ab":
        assert told["prevalence_by_batch"][site] == pytest.approx(data.outcome[batch == site].mean())
    followed, survival = simulated(30, k=2, p=5)
    told = survival_facts(followed, survival, SurvivalSettings(tau=7.0), Question("dead"))
    assert (told["n"], told["n_events"], told["tau"]) == (30, survival.event.sum(), 7.0)
    assert told["follow_up_median"] == np.median(survival.time)


def test_the_record_of_finished_scores_names_no_specification() -> None:
    data, survival = simulated(30, k=2, p=2)
    told = survival_facts(data, survival, SurvivalSettings(), Question("dead", score="risk"))
    assert told["models"] == ["risk"]
    assert told["settings"]["specs"] == []


def test_versions_are_those_installed() -> None:
    found = installed("pyarrow", "no-package-of-this-name")
    assert found["pyarrow"] == version("pyarrow")
    assert "no-package-of-this-name" not in found
    assert found["numpy"] == np.__version__


@pytest.mark.parametrize(
    ("question", "wrong", "told"),
    [
        (Question("y", lesion="largest"), {}, "'largest' where each case is a subject. Pass --unit patient"),
        (Question("y", unit="zz"), {}, "unit: 'zz'; expected one of case, patient"),
        (Question("y", unit="patient", lesion="zz"), {}, "lesion: 'zz'; expected one of largest, mean"),
        (Question("y", batch="case_id"), {}, "batch: 'case_id' is the column of the cases"),
        (Question("id", reading=Reading(case="id")), {}, "outcome: 'id' is the column of the cases"),
        (Question("y", score="y"), {}, "score: 'y' is asked for as another column too"),
        (Question("y", score="p"), {"models": (ModelSpec("svm"),)}, "--model.* beside --score p"),
        (Question("y", score="p"), {"models": (ModelSpec(combat=True),)}, "--combat.* beside --score p"),
        (Question("y", score="p"), {"run": RunSettings(matrix=True)}, "--matrix beside --score p"),
        (QUESTION, {"models": (ModelSpec(selector="zz"),)}, "selector: 'zz'; expected one of univariate"),
        (QUESTION, {"models": (ModelSpec(n_features=0),)}, "n_features: 0; expected 1 or more"),
        (QUESTION, {"models": (ModelSpec(n_features=3, selector="none"),)}, "'none', which keeps all"),
        (QUESTION, {"run": RunSettings(repeats=0)}, "repeats: 0; expected 1 or more"),
        (QUESTION, {"run": RunSettings(permutations=-1)}, "permutations: -1; expected 0 or more"),
        (QUESTION, {"run": RunSettings(seed=-1)}, "seed: -1; expected 0 or more"),
        (QUESTION, {"bootstraps": 1}, "bootstraps: 1; expected 100 or more"),
        (QUESTION, {"jobs": 0}, "jobs: 0; expected 1 or more"),
    ],
)
def test_what_contradicts_itself_is_refused(question: Question, wrong: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        check_asked(replace(DriftSettings(), **wrong), question, statistic="AUC")


def test_all_contradictions_are_told_at_once() -> None:
    wrong = DriftSettings(run=RunSettings(repeats=0, seed=-1), bootstraps=1)
    with pytest.raises(DataError) as caught:
        check_asked(wrong, Question("y", lesion="mean"), statistic="AUC")
    assert len(caught.value.problems) == 4


def test_a_model_that_combat_would_not_reach_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(sys)("users_of_a_test")
    module.steps = make_pipeline(StandardScaler(), LogisticRegression())
    module.fitted = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    module.plain = LogisticRegression()
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def ask(name: str) -> None:
        model = ModelSpec(f"users_of_a_test:{name}", combat=True)
        check_asked(DriftSettings(models=(model,)), QUESTION, statistic="AUC")

    ask("plain")
    with pytest.raises(DataError, match="would not be harmonized: it is a Pipeline"):
        ask("steps")
    with pytest.raises(DataError, match="would not be harmonized: it comes fitted"):
        ask("fitted")


def test_what_is_said_of_something_that_is_not_asked_for_is_refused() -> None:
    how = {"n_features": None, "selector": "univariate", "combat": False}
    with pytest.raises(DataError, match="min_batch: it is for --combat"):
        asked_models("logistic", **how, min_batch=5)
    with pytest.raises(DataError, match="keep_isolated: it is for --combat"):
        asked_models("logistic", **how, keep_isolated=True)
    with pytest.raises(DataError, match="min_batch: 1; expected 2"):
        asked_models("logistic", **{**how, "combat": True}, min_batch=1)
    plain = {"experiments": EXPERIMENTS, "assignments": 20, "calibration": 20, "resamples": 300, "seed": 7}
    assert asked_remedies("", **plain, kappa=0.0) is None
    with pytest.raises(DataError, match="--kappa or --calibration without --remedies"):
        asked_remedies("", **plain, kappa=0.2)
