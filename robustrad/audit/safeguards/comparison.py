"""Two models on the same patients: AUCs, their difference, with the limits of each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.inputs import Floats, Ints
from robustrad.drift.evaluate.limits import Estimate, area_estimate, change_estimate
from robustrad.drift.evaluate.pairs import Pairs, comparable_pairs, ratio, weighted_sum, wins
from robustrad.drift.evaluate.precision import precision_of


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


class Common(NamedTuple):
    """What models that stand beside each other share.

    Attributes
    ----------
    outcome, groups : ndarray of int, shape (n,)
        0 or 1, and the patient of each subject.
    folds : ndarray of int, shape (r, n)
    weights : ndarray of shape (B, n)
        Resamples of the patients.
    alpha : float
    """

    outcome: Ints
    groups: Ints
    folds: Ints
    weights: Floats
    alpha: float = 0.05


def compare(model: Floats, baseline: Floats, common: Common) -> Comparison:
    """Compare two sets of out-of-fold scores, shape (r, n), on the subjects that have both."""
    present = np.asarray(np.isfinite(model).all(axis=0) & np.isfinite(baseline).all(axis=0))
    pairs = comparable_pairs(common.outcome, common.folds)
    compared = pairs.among(present)
    first, second = (wins(scores, common.folds, pairs) * (compared > 0) for scores in (model, baseline))
    areas = [_samples(form, compared, pairs, common.weights) for form in (first, second)]
    one, other, gap = (
        precision_of(form, pairs, present, common.groups) for form in (first, second, first - second)
    )
    return Comparison(
        area_estimate(areas[0], common.alpha, known=one),
        area_estimate(areas[1], common.alpha, known=other),
        change_estimate(areas[0] - areas[1], common.alpha, known=gap),
        int(present.sum()),
    )


def fold_auc(scores: Floats, common: Common, strata: Ints | None = None) -> Estimate:
    """Return the AUC within folds (and strata) of the subjects that have scores, with its limits."""
    present = np.asarray(np.isfinite(scores).all(axis=0))
    pairs = comparable_pairs(common.outcome, common.folds, strata)
    compared = pairs.among(present)
    form = wins(scores, common.folds, pairs) * (compared > 0)
    known = precision_of(form, pairs, present, common.groups)
    return area_estimate(_samples(form, compared, pairs, common.weights), common.alpha, known=known)


def _samples(form: Floats, compared: Floats, pairs: Pairs, weights: Floats) -> Floats:
    """Return the AUC of the cohort, then of each resample."""
    everyone = np.vstack([np.ones(weights.shape[1]), weights])
    return ratio(weighted_sum(form, everyone, pairs), weighted_sum(compared, everyone, pairs))
