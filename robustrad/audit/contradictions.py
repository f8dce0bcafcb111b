"""What a run cannot be asked for: settings without sense, and options that would change nothing unseen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from sklearn.pipeline import Pipeline

from robustrad.core.errors import Problem
from robustrad.drift.experiment import RunSettings
from robustrad.drift.models.estimators import is_frozen, load_estimator
from robustrad.drift.models.spec import ModelSpec, Selector
from robustrad.drift.question import Lesion, Question, Unit

_USUAL: tuple[tuple[ModelSpec, ...], ...] = ((), (ModelSpec(),), (ModelSpec("cox"),))
_LEAST_RESAMPLES = 100


def contradictions(
    question: Question, models: Sequence[ModelSpec], run: RunSettings, *, bootstraps: int, jobs: int | None
) -> list[Problem]:
    """Return everything that contradicts itself, or that no run could be made of.

    Parameters
    ----------
    question, models, run
        What is asked.
    bootstraps : int
        Resamples of the patients.
    jobs : int, optional
        Worker processes.
    """
    problems = [*_sizes(models, run, bootstraps, jobs), *_columns(question)]
    problems += _choices(question, models)
    if question.score is not None:
        problems += _nothing_is_fitted(question.score, models, run)
    return problems + _unharmonized(models)


def _sizes(models: Sequence[ModelSpec], run: RunSettings, bootstraps: int, jobs: int | None) -> list[Problem]:
    features = [spec.n_features for spec in models if spec.n_features is not None]
    given = (
        ("repeats", run.repeats, 1),
        ("folds", run.folds, 2),
        ("permutations", run.permutations, 0),
        ("seed", run.seed, 0),
        ("bootstraps", bootstraps, _LEAST_RESAMPLES),
        ("jobs", 1 if jobs is None else jobs, 1),
        *(("n_features", n, 1) for n in features[:1]),
    )
    return [Problem(name, f"{n}", f"{least} or more") for name, n, least in given if n < least]


def _choices(question: Question, models: Sequence[ModelSpec]) -> list[Problem]:
    selectors = {spec.selector for spec in models}
    asked = (
        ("unit", {question.unit}, get_args(Unit)),
        ("lesion", {question.lesion} - {None}, get_args(Lesion)),
        ("selector", selectors, get_args(Selector)),
    )
    problems = [
        Problem(name, f"{min(map(str, found - set(known)))!r}", f"one of {', '.join(known)}")
        for name, found, known in asked
        if found - set(known)
    ]
    if question.lesion is not None and question.unit == "case":
        found = f"{question.lesion!r} where each case is a subject"
        problems.append(Problem("lesion", found, "", "Pass --unit patient, or leave it out."))
    if "none" in selectors and any(spec.n_features is not None for spec in models):
        found = "a number of features with the selector 'none', which keeps all"
        problems.append(Problem("n_features", found, "", "Leave out one of the two."))
    return problems


def _columns(question: Question) -> list[Problem]:
    case = question.reading.case
    roles = [("outcome", question.outcome), ("batch", question.batch), ("score", question.score)]
    roles += [("clinical", name) for name in question.clinical]
    problems = [
        Problem(role, f"{name!r} is the column of the cases", "a column that several cases share")
        for role, name in roles
        if name is not None and name in {case, "case_id"}
    ]
    named = [name for role, name in roles if role != "score"]
    if question.score is not None and question.score in named:
        problems.append(Problem("score", f"{question.score!r} is asked for as another column too", "scores"))
    return problems


def _nothing_is_fitted(score: str, models: Sequence[ModelSpec], run: RunSettings) -> list[Problem]:
    asked = ["--matrix"] if run.matrix else []
    asked += [] if tuple(models) in _USUAL else ["how models are fitted (--model, --combat ...)"]
    found = f"{' and '.join(asked)} beside --score {score}, where nothing is fitted"
    return [Problem("score", found, "", "Leave out one of the two.")] if asked else []


def _unharmonized(models: Sequence[ModelSpec]) -> list[Problem]:
    problems = []
    for spec in models:
        if not spec.combat or ":" not in spec.name:
            continue
        estimator = load_estimator(spec.name)
        if is_frozen(estimator):
            why = "it comes fitted"
        elif isinstance(estimator, Pipeline):
            why = "it is a Pipeline and brings its own steps"
        else:
            continue
        found = f"model {spec.name!r} would not be harmonized: {why}"
        problems.append(Problem("combat", found, "a built-in model or a plain estimator"))
    return problems
