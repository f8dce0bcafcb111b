"""The options that a record names make the run again: the command line reads them as what was asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import robustrad.report.drift
import robustrad.report.survival
from robustrad.audit.drift_settings import DriftSettings
from robustrad.audit.options import judging_options, model_options, question_options, remedy_options
from robustrad.audit.survival_settings import SurvivalSettings
from robustrad.cli import app
from robustrad.core.told import Told
from robustrad.drift.experiment import RunSettings
from robustrad.drift.models.spec import model_spec
from robustrad.drift.question import Question
from robustrad.drift.sites.settings import RemedySettings
from robustrad.stability.source import Reading


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command line asks of the commands."""
    found: dict[str, Any] = {}

    def hear(sources: object, question: Question, settings: object, **more: object) -> Told:
        found.update(question=question, settings=settings, **more)
        return Told("", {})

    monkeypatch.setattr(robustrad.report.drift, "drift_command", hear)
    monkeypatch.setattr(robustrad.report.survival, "survival_command", hear)
    return found


def asked(options: list[str]) -> None:
    done = CliRunner().invoke(app, ["drift", "OUT", *options])
    assert done.exit_code == 0, done.output


def test_a_run_with_nothing_but_defaults_names_its_outcome_alone() -> None:
    settings = DriftSettings()
    options = [
        *question_options(Question("relapse")),
        *model_options(settings.models, settings.run, default="logistic"),
        *judging_options(margin=settings.margin, bootstraps=settings.bootstraps, threshold=0.5, usual=0.5),
        *remedy_options(settings.remedies),
    ]
    assert options == ["--outcome", "relapse"]


def test_the_options_of_a_drift_run_are_read_as_what_was_asked(heard: dict[str, Any]) -> None:
    question = Question(
        "late relapse", "yes", Path("clinical.csv"), "site", ("age", "sex"), "person", "patient", "mean",
        volume="ml", reading=Reading(case="id", condition="setting", reference="as is"),
    )  # fmt: skip
    specs = tuple(
        model_spec(name, 3, "l1", combat=True, min_batch=6, keep_isolated=True)
        for name in ("svm", "logistic")
    )
    run = RunSettings(folds=4, repeats=2, permutations=19, matrix=True, seed=8)
    remedies = RemedySettings("none,combat", ("e1", "e3"), 4, 0.5, 10, 500, 8)
    settings = DriftSettings(specs, run, 0.08, 500, 0.4, None, remedies)
    asked([
        *question_options(question),
        *model_options(specs, run, default="logistic"),
        *judging_options(margin=0.08, bootstraps=500, threshold=0.4, usual=0.5),
        *remedy_options(remedies),
    ])  # fmt: skip
    assert heard["question"] == question
    assert heard["settings"] == settings


def test_the_options_of_a_survival_run_are_read_as_what_was_asked(heard: dict[str, Any]) -> None:
    question = Question("dead", score="risk", cases=Path("follow_up.csv"))
    settings = SurvivalSettings(margin=0.1, bootstraps=300, tau=24.0, cutoff=1.5)
    asked([
        *question_options(question, time="months"),
        *model_options(settings.models, settings.run, default="cox"),
        *judging_options(margin=0.1, bootstraps=300, threshold=1.5, tau=24.0),
    ])  # fmt: skip
    assert (heard["question"], heard["settings"], heard["time"]) == (question, settings, "months")


def test_a_table_is_named_without_its_folder_and_a_frame_by_a_placeholder() -> None:
    told = question_options(Question("y", cases=Path("/somewhere/else/clinical.csv")))
    assert told == ["--outcome", "y", "--cases", "clinical.csv"]
    assert question_options(replace(Question("y"), cases=pd.DataFrame()))[-1] == "TABLE"
