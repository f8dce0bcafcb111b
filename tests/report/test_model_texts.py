"""Methods and checklists of drift runs: they say what was fitted and what was checked, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from robustrad.audit.drift import drift
from robustrad.drift.models.estimators import choose
from robustrad.drift.models.spec import MODELS
from robustrad.report.checklists import AUTHOR, FILLED, PARTLY, checklist
from robustrad.report.derived import derive
from robustrad.report.factor_text import factor_text
from robustrad.report.holdings import Holdings, read_holdings
from robustrad.report.methods import methods
from robustrad.report.methods_model import ESTIMATORS
from robustrad.report.model_facts import margin_words
from tests.drift.tables import features, subjects
from tests.report.studies import study

FAST = {"repeats": 1, "folds": 3, "bootstraps": 200, "jobs": 1}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    cases = subjects()
    return features(cases).merge(cases, on="case_id")


@pytest.fixture(scope="module")
def frozen(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Holdings:
    """A run on finished scores, margin of the user's."""
    folder = tmp_path_factory.mktemp("frozen")
    p = np.clip(0.5 + 0.15 * (table["original_glcm_Contrast"] - 0.9), 0.01, 0.99)
    scored = table[["case_id", "condition", "factor", "level", "severity", "relapse"]].assign(p=p)
    drift(scored, outcome="relapse", score="p", margin=0.1, output=folder, **FAST)
    return derive(read_holdings(folder))


@pytest.fixture(scope="module")
def bare(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Holdings:
    """A fitted run without a batch, clinical columns or permutations."""
    folder = tmp_path_factory.mktemp("bare")
    drift(table, outcome="relapse", permutations=0, output=folder, **FAST)
    return derive(read_holdings(folder))


@pytest.fixture(scope="module")
def full(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Holdings:
    """A fitted run with all of them."""
    folder = tmp_path_factory.mktemp("full")
    asked = {"batch": "site", "clinical": ["age"], "permutations": 19}
    drift(table, outcome="relapse", n_features=2, output=folder, **asked, **FAST)
    return derive(read_holdings(folder))


def model_text(holdings: Holdings) -> str:
    return dict(methods(holdings).paragraphs)["Model"]


def statuses(holdings: Holdings, framework: str, *items: str) -> list[str]:
    table = checklist(holdings)
    own = table[table["framework"].eq(framework)].set_index("item")["status"]
    return [own[item] for item in items]


def evidence(holdings: Holdings, framework: str, item: str) -> str:
    table = checklist(holdings)
    return str(table.loc[table["framework"].eq(framework) & table["item"].eq(item), "evidence"].item())


def test_of_a_pipeline_no_step_of_ours_is_told(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = type(sys)("steps_of_a_test")
    module.steps = make_pipeline(StandardScaler(), LogisticRegression())
    monkeypatch.setitem(sys.modules, module.__name__, module)
    drift(table, outcome="relapse", model="steps_of_a_test:steps", permutations=0, output=tmp_path, **FAST)
    text = model_text(derive(read_holdings(tmp_path)))
    assert "steps_of_a_test:steps brought all steps with it (a Pipeline of the user's)" in text
    for claim in ("were dropped", "Spearman", "were selected", "z-scored", "hyperparameters"):
        assert claim not in text


def test_the_record_of_finished_scores_has_no_model(frozen: Holdings) -> None:
    assert frozen.drift_record["settings"]["specs"] == []


def test_of_finished_scores_nothing_is_said_to_be_trained(frozen: Holdings) -> None:
    text = model_text(frozen)
    assert "Scores (p) for relapse (20 positive of 40 subjects, 40 patients) came with the data" in text
    assert "nothing was fitted, selected or tuned" in text
    for claim in (
        "trained",
        "cross-validation",
        "folds",
        "Welch",
        "permutation",
        "conditional on these fits",
    ):
        assert claim not in text
    assert "scikit-learn" not in methods(frozen).text


def test_the_making_of_finished_scores_is_for_the_authors(frozen: Holdings) -> None:
    assert set(statuses(frozen, "CLEAR", "15", "32", "33", "34", "35", "37", "38", "56")) == {AUTHOR}
    assert set(statuses(frozen, "METRICS", "15", "16", "18", "26", "29")) == {AUTHOR}
    assert statuses(frozen, "CLEAR", "39", "40", "47") == [FILLED, FILLED, FILLED]


def test_methods_name_only_the_checks_that_were_made(bare: Holdings, full: Holdings) -> None:
    text = model_text(bare)
    assert "compared with volume alone [@Welch2019] in the same folds" in text
    for claim in ("batch", "permut", "clinical"):
        assert claim not in text
    text = model_text(full)
    assert "19 permutations of the labels within batches" in text
    assert "volume alone [@Welch2019], the batch label (site), clinical columns (age)" in text
    assert "among patients of one batch" in text


def test_methods_give_the_numbers_of_the_run(full: Holdings) -> None:
    text = model_text(full)
    for part in (
        "relapse (20 positive of 40 subjects, 40 patients)",
        "(folds: 3, repeats: 1)",
        "200 resamples of the patients",
        "at most 2",
        "ridge penalty (C of 0.01, 0.1, 1 or 10)",
        "3 inner folds",
        "Features selected per fit, on average: logistic",
        "arm same_condition",
        "score intervals",
        "[@Wilson1927]",
        "[@Tango1998]",
        "[@Bamber1975]",
        "Student's t",
    ):
        assert part in text
    assert "scikit-learn" in dict(methods(full).paragraphs)["Software"]


def test_the_margin_says_whose_it_is(bare: Holdings, frozen: Holdings) -> None:
    assert "a margin of 0.05 AUC (robustrad's default)" in model_text(bare)
    assert "a margin of 0.1 AUC (set by the user)" in model_text(frozen)
    assert "declared beforehand" not in model_text(bare)
    assert margin_words({}) == "0.05 AUC (robustrad's default)"


@pytest.mark.parametrize("name", MODELS)
def test_the_words_of_an_estimator_name_what_it_is_tuned_over(name: str) -> None:
    grid = choose(name).grid
    for value in {value for params in grid for value in params.values()}:
        assert f"{value:g}" in ESTIMATORS[name]


def test_only_what_was_compared_fills_an_item(bare: Holdings, full: Holdings) -> None:
    assert set(statuses(bare, "CLEAR", "36", "42", "48")) == {PARTLY}
    assert set(statuses(bare, "METRICS", "19", "24", "25")) == {PARTLY}
    assert statuses(bare, "IBSI reporting", "73") == [PARTLY]
    assert "clinical-only" not in evidence(bare, "CLEAR", "42")
    assert "batch" not in evidence(bare, "CLEAR", "36")
    assert "volume-only and clinical-only" in evidence(full, "CLEAR", "42")
    assert statuses(full, "CLEAR", "36", "42") == [PARTLY, FILLED]  # tested is not handled
    assert "volume and batch tested" in evidence(full, "CLEAR", "36")


def test_extrapolation_beyond_the_image_is_answered_by_what_happens_there(tmp_path: Path) -> None:
    factors = {"noise": ("acquisition", 1, [("mild", 1, None, 0.1, 0.2)])}
    holdings = derive(read_holdings(study(tmp_path / "study", n=6, factors=factors, analyzed=False)))
    assert "outside the image hold 0" in evidence(holdings, "IBSI reporting", "50d")
    assert "corner" in evidence(holdings, "IBSI reporting", "50b")


def test_numbers_of_levels_that_share_a_severity_stand_with_it() -> None:
    levels = {
        f"{sign}{size}": {"kind": "volume_change", "fraction": sign * size, "severity": rank, "sign": sign}
        for sign in (-1, 1)
        for size, rank in ((0.3, 2.0), (0.1, 1.0))
    }
    told = factor_text("volume", {"role": "delineation", "levels": levels})
    assert told == (
        "volume (delineation): volume_change; severity 1 (fraction \N{MINUS SIGN}0.1, 0.1), "
        "2 (fraction \N{MINUS SIGN}0.3, 0.3)"
    )
