"""Two models on the same patients: AUCs, their difference, and the paired bootstrap of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.inputs import Flags, Floats, Ints
from robustrad.drift.evaluate.limits import Estimate, area_estimate, difference_estimate
from robustrad.drift.evaluate.pairs import comparable_pairs, ratio, weighted_sum, wins


class Comparison(NamedTuple):
    """AUCs within folds of a model and a baseline, and model minus baseline.

    Attributes
    ----------
    model, baseline, difference : Estimate
    n : int
        Subjects that both score.
    """

    model: Estimate
    baseline: Estimate
    difference: Estimate
    n: int


def compare(
    model: Floats, baseline: Floats, outcome: Ints, folds: Ints, weights: Floats, *, alpha: float = 0.05
) -> Comparison:
    """Compare two sets of out-of-fold scores, shape (r, n), on the subjects that have both.

    Parameters
    ----------
    weights : ndarray of shape (B, n)
        Resamples of the patients, the same for both.
    """
    present = np.asarray(np.isfinite(model).all(axis=0) & np.isfinite(baseline).all(axis=0))
    first = fold_auc(model, outcome, folds, weights, present=present)
    second = fold_auc(baseline, outcome, folds, weights, present=present)
    gap = difference_estimate(first - second, alpha)
    return Comparison(area_estimate(first, alpha), area_estimate(second, alpha), gap, int(present.sum()))


def fold_auc(
    scores: Floats,
    outcome: Ints,
    folds: Ints,
    weights: Floats,
    *,
    present: Flags,
    strata: Ints | None = None,
) -> Floats:
    """Return AUC within folds (and strata) of the subjects present: of the cohort, then of each resample."""
    pairs = comparable_pairs(outcome, folds, strata)
    everyone = np.vstack([np.ones(outcome.size), weights])
    compared = pairs.among(present)
    won = wins(scores, folds, pairs) * (compared > 0)
    return ratio(weighted_sum(won, everyone, pairs), weighted_sum(compared, everyone, pairs))
