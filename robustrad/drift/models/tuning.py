"""Inner folds: hyperparameters, the threshold and the sigmoid, from rows of the training patients alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from robustrad.core.errors import DataError
from robustrad.drift.data import Codes, Floats
from robustrad.drift.folds import inner_splits
from robustrad.drift.metrics.threshold import choose_threshold
from robustrad.drift.models.estimators import Choice, Params, make
from robustrad.drift.models.inner import inner_folds
from robustrad.drift.models.logistic import RidgeLogistic, ridge_newton
from robustrad.drift.models.ranks import area_under
from robustrad.drift.models.spec import ModelSpec, Tuned
from robustrad.drift.models.stability import PatientStability
from robustrad.drift.models.steps import Stability, Steps, fit_steps
from robustrad.harmonize.errors import HarmonizationError

_MILD = 1e-2  # smallest slope of the sigmoid: it may flatten the decisions, never turn them round


class Fitted(NamedTuple):
    """Steps, training rows after them, estimator."""

    steps: Steps | None
    ready: Floats
    estimator: Any


def fit_once(
    spec: ModelSpec,
    choice: Choice,
    X: Floats,
    y: Codes,
    groups: Codes,
    *,
    params: Params,
    weights: Floats | None,
    stability: Stability | None,
    batch: ArrayLike | None,
    seed: int,
) -> Fitted:
    """Fit steps and estimator with given hyperparameters."""
    steps, ready = _steps(spec, choice, X, y, groups, stability=stability, batch=batch)
    return Fitted(steps, ready, fit_estimator(choice, params, ready, y, weights=weights, seed=seed))


def tune(
    spec: ModelSpec,
    choice: Choice,
    X: Floats,
    y: Codes,
    groups: Codes,
    *,
    weights: Floats | None,
    stability: Stability | None,
    batch: ArrayLike | None,
    seed: int,
) -> Tuned:
    """Return what the inner folds find; with fewer than two patients of a class, the defaults.

    The best hyperparameters have the largest AUC, averaged over the inner folds; the first of equals.
    """
    n_splits = inner_splits(y, groups, spec.inner_folds)
    if n_splits < 2:
        return Tuned(choice.default, float("nan"), None)
    fold = inner_folds(y, groups, n_splits=n_splits, seed=seed, batch=batch)
    raw = np.full((len(choice.grid), y.size), np.nan)
    for number in range(n_splits):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if np.unique(y[train]).size < 2:
            continue
        try:
            steps, ready = _steps(
                spec, choice, X[train], y[train], groups[train],
                stability=_rows(stability, train), batch=_take(batch, train),
            )  # fmt: skip
        except HarmonizationError as error:
            where = [p._replace(where=f"{p.where} in an inner fold") for p in error.problems]
            raise HarmonizationError.of(where) from error
        held = X[test] if steps is None else steps.apply(X[test], _take(batch, test))
        for i, params in enumerate(choice.grid):
            estimator = fit_estimator(
                choice, params, ready, y[train], weights=_take(weights, train), seed=seed
            )
            raw[i, test] = raw_scores(estimator, held)
    return _best(choice, raw, y, fold)


def fit_estimator(
    choice: Choice, params: Params, X: Floats, y: Codes, *, weights: ArrayLike | None, seed: int
) -> Any:
    """Return a fresh estimator fitted to rows that went through the steps."""
    if type(choice.estimator) is RidgeLogistic:
        unit = np.ones(y.size) if weights is None else np.asarray(weights, dtype=np.float64)
        return RidgeLogistic(**params).solve(X, y, unit)
    estimator = make(choice, params, seed)
    return estimator.fit(X, y) if weights is None else estimator.fit(X, y, sample_weight=weights)


def raw_scores(estimator: Any, X: Any, *, positive: int = 1) -> Floats:
    """Return the probability of class 1, or the decision of an estimator that gives none.

    Parameters
    ----------
    estimator : fitted classifier
    X : array or DataFrame of m rows
    positive : {1, 0}
        Which of its two classes is class 1.

    Raises
    ------
    DataError
        If it gives anything but one finite number for each row and class: a user's estimator may.
    """
    if type(estimator) is RidgeLogistic and isinstance(X, np.ndarray):
        return np.asarray(expit(X @ estimator.coef_[0] + estimator.intercept_[0]))
    if hasattr(estimator, "predict_proba"):
        given = np.asarray(estimator.predict_proba(X), dtype=np.float64)
        _check_scores(estimator, "predict_proba", given, (len(X), 2))
        return given[:, positive]
    given = np.asarray(estimator.decision_function(X), dtype=np.float64)
    _check_scores(estimator, "decision_function", given, (len(X),))
    return given if positive else -given


def _check_scores(estimator: object, method: str, given: Floats, shape: tuple[int, ...]) -> None:
    where = f"model, {method} of {type(estimator).__name__}"
    if given.shape != shape:
        raise DataError(where, f"shape {given.shape}", f"{shape}")
    if not np.isfinite(given).all():
        raise DataError(where, f"{int((~np.isfinite(given)).sum())} values are not finite", "numbers")


def to_probability(raw: Floats, sigmoid: tuple[float, float] | None) -> Floats:
    """Return probabilities: ``raw`` itself, or through the sigmoid."""
    return raw if sigmoid is None else np.asarray(expit(sigmoid[0] * raw + sigmoid[1]))


def fit_sigmoid(decisions: Floats, y: Codes) -> tuple[float, float]:
    """Return slope and intercept of Platt's sigmoid with his smoothed targets; the slope is positive.

    References
    ----------
    Platt 1999, Probabilistic outputs for support vector machines.
    """
    positive, negative = int(y.sum()), int((1 - y).sum())
    target = np.where(y == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
    spread = float(decisions.std()) or 1.0
    intercept, slope = ridge_newton(decisions[:, None] / spread, target, np.ones(y.size), C=1e4)
    if slope < _MILD:
        return _MILD / spread, float(logit(target.mean()) - _MILD * decisions.mean() / spread)
    return float(slope / spread), float(intercept)


def in_sample(tuned: Tuned, estimator: Any, ready: Floats, y: Codes) -> Tuned:
    """Return ``tuned`` with threshold and sigmoid from the training rows, where no inner folds were."""
    raw = raw_scores(estimator, ready)
    sigmoid = None if hasattr(estimator, "predict_proba") else fit_sigmoid(raw, y)
    return Tuned(tuned.params, choose_threshold(y, to_probability(raw, sigmoid)), sigmoid, tuned.auc)


def _best(choice: Choice, raw: Floats, y: Codes, fold: Codes) -> Tuned:
    area = np.array([_mean_auc(scores, y, fold) for scores in raw])
    best = (
        int(np.flatnonzero(area >= np.nanmax(area) - 1e-12)[0])
        if np.isfinite(area).any()
        else (len(choice.grid) // 2)
    )
    scores, known = raw[best], np.isfinite(raw[best])
    sigmoid = None
    if not hasattr(choice.estimator, "predict_proba"):
        sigmoid = fit_sigmoid(scores[known], y[known])
    p = to_probability(scores[known], sigmoid)
    return Tuned(choice.grid[best], choose_threshold(y[known], p), sigmoid, float(area[best]))


def _mean_auc(scores: Floats, y: Codes, fold: Codes) -> float:
    """Return the AUC within folds, averaged; folds of one class do not count."""
    areas = []
    for number in np.unique(fold):
        rows = (fold == number) & np.isfinite(scores)
        if np.unique(y[rows]).size == 2:
            areas.append(area_under(y[rows], scores[rows]))
    return float(np.mean(areas)) if areas else float("nan")


def _steps(
    spec: ModelSpec, choice: Choice, X: Floats, y: Codes, groups: Codes,
    *, stability: Stability | None, batch: ArrayLike | None,
) -> tuple[Steps | None, Floats]:  # fmt: skip
    if choice.whole:
        return None, X
    return fit_steps(spec, X, y, groups, stability=stability, batch=batch)


def _rows(stability: Stability | None, rows: NDArray[np.intp]) -> Stability | None:
    return stability.subset(rows) if isinstance(stability, PatientStability) else stability


def _take(values: ArrayLike | None, rows: NDArray[np.intp]) -> Any:
    return None if values is None else np.asarray(values)[rows]
