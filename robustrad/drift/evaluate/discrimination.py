"""AUC at every level, its change from the reference, and what may be said of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.inputs import Cohort, Floats, Scored
from robustrad.drift.evaluate.levels import Level
from robustrad.drift.evaluate.pairs import Pairs, comparable_pairs, mean_of, wins
from robustrad.drift.evaluate.precision import UNKNOWN, Precision, precision_of, resampled_deviation, stacked
from robustrad.drift.metrics.delong import OK, delong, linear_contrast


class Curves(NamedTuple):
    """AUC and its change for each level.

    Attributes
    ----------
    auc, delta : ndarray of shape (m,)
    deviation : ndarray of shape (m, B)
        Of the change from itself in each resample.
    auc_known, delta_known : Precision
        Their standard errors and degrees of freedom, shape (m,).
    """

    auc: Floats
    delta: Floats
    deviation: Floats
    auc_known: Precision
    delta_known: Precision


class Contrasts(NamedTuple):
    """DeLong's comparison of a level with the reference; arrays of shape (m,), NaN where not defined."""

    delta: Floats
    standard_error: Floats
    p: Floats


def auc_curves(scored: Scored, cohort: Cohort, levels: list[Level], weights: Floats) -> Curves:
    """Return AUC within folds and its change, at every level.

    Draws of a level are averaged. The change is over the level's own subjects on both sides, so that it is
    exactly 0 where the scores are those of the reference.

    Parameters
    ----------
    weights : ndarray of shape (B, n)
        See :func:`robustrad.drift.evaluate.resample.patient_weights`.
    """
    pairs = comparable_pairs(cohort.outcome, scored.folds)
    base = wins(scored.scores[:, :, 0], scored.folds, pairs)
    auc, delta = np.full((2, len(levels)), np.nan)
    deviation = np.full((len(levels), len(weights)), np.nan)
    known = [[UNKNOWN] * len(levels) for _ in range(2)]
    for row, level in enumerate(levels):
        if not level.enough:
            continue
        form = _mean_wins(scored, pairs, level) if not level.is_reference else base
        auc[row], before = (mean_of(each, pairs, level.present) for each in (form, base))
        delta[row] = auc[row] - before
        deviation[row] = resampled_deviation(form - base, pairs, level.present, weights)
        for each, judged in zip(known, (form, form - base), strict=True):
            each[row] = precision_of(judged, pairs, level.present, cohort.groups)
    return Curves(auc, delta, deviation, stacked(known[0]), stacked(known[1]))


def delong_contrasts(scores: Floats, cohort: Cohort, levels: list[Level]) -> Contrasts:
    """Return DeLong's contrasts of the subjects' mean scores; NaN if a patient has several subjects.

    Parameters
    ----------
    scores : ndarray of shape (n, k)
        Averaged over the repeats.
    """
    columns = np.full((3, len(levels)), np.nan)
    independent = np.unique(cohort.groups).size == cohort.groups.size
    for row, level in enumerate(levels):
        if level.is_reference or not (level.enough and independent):
            continue
        result = delong(cohort.outcome[level.present], scores[level.present][:, [0, *level.columns]])
        if result.status != OK:
            continue
        d = level.columns.size
        found = linear_contrast(result, np.r_[-1.0, np.full(d, 1.0 / d)])
        columns[:, row] = found.difference, found.standard_error, found.p
    return Contrasts(*columns)


def _mean_wins(scored: Scored, pairs: Pairs, level: Level) -> Floats:
    total = np.zeros(pairs.together.shape)
    for column in level.columns:
        total += wins(scored.scores[:, :, column], scored.folds, pairs)
    return total / level.columns.size
