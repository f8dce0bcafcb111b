"""AUC at every level, its change from the reference, and what may be said of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.changes import Change, change_between, no_change, stacked_changes
from robustrad.drift.evaluate.inputs import Cohort, Floats, Scored
from robustrad.drift.evaluate.levels import Level
from robustrad.drift.evaluate.pairs import Pairs, comparable_pairs, mean_of, wins
from robustrad.drift.evaluate.precision import UNKNOWN, Precision, precision_of_area, stacked
from robustrad.drift.metrics.delong import OK, delong, linear_contrast


class Curves(NamedTuple):
    """AUC and its change for each level.

    Attributes
    ----------
    auc : ndarray of shape (m,)
    known : Precision
        Of the AUC, shape (m,).
    change : Change
        From the reference, shape (m,).
    """

    auc: Floats
    known: Precision
    change: Change


class Contrasts(NamedTuple):
    """DeLong's comparison of a level with the reference; arrays of shape (m,), NaN where not defined."""

    delta: Floats
    standard_error: Floats
    p: Floats


def auc_curves(scored: Scored, cohort: Cohort, levels: list[Level]) -> Curves:
    """Return AUC within folds and its change, at every level.

    Draws of a level are averaged. The change is over the level's own subjects on both sides, so that it is
    exactly 0 where the scores are those of the reference.
    """
    pairs = comparable_pairs(cohort.outcome, scored.folds)
    base = wins(scored.scores[:, :, 0], scored.folds, pairs)
    auc = np.full(len(levels), np.nan)
    known, change = [UNKNOWN] * len(levels), [no_change(cohort.outcome.size)] * len(levels)
    for row, level in enumerate(levels):
        if not level.enough:
            continue
        form = _mean_wins(scored, pairs, level) if not level.is_reference else base
        auc[row] = mean_of(form, pairs, level.present)
        known[row] = precision_of_area(form, pairs, level.present, cohort.groups)
        change[row] = change_between(form - base, pairs, level.present, cohort.groups)
    return Curves(auc, stacked(known), stacked_changes(change))


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
