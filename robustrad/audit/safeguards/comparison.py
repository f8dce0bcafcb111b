"""Two models on the same patients: AUCs, their difference, with the limits of each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robustrad.drift.evaluate.bands import change_of
from robustrad.drift.evaluate.changes import change_between
from robustrad.drift.evaluate.inputs import Flags, Floats, Ints
from robustrad.drift.evaluate.limits import Estimate, area_of
from robustrad.drift.evaluate.pairs import Pairs, comparable_pairs, mean_of, wins
from robustrad.drift.evaluate.precision import precision_of_area


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
    alpha : float
    """

    outcome: Ints
    groups: Ints
    folds: Ints
    alpha: float = 0.05


def compare(model: Floats, baseline: Floats, common: Common) -> Comparison:
    """Compare two sets of out-of-fold scores, shape (r, n), on the subjects that have both."""
    present = np.asarray(np.isfinite(model).all(axis=0) & np.isfinite(baseline).all(axis=0))
    pairs = comparable_pairs(common.outcome, common.folds)
    first, second = (wins(scores, common.folds, pairs) for scores in (model, baseline))
    one, other = (_area(form, pairs, present, common) for form in (first, second))
    gap = change_of(change_between(first - second, pairs, present, common.groups), common.alpha)
    return Comparison(one, other, gap, int(present.sum()))


def fold_auc(scores: Floats, common: Common, strata: Ints | None = None) -> Estimate:
    """Return the AUC within folds (and strata) of the subjects that have scores, with its limits."""
    present = np.asarray(np.isfinite(scores).all(axis=0))
    pairs = comparable_pairs(common.outcome, common.folds, strata)
    return _area(wins(scores, common.folds, pairs), pairs, present, common)


def _area(form: Floats, pairs: Pairs, present: Flags, common: Common) -> Estimate:
    known = precision_of_area(form, pairs, present, common.groups)
    return area_of(mean_of(form, pairs, present), known, common.alpha)
