"""Fit one survival model on training rows: steps, selection, tuning in inner folds, cut-off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robustrad.core.errors import DataError
from robustrad.drift.data import Codes, Floats
from robustrad.drift.folds import inner_splits
from robustrad.drift.models.fingerprint import fingerprint_of
from robustrad.drift.models.inner import inner_folds
from robustrad.drift.models.spec import ModelSpec, Tuned
from robustrad.drift.models.stability import PatientStability
from robustrad.drift.models.steps import Stability, Steps, fit_steps
from robustrad.drift.survival.concordance import harrell
from robustrad.drift.survival.estimators import (
    SurvivalChoice,
    choose_survival,
    fit_estimator,
    predicted_risk,
)
from robustrad.drift.survival.score_test import score_order
from robustrad.drift.survival.times import Survival

_MOST, _LEAST, _EVENTS_PER_FEATURE = 10, 2, 5


@dataclass(frozen=True)
class SurvivalModel:
    """A fitted survival model.

    Attributes
    ----------
    steps : Steps
        Subset and scale, as learned.
    estimator : object
        Of scikit-survival.
    selected : ndarray of bool, shape (p,)
        Features that enter it.
    tuned : Tuned
        Hyperparameters and inner C; ``threshold`` is the cut-off between high and low risk, the median risk
        of the training rows.
    """

    steps: Steps
    estimator: Any
    selected: NDArray[np.bool_]
    tuned: Tuned

    def risk(self, X: Floats, *, batch: ArrayLike | None = None) -> Floats:
        """Return the risk of each row of X, shape (m,)."""
        return predicted_risk(self.estimator, self.steps.apply(X, batch))

    @property
    def isolated(self) -> dict[int, str]:
        """Features that ComBat could not harmonize, with the reason."""
        return self.steps.isolated

    def fingerprint(self) -> str:
        """Return a hash of everything that was learned."""
        learned = getattr(self.estimator, "coef_", None)
        if learned is None:  # a forest: its trees are compiled objects, their splits are arrays
            trees = [tree.tree_ for tree in self.estimator.estimators_]
            learned = [(t.feature, t.threshold, t.value) for t in trees]
        return fingerprint_of(self.steps, learned, self.selected, self.tuned)


def fit_survival_model(
    spec: ModelSpec,
    X: Floats,
    y: Survival,
    groups: Codes,
    *,
    weights: Floats | None = None,
    stability: Stability | None = None,
    tuned: Tuned | None = None,
    batch: ArrayLike | None = None,
    seed: int = 0,
) -> SurvivalModel:
    """Fit a model on training rows; it has seen nothing else.

    In order: ComBat (if asked for), near-constant features out, of correlated ones the more stable kept,
    scaling, selection by Cox's score test of each feature, estimator. Hyperparameters come from inner folds,
    grouped by patient and stratified by event, by Harrell's C within them.

    Parameters
    ----------
    spec : ModelSpec
        ``name`` is ``cox`` or ``survival_forest``; ``n_features`` by default a fifth of the patients with an
        event, at least 2, at most 10.
    X : ndarray of shape (m, p)
        Finite features of the training rows.
    y : Survival
        Of the m rows.
    groups : ndarray of int, shape (m,)
        Patients.
    weights : ndarray of shape (m,), optional
        Of the rows, for the estimator; tuning and selection do not see them.
    stability, tuned, batch, seed
        As of :func:`robustrad.drift.models.fit.fit_model`; the cut-off is found anew.

    Raises
    ------
    DataError
        No event, features that are not finite, none that varies, or an unknown model or selector.
    EnvironmentUnusableError
        Without scikit-survival.
    """
    _check(spec, X, y)
    choice = choose_survival(spec.name)
    if tuned is None:
        tuned = _tune(spec, choice, X, y, groups, stability=stability, batch=batch, seed=seed)
    steps, ready = survival_steps(spec, X, y, groups, stability=stability, batch=batch)
    estimator = fit_estimator(choice, tuned.params, ready, y, weights=weights, seed=seed)
    cut = float(np.median(predicted_risk(estimator, ready)))
    selected = np.zeros(X.shape[1], dtype=np.bool_)
    selected[steps.kept] = True
    return SurvivalModel(steps, estimator, selected, replace(tuned, threshold=cut))


class Prepared(NamedTuple):
    """Fitted steps, and the training rows after them."""

    steps: Steps
    ready: Floats


def survival_steps(
    spec: ModelSpec,
    X: Floats,
    y: Survival,
    groups: Codes,
    *,
    stability: Stability | None,
    batch: ArrayLike | None,
) -> Prepared:
    """Return the fitted steps and the training rows after them."""
    unselected = replace(spec, selector="none")
    steps, ready = fit_steps(unselected, X, y.event.astype(np.intp), groups, stability=stability, batch=batch)
    wanted = spec.n_features or survival_features(y, groups)
    if spec.selector != "none" and wanted < steps.columns.size:
        best = np.sort(score_order(ready, y.time, y.event, n=wanted))
        steps = replace(
            steps, columns=steps.columns[best], center=steps.center[best], scale=steps.scale[best]
        )
        ready = np.ascontiguousarray(ready[:, best])
    return Prepared(steps, ready)


def survival_features(y: Survival, groups: Codes) -> int:
    """Return how many features to select: a fifth of the patients with an event, at least 2, at most 10."""
    patients = int(np.unique(groups[y.event]).size)
    return min(_MOST, max(_LEAST, patients // _EVENTS_PER_FEATURE))


def check_selector(spec: ModelSpec) -> None:
    """Make sure that the selection is one for times to event.

    Raises
    ------
    DataError
        If it is the lasso path of an outcome with two values.
    """
    if spec.selector == "l1":
        raise DataError("selector", "'l1' with times to event", "univariate or none")


def _check(spec: ModelSpec, X: Floats, y: Survival) -> None:
    if X.ndim != 2 or y.time.shape != (X.shape[0],):
        raise ValueError(f"X: shape {X.shape}, times: shape {y.time.shape}; expected (m, p) and (m,)")
    check_selector(spec)
    if not y.event.any():
        raise DataError("model", f"no event among {y.time.size} training rows", "events")
    if not np.isfinite(X).all():
        raise DataError("model", f"{int((~np.isfinite(X)).sum())} values are not finite", "finite features")


def survival_splits(event: Codes, groups: Codes, wanted: int) -> int:
    """Return how many inner folds the patients with an event allow, at most ``wanted``."""
    n_splits = wanted if event.all() else inner_splits(event, groups, wanted)
    return min(n_splits, int(np.unique(groups[event == 1]).size))


def _tune(
    spec: ModelSpec,
    choice: SurvivalChoice,
    X: Floats,
    y: Survival,
    groups: Codes,
    *,
    stability: Stability | None,
    batch: ArrayLike | None,
    seed: int,
) -> Tuned:
    """Return the hyperparameters with the largest mean C within the inner folds; the first of equals."""
    codes = y.event.astype(np.intp)
    n_splits = survival_splits(codes, groups, spec.inner_folds)
    if n_splits < 2:
        return Tuned(choice.default, float("nan"))
    fold = inner_folds(codes, groups, n_splits=n_splits, seed=seed, batch=batch)
    found = np.full((n_splits, len(choice.grid)), np.nan)
    given = None if batch is None else np.asarray(batch)
    for number in range(n_splits):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if not y.event[train].any():
            continue
        steps, ready = survival_steps(
            spec, X[train], y.take(train), groups[train],
            stability=stability.subset(train) if isinstance(stability, PatientStability) else stability,
            batch=None if given is None else given[train],
        )  # fmt: skip
        held = steps.apply(X[test], None if given is None else given[test])
        for i, params in enumerate(choice.grid):
            estimator = fit_estimator(choice, params, ready, y.take(train), seed=seed)
            found[number, i] = harrell(y.time[test], y.event[test], predicted_risk(estimator, held)).value
    known = np.isfinite(found).any(axis=1)
    if not known.any():
        return Tuned(choice.default, float("nan"))
    mean = found[known].mean(axis=0)
    best = int(np.flatnonzero(mean >= mean.max() - 1e-12)[0])
    return Tuned(choice.grid[best], float("nan"), None, float(mean[best]))
