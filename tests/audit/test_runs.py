"""What runs of either kind do alike: what is refused, where arms are kept, what their records say."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

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
from robustrad.drift.sites.settings import RemedySettings
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
    assert asked_remedies("", **more) is None
    assert asked_remedies([], **more) is None
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
