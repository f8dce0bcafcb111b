"""Fit one model on training rows: steps, tuning in inner folds, threshold, estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robustrad.core.errors import DataError
from robustrad.drift.data import Codes, Floats
from robustrad.drift.models.estimators import choose
from robustrad.drift.models.fingerprint import fingerprint_of
from robustrad.drift.models.spec import ModelSpec, Tuned
from robustrad.drift.models.steps import Stability, Steps
from robustrad.drift.models.tuning import fit_once, in_sample, raw_scores, to_probability, tune


@dataclass(frozen=True)
class Model:
    """A fitted model; see :class:`robustrad.drift.models.spec.FittedModel`."""

    steps: Steps | None
    estimator: Any
    selected: NDArray[np.bool_]
    tuned: Tuned

    def probability(self, X: Floats, *, batch: ArrayLike | None = None) -> Floats:
        """Return the probability of class 1 of each row of X, shape (m,)."""
        ready = X if self.steps is None else self.steps.apply(X, batch)
        return to_probability(raw_scores(self.estimator, ready), self.tuned.sigmoid)

    @property
    def isolated(self) -> dict[int, str]:
        """Features that ComBat could not harmonize, with the reason."""
        return {} if self.steps is None else self.steps.isolated

    def fingerprint(self) -> str:
        """Return a hash of everything that was learned."""
        return fingerprint_of(self.steps, self.estimator, self.selected, self.tuned)


def fit_model(
    spec: ModelSpec,
    X: Floats,
    y: Codes,
    groups: Codes,
    *,
    weights: Floats | None = None,
    stability: Stability | None = None,
    tuned: Tuned | None = None,
    batch: ArrayLike | None = None,
    seed: int = 0,
) -> Model:
    """Fit a model on training rows; it has seen nothing else.

    In order: ComBat (if asked for), near-constant features out, of correlated ones the more stable kept,
    scaling, selection, estimator. Hyperparameters, threshold and an SVM's sigmoid come from inner folds,
    grouped by patient and stratified, in which every one of these steps is fitted again.

    Parameters
    ----------
    spec : ModelSpec
        What to fit.
    X : ndarray of shape (m, p)
        Finite features of the training rows.
    y, groups : ndarray of int, shape (m,)
        Class and patient of each row.
    weights : ndarray of shape (m,), optional
        Of the rows, for the estimator.
    stability : ndarray of shape (p,) or PatientStability of m subjects, optional
        Which of two correlated features to keep. An array is used as it is in the inner folds too; a
        PatientStability is summed anew over the rows of each.
    tuned : Tuned, optional
        What another fit found: nothing is tuned again.
    batch : array of shape (m,), optional
        For ComBat.
    seed : int
        Of inner folds and estimator.

    Raises
    ------
    DataError
        One class only, features that are not finite, or none that varies.
    """
    _check(X, y)
    choice = choose(spec.name)
    if tuned is None:
        tuned = tune(spec, choice, X, y, groups, weights=weights, stability=stability, batch=batch, seed=seed)
    steps, ready, estimator = fit_once(
        spec, choice, X, y, groups,
        params=tuned.params, weights=weights, stability=stability, batch=batch, seed=seed,
    )  # fmt: skip
    if np.isnan(tuned.threshold):
        tuned = in_sample(tuned, estimator, ready, y)
    return Model(steps, estimator, _selected(steps, estimator, X.shape[1]), tuned)


def _check(X: Floats, y: Codes) -> None:
    if X.ndim != 2 or y.shape != (X.shape[0],):
        raise ValueError(f"X: shape {X.shape}, y: shape {y.shape}; expected (m, p) and (m,)")
    if np.unique(y).size != 2:
        raise DataError("model", f"{np.unique(y).size} class among {y.size} training rows", "two")
    if not np.isfinite(X).all():
        raise DataError("model", f"{int((~np.isfinite(X)).sum())} values are not finite", "finite features")


def _selected(steps: Steps | None, estimator: Any, p: int) -> NDArray[np.bool_]:
    selected = np.zeros(p, dtype=np.bool_)
    if steps is None:
        return ~selected
    weights = getattr(estimator, "coef_", None)
    used = np.ones(steps.columns.size, dtype=np.bool_)
    if isinstance(weights, np.ndarray) and weights.shape == (1, used.size):
        used = weights[0] != 0
    selected[steps.columns[used]] = True
    return selected
