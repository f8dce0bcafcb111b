"""AUC at every level, its change from the reference, and what may be said of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.inputs import Cohort, Flags, Floats, Scored
from robustrad.drift.evaluate.levels import Level
from robustrad.drift.evaluate.pairs import Pairs, comparable_pairs, ratio, weighted_sum, wins
from robustrad.drift.evaluate.precision import UNKNOWN, Precision, precision_of, stacked
from robustrad.drift.metrics.delong import OK, delong, linear_contrast


class Curves(NamedTuple):
    """AUC and its change for each level; the resamples in rows.

    Attributes
    ----------
    auc, delta : ndarray of shape (m,)
        Over the cohort.
    auc_samples, delta_samples : ndarray of shape (m, B)
        Over the resamples.
    auc_known, delta_known : Precision
        Their standard errors and degrees of freedom, shape (m,).
    """

    auc: Floats
    delta: Floats
    auc_samples: Floats
    delta_samples: Floats
    auc_known: Precision
    delta_known: Precision


class Contrasts(NamedTuple):
    """DeLong's comparison of a level with the reference; arrays of shape (m,), NaN where not defined."""

    delta: Floats
    standard_error: Floats
    p: Floats


def auc_curves(scored: Scored, cohort: Cohort, levels: list[Level], weights: Floats) -> Curves:
    """Return AUC within folds and its change, at every level, for the cohort and all resamples.

    Draws of a level are averaged. The change is over the level's own subjects on both sides, so that it is
    exactly 0 where the scores are those of the reference.

    Parameters
    ----------
    weights : ndarray of shape (B, n)
        See :func:`robustrad.drift.evaluate.resample.patient_weights`.
    """
    pairs = comparable_pairs(cohort.outcome, scored.folds)
    everyone = np.vstack([np.ones(len(cohort.outcome)), weights])
    base = wins(scored.scores[:, :, 0], scored.folds, pairs)
    cached: dict[bytes, tuple[Floats, Floats]] = {}
    auc = np.full((len(levels), len(everyone)), np.nan)
    delta = auc.copy()
    known = [[UNKNOWN] * len(levels) for _ in range(2)]
    for row, level in enumerate(levels):
        if not level.enough:
            continue
        key = level.present.tobytes()
        if key not in cached:
            cached[key] = _reference(base, pairs, level.present, everyone)
        reference, compared = cached[key]
        form = _mean_wins(scored, pairs, level) if not level.is_reference else base
        auc[row] = ratio(weighted_sum(_within(form, pairs, level.present), everyone, pairs), compared)
        delta[row] = auc[row] - reference
        for each, judged in zip(known, (form, form - base), strict=True):
            each[row] = precision_of(judged, pairs, level.present, cohort.groups)
    return Curves(auc[:, 0], delta[:, 0], auc[:, 1:], delta[:, 1:], stacked(known[0]), stacked(known[1]))


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


def _reference(base: Floats, pairs: Pairs, present: Flags, weights: Floats) -> tuple[Floats, Floats]:
    compared = weighted_sum(pairs.among(present), weights, pairs)
    won = weighted_sum(_within(base, pairs, present), weights, pairs)
    return ratio(won, compared), compared


def _mean_wins(scored: Scored, pairs: Pairs, level: Level) -> Floats:
    total = np.zeros(pairs.together.shape)
    for column in level.columns:
        total += wins(scored.scores[:, :, column], scored.folds, pairs)
    return total / level.columns.size


def _within(form: Floats, pairs: Pairs, present: Flags) -> Floats:
    if present.all():
        return form
    return np.asarray(form * (present[pairs.positive][:, None] & present[pairs.negative][None, :]))
