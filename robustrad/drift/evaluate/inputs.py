"""What evaluation is given: the scores of an arm, the patients, the conditions, the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]

MARGIN = 0.05
RESAMPLES = 2000
MIXES = 200


class ArmName(Protocol):
    """What an arm is called, which model it trains, and on what."""

    @property
    def name(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def train(self) -> str: ...


class Scored(Protocol):
    """Scores of an arm, as :class:`robustrad.drift.arms.ArmScores` holds them.

    Attributes
    ----------
    scores : ndarray of shape (r, n, k)
        Out-of-fold score of subject i at condition j in repeat r; NaN where missing.
    folds : ndarray of int, shape (r, n)
        Fold in which a subject was tested; negative where it was not.
    thresholds : ndarray of shape (r, n_folds)
        Chosen on the reference's training rows of each fold.
    selected : ndarray of bool, shape (r, n_folds, p)
    frozen : bool
        The scores were not fitted on these patients.
    untrained : mapping of str to str
        Conditions at which no model could be trained, with the reason.
    """

    @property
    def arm(self) -> ArmName: ...
    @property
    def scores(self) -> Floats: ...
    @property
    def folds(self) -> Ints: ...
    @property
    def thresholds(self) -> Floats: ...
    @property
    def selected(self) -> Flags: ...
    @property
    def frozen(self) -> bool: ...
    @property
    def untrained(self) -> Mapping[str, str]: ...


class Cohort(Protocol):
    """Who was scored, and under what; :class:`robustrad.drift.data.DriftData` is one.

    Attributes
    ----------
    subjects : tuple of str
        Rows of the scores (cases, or patients).
    groups : ndarray of int, shape (n,)
        Patient of each subject; patients are resampled, with all their subjects.
    outcome : ndarray of int, shape (n,)
        0 or 1.
    conditions : DataFrame
        k rows with ``stability.observations.CONDITION_COLUMNS``; the first is the reference.
    absent : DataFrame or None
        Conditions that no subject has.
    """

    @property
    def subjects(self) -> tuple[str, ...]: ...
    @property
    def groups(self) -> Ints: ...
    @property
    def outcome(self) -> Ints: ...
    @property
    def conditions(self) -> pd.DataFrame: ...
    @property
    def absent(self) -> pd.DataFrame | None: ...


@dataclass(frozen=True)
class Settings:
    """How to evaluate.

    Attributes
    ----------
    margin : float
        Loss of AUC that would matter; declared before looking.
    resamples : int
        Bootstrap samples of the patients, the same for all arms and conditions.
    mixes : int
        Draws of the deployment mix.
    confidence : float
        Of all intervals.
    seed : int
        Of resamples and mixes.
    """

    margin: float = MARGIN
    resamples: int = RESAMPLES
    mixes: int = MIXES
    confidence: float = 0.95
    seed: int = 0

    @property
    def alpha(self) -> float:
        """One minus the confidence."""
        return 1.0 - self.confidence


def mean_scores(scored: Scored) -> Floats:
    """Return each subject's score averaged over the repeats, shape (n, k); NaN where all are missing."""
    known = np.isfinite(scored.scores)
    total = np.where(known, scored.scores, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def calls(scored: Scored, scores: Floats) -> Floats:
    """Return 1 where ``scores`` (r, n, m) reach the threshold of their fold, else 0; NaN where missing."""
    fold = np.maximum(scored.folds, 0)
    thresholds = np.take_along_axis(scored.thresholds, fold, axis=1)
    called = (scores >= thresholds[:, :, None]).astype(np.float64)
    return np.asarray(np.where(np.isfinite(scores), called, np.nan))


def are_probabilities(arms: Iterable[Scored]) -> bool:
    """Return whether all finite scores lie in [0, 1]."""
    values = [scored.scores[np.isfinite(scored.scores)] for scored in arms]
    return all(bool(((v >= 0.0) & (v <= 1.0)).all()) for v in values)
